// Somebody changes in the cluster what a component declares.
#include <algorithm>

#include "integration/agent/agent_fixture.hpp"
#include "report/report.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kConfig = "/api/v1/namespaces/shop/configmaps/web";
constexpr const char* kWeb = "/apis/apps/v1/namespaces/shop/deployments/web";
constexpr const char* kMerge = "application/merge-patch+json";

class DriftTest : public AgentTest {
 protected:
  void deploy(const std::string& extra = {}) {
    digest_ = publish("1.0.0", application("1.0.0", extra));
    promote(digest_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << state() << component().sentence;
  }
  // Every due look and poll several times over.
  void idle(int rounds = 30) {
    for (int i = 0; i < rounds; ++i) run_once();
  }
  int edit(const std::string& path, const std::string& patch, const std::string& manager = "kubectl-edit") {
    return cluster_->send("PATCH", path + "?fieldManager=" + manager, kMerge, patch);
  }
  std::string version_of_config() {
    const base::Json live = cluster_->get(kConfig);
    return live.is_object() ? live["data"].value("version", "") : std::string();
  }
  std::vector<history::Drift> drifts() { return engine_->history().drifts("shop", 100).value(); }
  std::vector<history::Drift> open() { return engine_->history().open_drifts("shop").value(); }
  int64_t audited(const std::string& action) {
    const auto rows = engine_->history().audit(1000).value();
    return std::ranges::count(rows, action, &history::AuditRow::action);
  }

  std::string digest_;
};

// GS-DRIFT-001: A field that somebody edited is put back; the history names object, field, manager and time,
// and nothing lasting is shown.
TEST_F(DriftTest, AnEditedFieldIsPutBack) {
  deploy();
  idle();
  EXPECT_TRUE(drifts().empty());
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  ASSERT_TRUE(run_until([&] { return version_of_config() == "1.0.0" && open().empty(); }));
  ASSERT_EQ(drifts().size(), 1U);
  const history::Drift drift = drifts()[0];
  EXPECT_EQ(drift.key.kind, "ConfigMap");
  EXPECT_EQ(drift.fields, std::vector<std::string>{".data.version"});
  EXPECT_EQ(drift.manager, "kubectl-edit");
  EXPECT_TRUE(drift.changed);
  EXPECT_EQ(drift.action, history::DriftAction::corrected);
  EXPECT_TRUE(drift.ended);
  EXPECT_EQ(audited("drift.found"), 1);
  EXPECT_EQ(audited("drift.corrected"), 1);
  idle();
  EXPECT_EQ(drifts().size(), 1U);
  EXPECT_EQ(state(), "healthy");
  EXPECT_EQ(deployments().size(), 1U);
}

// GS-DRIFT-002: A removed field, a scaled workload, a field that another server-side apply took with force, a
// lost owner label and a deleted object are put back.
TEST_F(DriftTest, WhateverWasChangedIsPutBack) {
  deploy();
  const auto put_back = [&](const std::string& what, const std::string& field, const std::string& manager) {
    const size_t known = drifts().size();
    ASSERT_TRUE(run_until([&] { return drifts().size() == known + 1 && open().empty(); })) << what;
    const history::Drift drift = drifts()[0];
    EXPECT_EQ(drift.action, history::DriftAction::corrected) << what;
    EXPECT_EQ(drift.manager, manager) << what;
    if (!field.empty()) {
      EXPECT_EQ(drift.fields, std::vector<std::string>{field}) << what;
    }
  };
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": null}})"), 200);
  put_back("removed", ".data.version", "");
  EXPECT_EQ(version_of_config(), "1.0.0");

  ASSERT_EQ(cluster_->send("PATCH", std::string(kWeb) + "/scale?fieldManager=kubectl", kMerge,
                           R"({"spec": {"replicas": 3}})"),
            200);
  put_back("scaled", ".spec.replicas", "kubectl");
  EXPECT_EQ(cluster_->get(kWeb)["spec"]["replicas"], 1);

  ASSERT_EQ(
      cluster_->send(
          "PATCH", std::string(kConfig) + "?fieldManager=flux&force=true", "application/apply-patch+yaml",
          R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, )"
          R"("data": {"version": "7"}})"),
      200);
  put_back("taken over", ".data.version", "flux");
  EXPECT_EQ(version_of_config(), "1.0.0");

  ASSERT_EQ(edit(kConfig, R"({"metadata": {"labels": {"gridseal.dev/component": null}}})"), 200);
  put_back("label", ".metadata.labels.gridseal.dev/component", "");

  ASSERT_EQ(cluster_->send("DELETE", kConfig, "", ""), 200);
  put_back("deleted", "", "");
  EXPECT_EQ(version_of_config(), "1.0.0");
  EXPECT_TRUE(drifts()[0].fields.empty());
  EXPECT_NE(drifts()[0].sentence.find("was deleted"), std::string::npos);
  const auto inventory = engine_->history().inventory("shop", history::Side::last_good).value();
  for (const auto& entry : inventory) {
    if (entry.key.kind == "ConfigMap") {
      EXPECT_EQ(entry.uid, cluster_->get(kConfig)["metadata"]["uid"].get<std::string>());
    }
  }
}

