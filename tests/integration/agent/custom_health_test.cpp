// Custom resources whose readiness the settings declare.
#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kPump = "/apis/example.com/v1/namespaces/shop/pumps/main";

class CustomHealthTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    ASSERT_EQ(
        cluster_->send("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json",
                       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"pumps.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"pumps","singular":"pump","kind":"Pump","listKind":"PumpList"},
      "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
      "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})"),
        201);
    config::HealthRule ready{"Pump.example.com", {}};
    ready.condition.field = "/status/phase";
    ready.condition.equals = std::string("Running");
    settings().ready = {ready};
    config::HealthRule failed = ready;
    failed.condition.equals = std::string("Broken");
    settings().failed = {failed};
    settings().timeout = base::milliseconds(20'000);
    settings().ceiling.kinds = {"ConfigMap", "Deployment", "Pump.example.com"};
  }

  std::string promote_pump(const std::string& version) {
    Manifests manifests = application(version);
    manifests["pump.yaml"] =
        "apiVersion: example.com/v1\nkind: Pump\nmetadata: {name: main, namespace: shop}\nspec: {version: '" +
        version + "'}\n";
    const std::string digest = publish(version, manifests);
    promote(digest);
    return digest;
  }
  void report(const std::string& phase) {
    ASSERT_EQ(
        cluster_->send("PATCH", std::string(kPump) + "/status?fieldManager=pump-controller",
                       "application/merge-patch+json", base::Json({{"status", {{"phase", phase}}}}).dump()),
        200);
  }
  bool is_settling() { return !deployments().empty() && deployments().front().state == "settling"; }
};

// GS-DEPLOY-207: A custom resource is ready when the declared rule says so, not before; when a rule says that
// it has failed the old revision comes back, and the sentence says what was seen.
TEST_F(CustomHealthTest, DeclaredRulesDecide) {
  const std::string first = promote_pump("1.0.0");
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return is_settling(); })) << component().sentence;
  report("Starting");
  EXPECT_FALSE(run_until([&] { return runs(first); }, 1'500)) << "it was taken for ready";
  report("Running");
  ASSERT_TRUE(run_until([&] { return runs(first); })) << component().sentence;

  (void)promote_pump("1.1.0");
  ASSERT_TRUE(run_until([&] { return deployments().size() == 2 && is_settling(); }));
  report("Broken");
  ASSERT_TRUE(run_until([&] { return deployments().front().state == "settling_back"; })) << state();
  report("Running");
  ASSERT_TRUE(run_until([&] { return state() == "failed"; })) << state();
  EXPECT_NE(component().sentence.find(R"(Pump.example.com shop/main: /status/phase is "Broken")"),
            std::string::npos)
      << component().sentence;
  EXPECT_TRUE(runs(first));
}

// GS-DEPLOY-208: A rule that cannot be used keeps the settings from being taken into use, and is named.
TEST_F(CustomHealthTest, UnusableRule) {
  settings().ready.front().condition.equals.reset();
  settings().ready.front().condition.matches = "(";
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code(), "deploy.health_rule");
  EXPECT_NE(started.error().message().find("component.shop.ready of Pump.example.com"), std::string::npos)
      << started.error().message();
}

}  // namespace
}  // namespace gridseal::test
