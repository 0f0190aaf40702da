// A component that is applied as a service account of its own (kube-contract 050).
#include <algorithm>

#include "integration/agent/bad_input_fixture.hpp"

namespace gridseal::test {
namespace {

class AccountTest : public BadInputTest {
 protected:
  void SetUp() override {
    BadInputTest::SetUp();
    settings().service_account = "shop/deployer";
    grant({{{"apiGroups", {""}},
            {"resources", {"configmaps"}},
            {"verbs", {"get", "list", "create", "patch", "delete"}}},
           {{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", {"list"}}},
           {{"apiGroups", {"apps"}},
            {"resources", {"deployments"}},
            {"verbs", {"get", "list", "create", "patch", "delete"}}},
           {{"apiGroups", {"apps"}}, {"resources", {"replicasets"}}, {"verbs", {"list"}}}});
    ASSERT_EQ(cluster_->send("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings",
                             "application/json",
                             R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding",
      "metadata":{"name":"deployer"},"subjects":[{"kind":"ServiceAccount","name":"deployer"}],
      "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"deployer"}})"),
              201);
  }

  // The account's only role holds these rules from now on.
  void grant(base::Json rules) {
    const base::Json role = {{"apiVersion", "rbac.authorization.k8s.io/v1"},
                             {"kind", "Role"},
                             {"metadata", {{"name", "deployer"}}},
                             {"rules", std::move(rules)}};
    rules_ = role["rules"];
    const int status = cluster_->send(
        "PATCH",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/deployer?fieldManager=test&force=true",
        "application/apply-patch+yaml", role.dump());
    ASSERT_TRUE(status == 200 || status == 201) << status;
  }

  // 1.1.0 brings a Secret as well.
  std::string promote_with_secret() {
    Manifests manifests = application("1.1.0");
    manifests["secret.yaml"] =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\nstringData: {password: "
        "hunter2}\n";
    const std::string digest = publish("1.1.0", manifests);
    promote(digest);
    return digest;
  }

  bool says(const std::string& part) { return component().sentence.find(part) != std::string::npos; }

  base::Json rules_;
};

// GS-DEPLOY-200: A component with a service account is deployed with that account's rights alone; what it may
// neither watch over nor take back is found before anything is changed, by account, verb and resource, and
// the old revision runs on. When the rights are there it goes through by itself.
TEST_F(AccountTest, MayNotWatchOver) {
  run_good_revision();
  const std::string next = promote_with_secret();
  expect_kept_out("blocked", "kube.forbidden");
  EXPECT_TRUE(says("service account shop/deployer may not delete secrets in the namespace shop"))
      << component().sentence;
  EXPECT_TRUE(says("list secrets in the namespace shop")) << component().sentence;
  EXPECT_EQ(deployments().size(), 1U);
  base::Json rules = rules_;
  rules.push_back({{"apiGroups", {""}}, {"resources", {"secrets"}}, {"verbs", {"*"}}});
  grant(rules);
  expect_recovery(next, "1.1.0");
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop/secrets/web").is_object());
}

// GS-DEPLOY-201: What the account may not write is the API server's 403 to the dry run: blocked, in its words
// also where a Secret is concerned, whose content is never told; nothing was written.
TEST_F(AccountTest, MayNotWrite) {
  run_good_revision();
  base::Json rules = rules_;
  rules.push_back({{"apiGroups", {""}}, {"resources", {"secrets"}}, {"verbs", {"get", "list", "delete"}}});
  grant(rules);
  (void)promote_with_secret();
  expect_kept_out("blocked", "kube.forbidden");
  EXPECT_TRUE(says("system:serviceaccount:shop:deployer may not patch secrets")) << component().sentence;
  EXPECT_FALSE(says("hunter2"));
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop/secrets/web").is_null());
  EXPECT_EQ(deployments().size(), 1U);
}

// GS-DEPLOY-202: An account that exists nowhere may nothing; the account of changed settings counts from the
// next look on.
TEST_F(AccountTest, AnotherAccountAfterReload) {
  settings().service_account = "shop/nobody";
  const std::string digest = publish("1.0.0", application("1.0.0"));
  promote(digest);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "blocked"; })) << state();
  EXPECT_EQ(reason(), "kube.forbidden");
  EXPECT_TRUE(says("shop/nobody")) << component().sentence;
  EXPECT_EQ(live_version(), "");
  settings().service_account = "shop/deployer";
  ASSERT_TRUE(engine_->reload(settings_));
  ASSERT_TRUE(run_until([&] { return runs(digest); })) << component().sentence;
}

// GS-DEPLOY-203: Discovery is read once for all accounts.
TEST_F(AccountTest, DiscoveryIsShared) {
  run_good_revision();
  settings().service_account.clear();
  ASSERT_TRUE(engine_->reload(settings_));
  const std::string next = publish("1.1.0", application("1.1.0"));
  promote(next);
  expect_recovery(next, "1.1.0");
  const base::Json requests = cluster_->requests();
  const auto reads = std::ranges::count_if(
      requests["requests"], [](const base::Json& request) { return request["target"] == "/apis"; });
  EXPECT_EQ(reads, 1) << requests["requests"].dump();
}

}  // namespace
}  // namespace gridseal::test