// GS-DRIFT-003: What others add beside ours is no drift: labels, annotations, status, the same value applied
// by another manager.
TEST_F(DriftTest, WhatIsAddedBesideOursIsNoDrift) {
  deploy();
  ASSERT_EQ(edit(kWeb, R"({"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}})"), 200);
  ASSERT_EQ(cluster_->send("PATCH", std::string(kWeb) + "/status?fieldManager=probe", kMerge,
                           R"({"status": {"conditions": [{"type": "Seen", "status": "True"}]}})"),
            200);
  ASSERT_EQ(
      cluster_->send(
          "PATCH", std::string(kConfig) + "?fieldManager=flux", "application/apply-patch+yaml",
          R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop"}, )"
          R"("data": {"version": "1.0.0", "more": "x"}})"),
      200);
  idle();
  EXPECT_TRUE(drifts().empty());
  EXPECT_EQ(cluster_->get(kWeb)["metadata"]["labels"]["team"], "a");
  EXPECT_EQ(cluster_->get(kConfig)["data"]["more"], "x");
}

// GS-DRIFT-004: With `report` nothing is written to the cluster: one row and a warning until it is gone,
// however often it is looked at.
TEST_F(DriftTest, ReportWritesNothingToTheCluster) {
  settings().drift = config::Drift::report;
  deploy();
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  ASSERT_TRUE(run_until([&] { return !open().empty(); }));
  const auto rows = engine_->history().audit(1).value().front().sequence;
  cluster_->clear_requests();
  idle();
  EXPECT_EQ(engine_->history().audit(1).value().front().sequence, rows);
  EXPECT_FALSE(cluster_->requests()["by_method"].contains("PATCH"))
      << "judged once for each version of the object";
  EXPECT_EQ(version_of_config(), "9");
  EXPECT_EQ(open()[0].action, history::DriftAction::reported);
  EXPECT_EQ(drifts().size(), 1U);
  const base::Json status = report::status(engine_->history(), settings_, nullptr).value();
  EXPECT_NE(status["components"][0]["warnings"].dump().find("kubectl-edit changed .data.version"),
            std::string::npos)
      << status.dump();
  ASSERT_EQ(
      cluster_->send(
          "PATCH", std::string(kConfig) + "?fieldManager=gridseal&force=true", "application/apply-patch+yaml",
          R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "shop", )"
          R"("labels": {"gridseal.dev/component": "shop"}}, "data": {"version": "1.0.0"}})"),
      200);
  ASSERT_TRUE(run_until([&] { return open().empty(); }));
  EXPECT_EQ(audited("drift.ended"), 1);
  EXPECT_EQ(drifts().size(), 1U);
}

// GS-DRIFT-005: With `off` nobody looks, and what was open is closed.
TEST_F(DriftTest, OffDoesNotLook) {
  settings().drift = config::Drift::report;
  deploy();
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  ASSERT_TRUE(run_until([&] { return !open().empty(); }));
  settings().drift = config::Drift::off;
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return open().empty(); }));
  cluster_->clear_requests();
  idle();
  EXPECT_EQ(cluster_->requests()["total"], 0);
  EXPECT_EQ(version_of_config(), "9");
}

