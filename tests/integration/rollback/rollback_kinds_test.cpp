// A good revision, then one that goes wrong in a way of its own: afterwards the whole cluster is as it was.
#include <gtest/gtest.h>

#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

using kubesim::Json;

struct Kind {
  std::string name;
  std::string good;  // beside base_objects
  std::string bad;   // instead of base_objects("2") and `good`; "+" in front: beside both
  std::string reason;
  Json script = Json::object();               // from before the bad revision on
  std::set<std::string> left = {};            // keys of the snapshot that may be new or different
  std::function<void(SimHost&)> before = {};  // before the good revision
  std::function<void(SimHost&)> between = {};
  bool changes_nothing = false;  // found by the plan: no deployment is begun
  kubesim::ClusterOptions cluster = {};
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name;
}

Json rule(Json match, Json behaviour) {
  return {{"rules", Json::array({{{"match", std::move(match)}, {"behaviour", std::move(behaviour)}}})}};
}

// Refuses real writes of a kind (never dry runs), `count` times.
Json refuse(const std::string& path, int status, const std::string& message, int count = 1) {
  return {
      {"faults",
       Json::array({{{"match", {{"method", "PATCH"}, {"path_glob", path}, {"query_glob", "*dryRun=All*"}}},
                     {"fault", {{"delay_ms", 1}}}},
                    {{"match", {{"method", "PATCH"}, {"path_glob", path}, {"count", count}}},
                     {"fault", {{"status", status}, {"message", message}}}}})}};
}

Workload web(const std::string& version = "2") {
  Workload out;
  out.version = version;
  return out;
}

Workload named(const std::string& name, const std::string& version) {
  Workload out;
  out.name = name;
  out.version = version;
  return out;
}

const std::string kForce = "kustomize.toolkit.fluxcd.io/force: enabled";
const std::string kBroken = "registry.test/unready";

std::string with(Workload workload, const std::string& image) {
  workload.image = image;
  return deployment(workload);
}

// Another one that never gets ready, so that everything before it is applied.
std::string spoiler() {
  Workload workload = named("zz-spoiler", "2");
  workload.image = kBroken;
  return deployment(workload);
}

// Somebody else's object in the way of the bad revision.
void foreign(SimHost& host) {
  host.create("/api/v1/namespaces/shop/configmaps",
              {{"apiVersion", "v1"},
               {"kind", "ConfigMap"},
               {"metadata",
                {{"name", "theirs"}, {"labels", {{"team", "billing"}}}, {"annotations", {{"note", "keep"}}}}},
               {"data", {{"value", "theirs"}, {"other", "kept"}}}},
              "helm");
  (void)host.send(
      "PATCH", "/api/v1/namespaces/shop/configmaps/theirs?fieldManager=billing&force=true",
      "application/apply-patch+yaml",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"theirs"},"data":{"third":"3"}})");
}

void foreign_by_kubectl(SimHost& host) {
  host.create(
      "/api/v1/namespaces/shop/configmaps",
      {{"apiVersion", "v1"},
       {"kind", "ConfigMap"},
       {"metadata",
        {{"name", "theirs"}, {"annotations", {{"kubectl.kubernetes.io/last-applied-configuration", "{}"}}}}},
       {"data", {{"value", "theirs"}, {"other", "kept"}}}},
      "kubectl-client-side-apply");
}

Json simple_deployment(const std::string& name, const std::string& app) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"replicas", 2},
            {"selector", {{"matchLabels", {{"app", app}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", app}}}}},
              {"spec",
               {{"containers", Json::array({{{"name", "other"}, {"image", "registry.test/other"}}})}}}}}}}};
}

void foreign_deployment(SimHost& host) {
  host.create("/apis/apps/v1/namespaces/shop/deployments", simple_deployment("theirs", "theirs"), "helm");
  host.pass(std::chrono::seconds(5));
}

// ... whose selector is another one: it can only be replaced.
void foreign_selector(SimHost& host) {
  host.create("/apis/apps/v1/namespaces/shop/deployments", simple_deployment("theirs", "other"), "helm");
  host.pass(std::chrono::seconds(5));
}

