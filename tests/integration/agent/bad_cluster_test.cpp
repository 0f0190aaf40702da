// A cluster in trouble of its own: credentials, storage, admission, objects that do not go, kinds that do.
#include <algorithm>
#include <filesystem>

#include "integration/agent/bad_input_fixture.hpp"

namespace gridseal::test {
namespace {

base::Json fault(base::Json match, base::Json what) {
  return {{"match", std::move(match)}, {"fault", std::move(what)}};
}

base::Json script(std::initializer_list<base::Json> faults) {
  return {{"faults", base::Json(base::Json::array_t(faults))}};
}

// Of writes alone; dry runs go through.
base::Json on_writes(base::Json what) {
  return script({fault({{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}, {{"delay_ms", 0}}),
                 fault({{"method", "PATCH"}}, std::move(what))});
}

class ClusterTrouble : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    settings_.kubernetes.request_timeout = base::milliseconds(1'000);
    settings().soak = base::milliseconds(300);
  }

  bool says(const std::string& part) { return component().sentence.find(part) != std::string::npos; }
  bool is_in(const std::string& journal_state) {
    const auto all = deployments();
    return !all.empty() && all.front().state == journal_state;
  }
  std::string promote_next(Manifests manifests = application("1.1.0")) {
    const std::string digest = publish("1.1.0", manifests);
    promote(digest);
    return digest;
  }
  int post(const std::string& path, const std::string& body) {
    return cluster_->send("POST", path, "application/json", body);
  }
  int merge(const std::string& path, const base::Json& body) {
    return cluster_->send("PATCH", path, "application/merge-patch+json", body.dump());
  }
  std::string read(const std::string& path) {
    return base::read_file(base::system_files(), path).value_or(std::string());
  }
  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(base::write_file(base::system_files(), path, text, 0600));
  }
};

// The value of a key of the simulator's kubeconfig.
std::string value_of(const std::string& kubeconfig, const std::string& key) {
  const size_t begin = kubeconfig.find(key + ": ");
  if (begin == std::string::npos) return {};
  const size_t from = begin + key.size() + 2;
  return kubeconfig.substr(from, kubeconfig.find('\n', from) - from);
}

// GS-BAD-200: A certificate that was rotated under the agent blocks, with the certificate named; when the
// kubeconfig knows the new authority the agent goes on by itself.
TEST_F(ClusterTrouble, CertificateRotated) {
  const std::string good = read(cluster_->kubeconfig());
  const std::string path = directory_ + "/kubeconfig";
  write(path, good);
  settings_.kubernetes.kubeconfig = path;
  run_good_revision();
  std::string why;
  std::filesystem::create_directories(directory_ + "/other");
  const auto other = KubesimProcess::start(directory_ + "/other", {}, 20, why);
  ASSERT_TRUE(other) << why;
  std::string stale = good;
  const std::string authority = value_of(good, "certificate-authority-data");
  ASSERT_FALSE(authority.empty()) << "the kubeconfig of the simulator has another form";
  stale.replace(stale.find(authority), authority.size(),
                value_of(read(other->kubeconfig()), "certificate-authority-data"));
  write(path, stale);
  stop();
  const std::string next = promote_next();
  ASSERT_TRUE(start());
  expect_kept_out("blocked", "kube.unreachable");
  EXPECT_TRUE(says("certificate")) << component().sentence;
  write(path, good);
  expect_recovery(next, "1.1.0");
}

// GS-BAD-201: A token that has expired blocks; the renewed one in its file is taken without a restart.
TEST_F(ClusterTrouble, TokenExpired) {
  const auto tokens = [](const char* valid) {
    return base::Json({{"tokens", {{valid, {{"user", "gridseal"}, {"groups", {"system:masters"}}}}}}});
  };
  const std::string simulator = read(cluster_->kubeconfig());
  write(directory_ + "/token", "first\n");
  write(directory_ + "/kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster:\n    server: " +
            value_of(simulator, "server") +
            "\n    certificate-authority-data: " + value_of(simulator, "certificate-authority-data") +
            "\nusers:\n- name: u\n  user:\n    tokenFile: token\ncontexts:\n- name: c\n  context:\n    "
            "cluster: "
            "c\n    user: u\n");
  settings_.kubernetes.kubeconfig = directory_ + "/kubeconfig";
  ASSERT_TRUE(cluster_->set_script(tokens("first")));
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(tokens("second")));
  const std::string next = promote_next();
  expect_kept_out("blocked", "kube.unauthorized");
  write(directory_ + "/token", "second\n");
  expect_recovery(next, "1.1.0");
}