// GS-DRIFT-006: A suspended component is looked at and not touched; what drifted meanwhile is put back when
// it is resumed.
TEST_F(DriftTest, SuspendedIsReportedOnly) {
  deploy();
  settings().suspend = true;
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  ASSERT_TRUE(run_until([&] { return !open().empty(); }));
  idle();
  EXPECT_EQ(version_of_config(), "9");
  EXPECT_EQ(open()[0].action, history::DriftAction::reported);
  settings().suspend = false;
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return version_of_config() == "1.0.0" && open().empty(); }));
  EXPECT_EQ(drifts()[0].action, history::DriftAction::corrected);
}

// GS-DRIFT-007: What no longer verifies is not put back.
TEST_F(DriftTest, UntrustedIsNotPutBack) {
  deploy();
  trust::DenialEntries entries;
  entries.keys.push_back({key_->public_key().fingerprint(), std::nullopt, "stolen"});
  ASSERT_TRUE(engine_->deny_trust(entries, "uid 0"));
  ASSERT_TRUE(run_until([&] { return component().untrusted.has_value(); }));
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  idle();
  EXPECT_EQ(version_of_config(), "9");
  EXPECT_TRUE(drifts().empty());
}

// GS-DRIFT-008: A correction that is undone again and again is made ever more rarely; the warning names the
// other manager and the way out.
TEST_F(DriftTest, AFightIsNotFoughtForEver) {
  deploy();
  const auto stand_off = [&] {
    if (version_of_config() == "1.0.0") (void)edit(kConfig, R"({"data": {"version": "9"}})", "flux");
    return !open().empty() && open()[0].action == history::DriftAction::failed;
  };
  ASSERT_TRUE(run_until(stand_off));
  EXPECT_EQ(open()[0].manager, "flux");
  EXPECT_NE(open()[0].sentence.find("`ignore`"), std::string::npos);
  settings().drift_interval = base::milliseconds(600'000);
  ASSERT_TRUE(engine_->reload(settings_));
  // The first pause was a short one; a look after it puts right again.
  int steps = 0;
  ASSERT_TRUE(run_until([&] {
    if (++steps % 30 == 0) (void)engine_->request("shop");
    return version_of_config() == "1.0.0" && open().empty();
  }));
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})", "flux"), 200);
  (void)engine_->request("shop");
  ASSERT_TRUE(run_until([&] { return !open().empty(); }));
  const size_t known = drifts().size();
  for (int i = 0; i < 5; ++i) {
    (void)engine_->request("shop");
    idle(5);
  }
  EXPECT_EQ(drifts().size(), known);
  EXPECT_EQ(version_of_config(), "9");
}

// GS-DRIFT-009: After a cut at any effect of a correction the journal says what is under way, and the next
// look ends it: put back, with one row that says so.
TEST_F(DriftTest, ACorrectionSurvivesACut) {
  deploy();
  bool blown = true;
  for (uint64_t effects = 1; blown && effects < 200; effects += 3) {
    stop();
    ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
    Fuse fuse(effects);
    const auto reached = [&] { return version_of_config() == "1.0.0" && open().empty(); };
    if (start(&fuse)) {
      for (int i = 0; i < 1000 && !fuse.blown() && !reached(); ++i) run_once();
    }
    blown = fuse.blown();
    stop();
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until(reached)) << "effect " << effects;
    const auto chain = engine_->history().verify_chain();
    ASSERT_TRUE(chain);
    EXPECT_FALSE(chain->broken_at) << chain->sentence;
    ASSERT_FALSE(drifts().empty());
    EXPECT_TRUE(drifts()[0].ended) << "effect " << effects;
    EXPECT_EQ(drifts()[0].action, history::DriftAction::corrected) << "effect " << effects;
  }
  EXPECT_FALSE(blown) << "the correction has more effects than were tried";
}