void foreign_service(SimHost& host) {
  host.create(
      "/api/v1/namespaces/shop/services",
      {{"apiVersion", "v1"},
       {"kind", "Service"},
       {"metadata", {{"name", "theirs"}}},
       {"spec",
        {{"selector", {{"app", "old"}}}, {"ports", Json::array({{{"port", 80}, {"targetPort", 8080}}})}}}},
      "helm");
}

std::vector<Kind> kinds() {
  std::vector<Kind> out;
  const auto add = [&](Kind kind) { out.push_back(std::move(kind)); };
  const std::string changed = config_map("settings", "2") + secret("password", "2") + service("web");

  // --- the workload's own failures
  add({"ImageNotFound", "", changed + with(web(), "registry.test/nonesuch"), "health.failed"});
  add({"CrashLoop", "", changed + with(web(), "registry.test/crashing"), "health.failed",
       rule({{"image", "*crashing*"}}, {{"crash_loop", true}})});
  add({"NeverReady", "", changed + with(web(), kBroken), "health.failed"});
  {
    Workload bad = web();
    bad.container = "readinessProbe: {tcpSocket: {port: 9}}, ";
    add({"ReadinessProbe", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.image = "registry.test/crashing";
    bad.container = "livenessProbe: {tcpSocket: {port: 9}}, ";
    add({"LivenessProbe", "", changed + deployment(bad), "health.failed",
         rule({{"image", "*crashing*"}}, {{"crash_loop", true}})});
  }
  {
    Workload bad = web();
    bad.pod =
        "initContainers: [{name: migrate, image: 'registry.test/nonesuch" + std::string(kDigest) + "'}], ";
    add({"InitContainer", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.container = "envFrom: [{configMapRef: {name: nowhere}}], ";
    add({"MissingConfigMap", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.container = "env: [{name: A, valueFrom: {secretKeyRef: {name: nowhere, key: a}}}], ";
    add({"MissingSecret", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.pod = "volumes: [{name: v, configMap: {name: nowhere}}], ";
    bad.container = "volumeMounts: [{name: v, mountPath: /v}], ";
    add({"MissingVolume", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.pod = "serviceAccountName: nobody, ";
    add({"MissingServiceAccount", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.pod = "nodeSelector: {disk: fast}, ";
    add({"Unschedulable", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.pod = "volumes: [{name: v, persistentVolumeClaim: {claimName: nowhere}}], ";
    add({"MissingClaim", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.spec = "strategy: {type: Recreate}, ";
    bad.image = kBroken;
    add({"Recreate", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload bad = web();
    bad.replicas = 3;
    bad.image = kBroken;
    bad.spec = "minReadySeconds: 5, strategy: {rollingUpdate: {maxSurge: 2, maxUnavailable: 0}}, ";
    bad.pod = "terminationGracePeriodSeconds: 5, ";
    bad.container = "env: [{name: NEW, value: x}], ports: [{containerPort: 80}], ";
    add({"ManyFields", "", changed + deployment(bad), "health.failed"});
  }
  {
    Workload good = named("db", "1");
    Workload bad = named("db", "2");
    good.replicas = bad.replicas = 2;
    bad.image = kBroken;
    add({"StatefulSetStuck", stateful_set(good), base_objects("2") + stateful_set(bad), "health.failed"});
  }
  {
    Workload good = named("db", "1");
    Workload bad = named("db", "2");
    good.spec = bad.spec =
        "volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: "
        "{requests: {storage: 1Gi}}}}], ";
    bad.image = "registry.test/nonesuch";
    add({"StatefulSetWithClaims", stateful_set(good), base_objects("2") + stateful_set(bad),
         "health.failed"});
  }
  {
    Workload good = named("log", "1");
    Workload bad = named("log", "2");
    bad.image = kBroken;
    add({"DaemonSet", daemon_set(good), base_objects("2") + daemon_set(bad), "health.failed"});
  }
  {
    Workload bad = named("migrate", "2");
    bad.image = "registry.test/crash:1";
    add({"JobFails", "", "+" + job(bad), "health.failed", rule({{"kind", "Job"}}, {{"crash_loop", true}})});
  }
  {
    Workload good = named("migrate", "1");
    Workload bad = named("migrate", "2");
    bad.annotations = kForce;
    // It has run and is not run again; the one in its place is the failed revision's.
    add({"JobReplaced",
         job(good),
         base_objects("2") + job(bad) + spoiler(),
         "health.failed",
         Json::object(),
         {"jobs.batch shop/migrate", "pods. shop/of Job migrate"}});
  }
  {
    Workload good = named("migrate", "1");
    add({"JobStays", job(good), base_objects("2") + job(good) + spoiler(), "health.failed"});
  }
  {
    Workload good = named("migrate", "1");
    good.spec = "ttlSecondsAfterFinished: 1, ";
    add({"JobGoneByItsTtl", job(good), base_objects("2") + spoiler(), "health.failed"});
  }
  add({"ClaimPending",
       "",
       "+" + claim("data", "nowhere"),
       "health.failed",
       Json::object(),
       {"persistentvolumeclaims. shop/data"}});
  {
    Kind kind{"LoadBalancerPending", "", "+" + service("front", "LoadBalancer"), "health.failed"};
    kind.cluster.bare = true;
    add(std::move(kind));
  }

  // --- what is created, changed, and dropped by the bad revision
  add({"CreatesObjects", "", "+" + config_map("new", "2") + secret("new", "2") + service("new") + spoiler(),
       "health.failed"});
  add({"DropsObjects", config_map("old", "1") + secret("old", "1") + deployment(named("old", "1")),
       base_objects("2") + spoiler(), "health.failed"});
  add({"CreatesClaim",
       "",
       "+" + claim("data") + spoiler(),
       "health.failed",
       Json::object(),
       {"persistentvolumeclaims. shop/data"}});
  add({"CreatesNamespace",
       "",
       "+---\napiVersion: v1\nkind: Namespace\nmetadata: {name: later}\n---\napiVersion: v1\nkind: "
       "ConfigMap\n"
       "metadata: {name: a, namespace: later}\n" +
           spoiler(),
       "health.failed",
       Json::object(),
       {"namespaces. /later", "serviceaccounts. later/default", "configmaps. later/kube-root-ca.crt"}});
  add({"CreatesDefinition",
       "",
       "+" + definition("pumps", "Pump", simple_version("v1", true)) +
           "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {size: "
           "1}\n" +
           spoiler(),
       "health.failed",
       Json::object(),
       {"customresourcedefinitions.apiextensions.k8s.io /pumps.shop.test"}});
  {
    const std::string pump =
        "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {size: ";
    add({"ChangesCustomResource", definition("pumps", "Pump", simple_version("v1", true)) + pump + "1}\n",
         base_objects("2") + definition("pumps", "Pump", simple_version("v1", true)) + pump + "2}\n" +
             spoiler(),
         "health.failed"});
    add({"GrowsDefinition",
         definition("pumps", "Pump", simple_version("v1", true)) + pump + "1}\n",
         base_objects("2") +
             definition("pumps", "Pump", simple_version("v1", false) + ", " + simple_version("v2", true)) +
             pump + "1}\n" + spoiler(),
         "health.failed",
         Json::object(),
         {"customresourcedefinitions.apiextensions.k8s.io /pumps.shop.test"}});
  }
  add({"DefinitionNeverEstablished",
       definition("pumps", "Pump", simple_version("v1", true)),
       base_objects("2") + definition("pumps", "Pump", simple_version("v1", true)) +
           definition("pumpz", "Pump", simple_version("v1", true)) +
           "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {}\n",
       "health.failed",
       Json::object(),
       {"customresourcedefinitions.apiextensions.k8s.io /pumpz.shop.test"}});
  add({"SecondStageRefused",
       "",
       "+---\napiVersion: v1\nkind: Namespace\nmetadata: {name: later}\n---\napiVersion: v1\nkind: "
       "ConfigMap\n"
       "metadata: {name: a, namespace: later}\ndata: {a: b}\n",
       "kube.rejected",
       {{"faults",
         Json::array({{{"match", {{"method", "PATCH"}, {"path_glob", "*/later/configmaps/a"}, {"nth", 2}}},
                       {"fault", {{"status", 400}, {"message", "no"}}}}})}},
       {"namespaces. /later", "serviceaccounts. later/default", "configmaps. later/kube-root-ca.crt"}});

  // --- other people's objects
  add({"AdoptsConfigMap",
       "",
       "+" + config_map("theirs", "ours") + spoiler(),
       "health.failed",
       Json::object(),
       {},
       foreign});
  add({"AdoptsFromKubectl",
       "",
       "+" + config_map("theirs", "ours") + spoiler(),
       "health.failed",
       Json::object(),
       {},
       foreign_by_kubectl});
  add({"AdoptsDeployment",
       "",
       "+" + deployment(named("theirs", "2")) + spoiler(),
       "health.failed",
       Json::object(),
       {},
       foreign_deployment});
  {
    Workload bad = named("theirs", "2");
    bad.annotations = kForce;
    add({"ReplacesTheirDeployment",
         "",
         "+" + deployment(bad) + spoiler(),
         "health.failed",
         Json::object(),
         {},
         foreign_selector});
  }
  add({"AdoptsService",
       "",
       "+" + service("theirs", "NodePort", 80) + spoiler(),
       "health.failed",
       Json::object(),
       {},
       foreign_service});
  add({"AdoptsNotWhatIsNotToBeTouched",
       "",
       "+" + config_map("theirs", "ours", "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent") + spoiler(),
       "health.failed",
       Json::object(),
       {},
       foreign});
  {
    Workload bad = web();
    bad.image = kBroken;
    Kind kind{"ScaledByHand", "", changed + deployment(bad), "health.failed"};
    kind.between = [](SimHost& host) {
      (void)host.send("PATCH", "/api/v1/namespaces/shop/configmaps/settings?fieldManager=operator",
                      "application/merge-patch+json", R"({"data":{"extra":"by hand"}})");
    };
    add(std::move(kind));
  }

  // --- replaced by force
  {
    Workload good = named("fixed", "1");
    Workload bad = named("fixed", "2");
    bad.annotations = kForce;
    const std::string selector = "app: fixed}}, template";
    std::string text = deployment(bad);
    text.replace(text.find(selector), selector.size(), "app: fixed, version: '2'}}, template");
    add({"ReplacesByForce", deployment(good), base_objects("2") + text + spoiler(), "health.failed"});
  }
  {
    const std::string fixed =
        "---\napiVersion: v1\nkind: ConfigMap\nimmutable: true\nmetadata: {name: fixed, namespace: shop, "
        "annotations: {" +
        kForce + "}}\ndata: {a: '";
    add({"ReplacesImmutableConfigMap", fixed + "1'}\n", base_objects("2") + fixed + "2'}\n" + spoiler(),
         "health.failed"});
  }

  // --- what the API server says
  add({"InvalidInTheMiddle", "", "+" + config_map("a-new", "2") + config_map("z-new", "2"), "kube.rejected",
       refuse("*/configmaps/z-new*", 400, "no", 2)});
  add({"PermanentFailureInTheMiddle", "", "+" + config_map("a-new", "2"), "kube.rejected",
       refuse("*/deployments/web*", 500, "failed to create typed patch object")});
  add({"ForbiddenInTheMiddle", "", "+" + config_map("a-new", "2"), "kube.forbidden",
       refuse("*/deployments/web*", 403, "admission webhook \"x\" denied the request: no")});
  add({"QuotaInTheMiddle", "", "+" + config_map("a-new", "2"), "kube.quota",
       refuse("*/deployments/web*", 403, "exceeded quota: small")});
  add({"WebhookDownInTheMiddle", "", "+" + config_map("a-new", "2") + config_map("z-new", "2"),
       "kube.webhook",
       refuse("*/configmaps/z-new*", 500, "Internal error occurred: failed calling webhook \"x\": timeout",
              1000)});

  // --- found before anything is written
  const auto planned = [&](Kind kind) {
    kind.changes_nothing = true;
    add(std::move(kind));
  };
  {
    Workload bad = web();
    std::string text = deployment(bad);
    const std::string selector = "app: web}}, template";
    text.replace(text.find(selector), selector.size(), "app: web, version: '2'}}, template");
    planned({"ImmutableField", "", changed + text, "kube.immutable"});
  }
  planned({"ClaimShrinks", claim("data", "local-path", "2Gi"), base_objects("2") + claim("data"),
           "kube.immutable"});
  planned({"UnknownField", "",
           base_objects("2") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: "
                               "shop}\ndatas: {}\n",
           "kube.rejected"});
  planned({"InvalidValue", "", base_objects("2") + service("front", "ClusterIP", 99999), "kube.invalid"});
  add({"UnknownKind", "",
       base_objects("2") + "---\napiVersion: nowhere.test/v1\nkind: Thing\nmetadata: {name: a, "
                           "namespace: shop}\n",
       "kube.unknown_kind"});
  planned(
      {"WebhookRefuses",
       "",
       base_objects("2"),
       "kube.forbidden",
       {{"faults", Json::array({{{"match", {{"method", "PATCH"}}},
                                 {"fault", {{"status", 403}, {"message", "admission webhook denied"}}}}})}}});
  {
    Kind kind{
        "NamespaceTerminating", "",
        base_objects("2") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: dying}\n",
        "kube.terminating"};
    kind.before = [](SimHost& host) {
      host.create("/api/v1/namespaces",
                  {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "dying"}}}});
      host.pass(std::chrono::seconds(1));
      host.create("/api/v1/namespaces/dying/configmaps",
                  {{"apiVersion", "v1"},
                   {"kind", "ConfigMap"},
                   {"metadata", {{"name", "held"}, {"finalizers", {"shop.test/never"}}}}});
      (void)host.send("DELETE", "/api/v1/namespaces/dying", "application/json", "{}");
      host.pass(std::chrono::seconds(3));
    };
    planned(std::move(kind));
  }
  return out;
}

class FailureKinds : public ::testing::TestWithParam<Kind> {
 protected:
  void run(SimHost& host) {
    const Kind& kind = GetParam();
    if (kind.before) kind.before(host);
    good_ = host.release("1.0.0", {{"all.yaml", base_objects("1") + kind.good}});
    ASSERT_TRUE(host.start());
    ASSERT_TRUE(host.run_until([&] { return host.state() == "healthy"; }))
        << host.state() << ": " << host.component().sentence;
    if (kind.between) kind.between(host);
    host.pass(std::chrono::seconds(30));
    before_ = host.look();
    host.script(kind.script);
    const bool beside = kind.bad.starts_with("+");
    bad_ = host.release(
        "1.1.0", {{"all.yaml", beside ? base_objects("2") + kind.good + kind.bad.substr(1) : kind.bad}});
    const size_t begun = kind.changes_nothing ? 1U : 2U;
    ASSERT_TRUE(host.run_until([&] {
      const auto list = host.deployments();
      return list.size() == begun && list.front().finished &&
             host.component().desired_digest->to_string() == bad_ &&
             (host.state() == "failed" || host.state() == "blocked" || host.state() == "refused");
    })) << host.state()
        << ": " << host.component().sentence;
    host.pass(std::chrono::seconds(30));
  }

  void check(SimHost& host) {
    const Kind& kind = GetParam();
    EXPECT_EQ(host.reason(), kind.reason) << host.component().sentence;
    EXPECT_TRUE(host.runs(good_));
    std::set<std::string> seen;
    for (const auto& line : differences(before_, host.look())) {
      const auto may =
          std::ranges::find_if(kind.left, [&](const auto& key) { return line.starts_with(key); });
      if (may == kind.left.end())
        ADD_FAILURE() << line;
      else
        seen.insert(*may);
    }
    EXPECT_EQ(seen, kind.left) << "less is left behind than was expected";
    EXPECT_EQ(host.orphans(), "");
    EXPECT_EQ(host.flaws_of_history(), "");
  }

  std::string good_;
  std::string bad_;
  Snapshot before_;
};

// GS-ROLLBACK-001: Whatever is wrong with a revision, afterwards the whole cluster is as it was before: every
// object, every field and who owns it, but for what is never deleted.
TEST_P(FailureKinds, LeaveTheClusterAsItWas) {
  SimHost host("kind-" + GetParam().name, GetParam().cluster);
  ASSERT_NO_FATAL_FAILURE(run(host));
  check(host);
}

INSTANTIATE_TEST_SUITE_P(All, FailureKinds, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gridseal::test