// GS-BAD-202: A storm of 429 between the dry run and the end of the writes is waited for; nothing is given
// up.
TEST_F(ClusterTrouble, StormOf429WhileApplying) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(on_writes({{"status", 429}, {"retry_after", 1}})));
  const std::string next = promote_next();
  ASSERT_TRUE(run_until([&] { return state() == "blocked" && is_in("applying"); }, 60'000)) << state();
  EXPECT_EQ(reason(), "kube.unreachable");
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-BAD-203: Storage that hangs behind a ready API server (kube-contract 055: reads without an answer,
// writes 504) blocks by the agent's own deadlines; afterwards the deployment goes on where it was.
TEST_F(ClusterTrouble, StorageHangs) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(
      script({fault({{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}, {{"delay_ms", 0}}),
              fault({{"method", "PATCH"}}, {{"status", 504}, {"delay_ms", 200}})})));
  const std::string next = promote_next();
  ASSERT_TRUE(run_until([&] { return is_in("applying") && state() == "blocked"; }, 60'000)) << state();
  ASSERT_TRUE(
      cluster_->set_script(script({fault({{"method", "GET"}, {"path_glob", "/api*"}}, {{"hang", true}}),
                                   fault({{"method", "PATCH"}}, {{"status", 504}})})));
  for (int i = 0; i < 5; ++i) run_once();
  EXPECT_EQ(reason(), "kube.unreachable") << component().sentence;
  EXPECT_TRUE(is_in("applying")) << deployments().front().state;
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-BAD-204: A 500 that passes is not even seen; one that does not, because the manifest itself is wrong
// (kube-contract 021), is refused at the first answer.
TEST_F(ClusterTrouble, PassingAndPermanent500) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(script({fault({{"method", "PATCH"}, {"count", 2}}, {{"status", 500}})})));
  const std::string next = promote_next();
  expect_recovery(next, "1.1.0");
  good_ = next;
  good_workload_ = workload();
  Manifests wrong = application("1.2.0");
  std::string& text = wrong["web.yaml"];
  text.replace(text.find("replicas: 1"), 11, "replicaz: 1");
  cluster_->clear_requests();
  promote(publish("1.2.0", wrong));
  expect_kept_out("refused", "kube.rejected");
  const base::Json requests = cluster_->requests();
  EXPECT_EQ(std::ranges::count_if(requests["requests"], [](const auto& one) { return one["status"] == 500; }),
            1);
}

// GS-BAD-205: An object that somebody edits at the very moment of the apply is applied again.
TEST_F(ClusterTrouble, EditedWhileApplying) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(
      script({fault({{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}, {{"delay_ms", 0}}),
              fault({{"method", "PATCH"}, {"count", 2}},
                    {{"status", 409},
                     {"message", "Operation cannot be fulfilled: the object has been modified"}})})));
  const std::string next = promote_next();
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-BAD-206: A namespace that is being deleted and does not go (kube-contract 053) blocks before anything is
// changed; when it has gone and come back the release goes through.
TEST_F(ClusterTrouble, NamespaceStuckTerminating) {
  settings().ceiling.namespaces = {"shop", "late"};
  ASSERT_EQ(
      post("/api/v1/namespaces", R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"late"}})"),
      201);
  ASSERT_EQ(
      post(
          "/api/v1/namespaces/late/configmaps",
          R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","finalizers":["example.com/hold"]}})"),
      201);
  run_good_revision();
  ASSERT_EQ(cluster_->send("DELETE", "/api/v1/namespaces/late", "", ""), 200);
  Manifests manifests = application("1.1.0");
  manifests["late.yaml"] =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, namespace: late}\ndata: {a: b}\n";
  const std::string next = promote_next(manifests);
  expect_kept_out("blocked", "kube.terminating");
  EXPECT_TRUE(says("late")) << component().sentence;
  ASSERT_EQ(merge("/api/v1/namespaces/late/configmaps/held", {{"metadata", {{"finalizers", nullptr}}}}), 200);
  ASSERT_TRUE(run_until([&] { return reason() == "kube.not_found"; })) << reason() << component().sentence;
  EXPECT_TRUE(says("does not bring its namespace")) << component().sentence;
  ASSERT_EQ(
      post("/api/v1/namespaces", R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"late"}})"),
      201);
  expect_recovery(next, "1.1.0");
}