// GS-DRIFT-010: Of a Secret the history, the audit and the status name fields, never values.
TEST_F(DriftTest, SecretsShowNoValues) {
  deploy(
      "---\napiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\n"
      "stringData: {password: declared-secret}\n");
  const std::string path = "/api/v1/namespaces/shop/secrets/login";
  ASSERT_EQ(edit(path, R"({"data": {"password": "ZWRpdGVkLXNlY3JldA=="}})"), 200);
  ASSERT_TRUE(run_until([&] { return drifts().size() == 1 && open().empty(); }));
  EXPECT_EQ(drifts()[0].fields, std::vector<std::string>{".data.password"});
  std::string shown = report::history_of(engine_->history(), "shop", 100).value().dump();
  shown += report::audit(engine_->history(), 1000).value().dump();
  for (const char* value : {"declared-secret", "edited-secret", "ZWRpdGVkLXNlY3JldA", "ZGVjbGFyZWQtc2VjcmV0"})
    EXPECT_EQ(shown.find(value), std::string::npos) << value;
}

// GS-DRIFT-011: A finished Job that is gone is not run again; what an annotation protects is left as it is.
TEST_F(DriftTest, JobsAndProtectedObjectsAreLeftAlone) {
  deploy(
      "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec:\n  template:\n"
      "    spec:\n      restartPolicy: Never\n      containers:\n        - {name: m, image: "
      "'registry.test/web@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097'}\n");
  const std::string job = "/apis/batch/v1/namespaces/shop/jobs/migrate";
  ASSERT_TRUE(cluster_->get(job).is_object());
  ASSERT_EQ(edit(job, R"({"metadata": {"labels": {"gridseal.dev/component": "shop", "x": "y"}}})"), 200);
  ASSERT_EQ(cluster_->send("DELETE", job + "?propagationPolicy=Background", "", ""), 200);
  ASSERT_EQ(
      edit(kConfig, R"({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}, )"
                    R"("data": {"version": "9"}})"),
      200);
  idle();
  EXPECT_FALSE(cluster_->get(job).is_object());
  EXPECT_EQ(version_of_config(), "9");
  EXPECT_TRUE(drifts().empty());
}

