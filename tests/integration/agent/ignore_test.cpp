// Fields that others own, through a whole life: deployed, scaled, upgraded, rolled back.
#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kIgnoringWeb = "/apis/apps/v1/namespaces/shop/deployments/web";

class IgnoreTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    settings().ignore = {{"Deployment", "", "web", {"/spec/replicas"}}};
    first_ = publish("1.0.0", application("1.0.0"));
    promote(first_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return runs(first_); })) << component().sentence;
    ASSERT_EQ(replicas(), 1) << "it is set when the object is created";
  }

  int64_t replicas() { return cluster_->get(kIgnoringWeb)["spec"]["replicas"].get<int64_t>(); }

  // As a HorizontalPodAutoscaler does it (kube-contract 031).
  void autoscale(int to) {
    ASSERT_EQ(
        cluster_->send("PATCH", std::string(kIgnoringWeb) + "/scale?fieldManager=kube-controller-manager",
                       "application/merge-patch+json", base::Json({{"spec", {{"replicas", to}}}}).dump()),
        200);
  }

  std::string upgrade(const std::string& version, const std::string& image = {}) {
    Manifests manifests = application(version);
    if (!image.empty()) {
      std::string& text = manifests["web.yaml"];
      text.replace(text.find("registry.test/web@"), 17, image);
    }
    const std::string digest = publish(version, manifests);
    promote(digest);
    return digest;
  }

  // Whether our own apply holds the field.
  bool is_ours() {
    const base::Json live = cluster_->get(kIgnoringWeb);
    for (const auto& entry : live["metadata"]["managedFields"]) {
      if (entry["manager"] == "gridseal" && entry["fieldsV1"]["f:spec"].contains("f:replicas")) return true;
    }
    return false;
  }

  std::string first_;
};

// GS-DEPLOY-204: What an autoscaler has set stays through an upgrade and through a rollback.
TEST_F(IgnoreTest, ReplicasOfAnAutoscaler) {
  autoscale(3);
  const std::string next = upgrade("1.1.0");
  ASSERT_TRUE(run_until([&] { return runs(next); })) << component().sentence;
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_EQ(replicas(), 3);
  EXPECT_FALSE(is_ours());
  autoscale(2);
  (void)upgrade("1.2.0", "registry.test/unready");
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_EQ(replicas(), 2);
}

// GS-DEPLOY-205: What kubectl has set is kept, and stays when kubectl's fields are taken over; a field that
// is not ignored is put back.
TEST_F(IgnoreTest, ReplicasOfKubectl) {
  ASSERT_EQ(
      cluster_->send(
          "PATCH", std::string(kIgnoringWeb) + "?fieldManager=kubectl-edit", "application/merge-patch+json",
          R"({"spec":{"replicas":4,"revisionHistoryLimit":3},"metadata":{"labels":{"version":"x"}}})"),
      200);
  const std::string next = upgrade("1.1.0");
  ASSERT_TRUE(run_until([&] { return runs(next); })) << component().sentence;
  EXPECT_EQ(replicas(), 4);
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_TRUE(is_ours());
  EXPECT_EQ(cluster_->get(kIgnoringWeb)["spec"]["revisionHistoryLimit"], 10)
      << "what kubectl left went with its entry";
}

// GS-DEPLOY-206: Without the rule the declared value is put back.
TEST_F(IgnoreTest, OnlyWhatTheRuleNames) {
  settings().ignore = {{"StatefulSet", "", "", {"/spec/replicas"}},
                       {"Deployment", "other", "", {"/spec/replicas"}},
                       {"Deployment", "", "api", {"/spec/replicas"}}};
  ASSERT_TRUE(engine_->reload(settings_));
  autoscale(3);
  const std::string next = upgrade("1.1.0");
  ASSERT_TRUE(run_until([&] { return runs(next); })) << component().sentence;
  EXPECT_EQ(replicas(), 1);
}

}  // namespace
}  // namespace gridseal::test