// GS-BAD-207: A replacement that a finalizer holds up is waited for between steps, then given up: everything
// else is put back at once, what holds is named, and when it lets go the old object comes back and the
// release is tried again.
TEST_F(ClusterTrouble, FinalizerThatNeverEnds) {
  const auto with_fixed = [](const std::string& version) {
    Manifests manifests = application(version);
    manifests["fixed.yaml"] =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fixed\n  namespace: shop\n  annotations: "
        "{kustomize.toolkit.fluxcd.io/force: enabled}\nimmutable: true\ndata: {version: '" +
        version + "'}\n";
    return manifests;
  };
  const std::string path = "/api/v1/namespaces/shop/configmaps/fixed";
  good_ = publish("1.0.0", with_fixed("1.0.0"));
  promote(good_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(good_); })) << component().sentence;
  ASSERT_EQ(merge(path, {{"metadata", {{"finalizers", {"example.com/hold"}}}}}), 200);
  const std::string next = promote_next(with_fixed("1.1.0"));
  ASSERT_TRUE(run_until(
      [&] { return is_in("applying") && cluster_->get(path)["metadata"].contains("deletionTimestamp"); }));
  run_once();
  EXPECT_EQ(state(), "deploying") << "waiting for it is no trouble yet";
  ASSERT_TRUE(run_until([&] { return is_in("reversing") && state() == "blocked"; }, 60'000)) << state();
  EXPECT_EQ(reason(), "kube.terminating");
  EXPECT_TRUE(says("held by its finalizers example.com/hold")) << component().sentence;
  EXPECT_EQ(live_version(), "1.0.0");
  ASSERT_EQ(merge(path, {{"metadata", {{"finalizers", nullptr}}}}), 200);
  ASSERT_TRUE(run_until([&] { return is_in("rolled_back"); }, 60'000)) << state() << component().sentence;
  EXPECT_EQ(cluster_->get(path)["data"]["version"], "1.0.0");
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(cluster_->get(path)["data"]["version"], "1.1.0");
}

// GS-BAD-208: A webhook that cannot be called or does not answer (kube-contract 052) blocks, and so does one
// that says no; the release goes through when it is back.
TEST_F(ClusterTrouble, Webhook) {
  run_good_revision();
  const auto refuse = [&](int status, const std::string& message) {
    return cluster_->set_script(
        script({fault({{"method", "PATCH"}}, {{"status", status}, {"message", message}})}));
  };
  ASSERT_TRUE(
      refuse(500,
             "Internal error occurred: failed calling webhook \"hook.example.com\": failed to call webhook: "
             "Post \"https://127.0.0.1:44877/hook?timeout=2s\": context deadline exceeded"));
  const std::string next = promote_next();
  expect_kept_out("blocked", "kube.webhook");
  EXPECT_TRUE(says("hook.example.com")) << component().sentence;
  ASSERT_TRUE(refuse(403, "admission webhook \"hook.example.com\" denied the request: not on a Friday"));
  ASSERT_TRUE(run_until([&] { return reason() == "kube.forbidden"; })) << reason();
  EXPECT_TRUE(says("not on a Friday")) << component().sentence;
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
}

class CustomKinds : public ClusterTrouble {
 protected:
  void SetUp() override {
    ClusterTrouble::SetUp();
    settings().ceiling.kinds = {"ConfigMap", "Deployment", "Pump.example.com"};
    define({{"name", "v1"}, {"served", true}, {"storage", true}});
  }

  void define(base::Json first, base::Json second = nullptr) {
    base::Json versions = base::Json::array();
    for (base::Json* version : {&first, &second}) {
      if (version->is_null()) continue;
      (*version)["schema"] = {
          {"openAPIV3Schema", {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}}};
      versions.push_back(*version);
    }
    const base::Json definition = {
        {"apiVersion", "apiextensions.k8s.io/v1"},
        {"kind", "CustomResourceDefinition"},
        {"metadata", {{"name", "pumps.example.com"}}},
        {"spec",
         {{"group", "example.com"},
          {"scope", "Namespaced"},
          {"names", {{"plural", "pumps"}, {"singular", "pump"}, {"kind", "Pump"}, {"listKind", "PumpList"}}},
          {"versions", versions}}}};
    const int status = cluster_->send("PATCH",
                                      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"
                                      "pumps.example.com?fieldManager=test&force=true",
                                      "application/apply-patch+yaml", definition.dump());
    ASSERT_TRUE(status == 200 || status == 201) << status;
  }

  Manifests with_pump(const std::string& version, const std::string& api = "v1") {
    Manifests manifests = application(version);
    manifests["pump.yaml"] = "apiVersion: example.com/" + api +
                             "\nkind: Pump\nmetadata: {name: main, namespace: shop}\nspec: {version: '" +
                             version + "'}\n";
    return manifests;
  }

  void run_pump() {
    good_ = publish("1.0.0", with_pump("1.0.0"));
    promote(good_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return state() == "healthy" && runs(good_); })) << component().sentence;
    good_workload_ = workload();
  }
};

// GS-BAD-209: A definition that somebody removes, and its objects with it, blocks the next release before
// anything is changed; when it is back the release goes through and the object is there again.
TEST_F(CustomKinds, RemovedUnderUs) {
  run_pump();
  ASSERT_EQ(
      cluster_->send("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pumps.example.com",
                     "", ""),
      200);
  const std::string next = promote_next(with_pump("1.1.0"));
  expect_kept_out("blocked", "kube.unknown_kind");
  EXPECT_TRUE(says("Pump.example.com shop/main")) << component().sentence;
  define({{"name", "v1"}, {"served", true}, {"storage", true}});
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(cluster_->get("/apis/example.com/v1/namespaces/shop/pumps/main")["spec"]["version"], "1.1.0");
}

// GS-BAD-210: A cluster that was upgraded and serves a version no longer is an alarm in the warnings, with
// object and version, while everything still runs; it ends with a revision that does without.
TEST_F(CustomKinds, VersionDropped) {
  run_pump();
  (void)engine_->request({});
  ASSERT_TRUE(run_until([&] {
    return state() == "healthy" &&
           base::read_file(base::system_files(), directory_ + "/state/api-version").has_value();
  }));
  EXPECT_TRUE(engine_->warnings().empty()) << engine_->warnings().front();

  define({{"name", "v1"}, {"served", false}, {"storage", true}},
         {{"name", "v2"}, {"served", true}, {"storage", false}});
  ASSERT_TRUE(cluster_->set_script({{"version", "v1.37.0"}}));
  (void)engine_->request({});
  ASSERT_TRUE(run_until([&] { return !engine_->warnings().empty(); }));
  const std::string warning = engine_->warnings().front();
  for (const char* part : {"component shop", "Pump.example.com shop/main", "example.com/v1",
                           "Kubernetes v1.37.0 no longer serves"})
    EXPECT_NE(warning.find(part), std::string::npos) << warning;
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(state(), "healthy");

  const std::string next = promote_next(with_pump("1.1.0", "v2"));
  ASSERT_TRUE(run_until([&] { return runs(next); }, 60'000)) << state() << component().sentence;
  (void)engine_->request({});
  EXPECT_TRUE(run_until([&] { return engine_->warnings().empty(); }));
}

// GS-BAD-211: A node that is not ready while a release settles is waited for; it is not held against the
// release and nothing is put back.
TEST_F(ClusterTrouble, NodeNotReady) {
  run_good_revision();
  ASSERT_TRUE(cluster_->set_script(
      {{"nodes_ready", false},
       {"rules", base::Json::array(
                     {{{"match", {{"kind", "Deployment"}}}, {"behaviour", {{"never_ready", true}}}}})}}));
  const std::string next = promote_next();
  ASSERT_TRUE(run_until([&] { return reason() == "health.node"; }, 60'000))
      << reason() << component().sentence;
  EXPECT_EQ(state(), "blocked");
  EXPECT_TRUE(is_in("settling")) << deployments().front().state;
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  expect_recovery(next, "1.1.0");
  EXPECT_EQ(deployments().size(), 2U);
}

}  // namespace
}  // namespace gridseal::test