// GS-DRIFT-012: A workload that falls ill by itself is `degraded`, with its cause; nothing is done about it,
// and it is healthy again when it is.
TEST_F(DriftTest, AnIllWorkloadIsDegraded) {
  deploy();
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"rules": [{"match": {"kind": "Deployment", "name": "web"}, "behaviour": {"never_ready": true}}]})")));
  const auto delete_pods = [&] {
    const base::Json pods = cluster_->get("/api/v1/namespaces/shop/pods");
    for (const auto& pod : pods["items"])
      (void)cluster_->send(
          "DELETE", "/api/v1/namespaces/shop/pods/" + pod["metadata"]["name"].get<std::string>(), "", "");
  };
  delete_pods();
  ASSERT_TRUE(run_until([&] { return state() == "degraded"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "health.degraded");
  EXPECT_NE(component().sentence.find("Deployment shop/web"), std::string::npos);
  EXPECT_EQ(deployments().size(), 1U);
  EXPECT_TRUE(drifts().empty());
  idle();
  EXPECT_EQ(audited("component.degraded"), 1);
  ASSERT_TRUE(cluster_->set_script(base::Json::object()));
  delete_pods();
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << state() << component().sentence;
}

// GS-DRIFT-013: 500 objects of ten kinds without change cost one request for each kind and page, at most 20,
// and write nothing; also right after a restart.
TEST_F(DriftTest, TheSteadyStateCostsAHandfulOfRequests) {
  const std::vector<std::pair<std::string, std::string>> kinds = {{"v1", "ConfigMap"},
                                                                  {"v1", "Secret"},
                                                                  {"v1", "ServiceAccount"},
                                                                  {"v1", "Service"},
                                                                  {"v1", "PodTemplate"},
                                                                  {"v1", "LimitRange"},
                                                                  {"v1", "ResourceQuota"},
                                                                  {"networking.k8s.io/v1", "NetworkPolicy"},
                                                                  {"policy/v1", "PodDisruptionBudget"}};
  std::string many;
  for (int i = 0; i < 498; ++i) {
    const auto& [version, kind] = kinds.at(static_cast<size_t>(i) % kinds.size());
    many += "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: o" + std::to_string(i) +
            ", namespace: shop}\n";
    if (kind == "Service") many += "spec: {ports: [{port: 80}], clusterIP: None}\n";
    if (kind == "NetworkPolicy") many += "spec: {podSelector: {}}\n";
    if (kind == "PodDisruptionBudget") many += "spec: {minAvailable: 0, selector: {matchLabels: {a: b}}}\n";
    if (kind == "ResourceQuota") many += "spec: {hard: {pods: '1000'}}\n";
    if (kind == "LimitRange") many += "spec: {limits: [{type: Pod, max: {memory: 64Gi}}]}\n";
    if (kind == "PodTemplate") {
      many +=
          "template: {spec: {containers: [{name: a, image: 'registry.test/web@sha256:"
          "7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097'}]}}\n";
    }
  }
  settings().timeout = base::milliseconds(60'000);
  digest_ = publish("1.0.0", application("1.0.0", many));
  promote(digest_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; }, 90'000)) << state() << component().sentence;
  ASSERT_EQ(engine_->history().inventory("shop", history::Side::last_good)->size(), 500U);
  stop();
  settings().interval = base::milliseconds(3'600'000);
  settings().drift_interval = base::milliseconds(3'600'000);
  Fuse effects;
  ASSERT_TRUE(start(&effects));
  run_once();  // what runs is verified
  run_once();  // the registry is polled
  const auto rows = engine_->history().audit(1).value().front().sequence;
  cluster_->clear_requests();
  const uint64_t before = effects.used();
  run_once();
  const base::Json requests = cluster_->requests();
  EXPECT_EQ(requests["total"], 12) << "discovery and ten collections: " << requests.dump();
  EXPECT_FALSE(requests["by_method"].contains("PATCH")) << requests.dump();
  EXPECT_EQ(effects.used() - before, requests["total"]) << "anything else would have been a write";
  EXPECT_EQ(engine_->history().audit(1).value().front().sequence, rows);
  EXPECT_TRUE(drifts().empty());
  stop();
}

// GS-DRIFT-303: A definition that somebody deleted is put back, and the objects that went with it.
TEST_F(DriftTest, ADeletedDefinitionAndItsObjectsArePutBack) {
  const std::string crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pumps.shop.test";
  const std::string pump = "/apis/shop.test/v1/namespaces/shop/pumps/a";
  settings().ceiling.cluster_scoped = {"CustomResourceDefinition"};
  settings().ceiling.kinds = {"ConfigMap", "Deployment", "Pump.shop.test"};
  deploy(
      "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
      "pumps.shop.test}\nspec:\n  group: shop.test\n  scope: Namespaced\n  names: {plural: pumps, singular: "
      "pump, kind: Pump, listKind: PumpList}\n  versions:\n    - {name: v1, served: true, storage: true, "
      "schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: "
      "integer}}}}}}}\n---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: "
      "shop}\nspec: {size: 1}\n");
  ASSERT_EQ(cluster_->send("DELETE", crd, "", ""), 200);
  ASSERT_TRUE(run_until([&] { return cluster_->get(pump).is_object() && open().empty(); }))
      << state() << component().sentence;
  EXPECT_TRUE(cluster_->get(crd).is_object());
  EXPECT_EQ(cluster_->get(pump)["spec"]["size"], 1);
  EXPECT_EQ(drifts().size(), 2U);
  EXPECT_EQ(deployments().size(), 1U);
}

// GS-DRIFT-304: A namespace that somebody deleted is put back, also where the account's rights in it went
// with it; what it held follows when the account has them again, and until then the history says why it does
// not.
TEST_F(DriftTest, ADeletedNamespaceIsPutBack) {
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1";
  const std::string role =
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":)"
      R"({"name":"deployer"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})";
  const std::string spaces =
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"spaces"},)"
      R"("rules":[{"apiGroups":[""],"resources":["namespaces"],"verbs":["*"]}]})";
  const auto bind = [&](const std::string& path, const std::string& kind, const std::string& to) {
    return cluster_->send("POST", rbac + path, "application/json",
                          R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":")" + kind +
                              R"(","metadata":{"name":"deployer"},"subjects":[{"kind":"ServiceAccount",)"
                              R"("name":"deployer","namespace":"shop"}],"roleRef":{"apiGroup":)"
                              R"("rbac.authorization.k8s.io","kind":"ClusterRole","name":")" +
                              to + R"("}})");
  };
  ASSERT_EQ(cluster_->send("POST", rbac + "/clusterroles", "application/json", role), 201);
  ASSERT_EQ(cluster_->send("POST", rbac + "/clusterroles", "application/json", spaces), 201);
  ASSERT_EQ(cluster_->send("POST", "/api/v1/namespaces", "application/json",
                           R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"plant"}})"),
            201);
  ASSERT_EQ(bind("/clusterrolebindings", "ClusterRoleBinding", "spaces"), 201);
  ASSERT_EQ(bind("/namespaces/shop/rolebindings", "RoleBinding", "deployer"), 201);
  ASSERT_EQ(bind("/namespaces/plant/rolebindings", "RoleBinding", "deployer"), 201);
  settings().service_account = "shop/deployer";
  settings().ceiling.namespaces = {"shop", "plant"};
  settings().ceiling.cluster_scoped = {"Namespace"};
  deploy(
      "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: plant}\n---\napiVersion: v1\nkind: "
      "ConfigMap\nmetadata: {name: limits, namespace: plant}\ndata: {most: '9'}\n");
  const std::string limits = "/api/v1/namespaces/plant/configmaps/limits";
  ASSERT_EQ(cluster_->send("DELETE", "/api/v1/namespaces/plant", "", ""), 200);
  ASSERT_TRUE(run_until([&] {
    const auto known = open();
    return std::ranges::any_of(known, [](const auto& drift) { return drift.key.name == "limits"; });
  })) << state()
      << component().sentence;
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/plant").is_object());
  EXPECT_NE(open()[0].sentence.find("\"system:serviceaccount:shop:deployer\" cannot get"), std::string::npos)
      << open()[0].sentence;
  ASSERT_EQ(bind("/namespaces/plant/rolebindings", "RoleBinding", "deployer"), 201);
  ASSERT_TRUE(run_until([&] { return cluster_->get(limits).is_object() && open().empty(); }))
      << state() << component().sentence;
}

// GS-DRIFT-305: When nobody can look for long, because a right was taken away, the component is blocked with
// the account and the right, and healthy again when it is back.
TEST_F(DriftTest, WhatCannotBeComparedIsBlocked) {
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1";
  const std::string bindings = rbac + "/namespaces/shop/rolebindings";
  const std::string binding =
      R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"deployer"},)"
      R"("subjects":[{"kind":"ServiceAccount","name":"deployer"}],"roleRef":{"apiGroup":)"
      R"("rbac.authorization.k8s.io","kind":"ClusterRole","name":"deployer"}})";
  ASSERT_EQ(
      cluster_->send("POST", rbac + "/clusterroles", "application/json",
                     R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":)"
                     R"({"name":"deployer"},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]})"),
      201);
  ASSERT_EQ(cluster_->send("POST", bindings, "application/json", binding), 201);
  settings().service_account = "shop/deployer";
  settings().grace = base::milliseconds(100);
  deploy();
  ASSERT_EQ(cluster_->send("DELETE", bindings + "/deployer", "", ""), 200);
  ASSERT_TRUE(run_until([&] { return state() == "blocked"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "kube.forbidden");
  EXPECT_NE(component().sentence.find("\"system:serviceaccount:shop:deployer\" cannot list"),
            std::string::npos)
      << component().sentence;
  ASSERT_EQ(cluster_->send("POST", bindings, "application/json", binding), 201);
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << state() << component().sentence;
  EXPECT_EQ(deployments().size(), 1U);
  EXPECT_TRUE(drifts().empty());
}

}  // namespace
}  // namespace gridseal::test
