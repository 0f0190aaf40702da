// Readiness of kinds that have no rules of their own, as a site declares it.
#include <gtest/gtest.h>

#include "kube/readiness.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

ReadinessRule rule(const std::string& kind, const std::string& field, const std::string& value) {
  base::JsonTest test;
  test.field = field;
  test.equals = value;
  return {kind, base::JsonCondition::make(test).value()};
}

ReadinessRules pump_rules() {
  ReadinessRules rules;
  rules.ready = {rule("Pump.example.com", "/status/phase", "Running"), rule("Pump", "/status/valve", "open")};
  rules.failed = {rule("Pump.example.com", "/status/phase", "Broken")};
  return rules;
}

Json pump(const Json& status, const std::string& group = "example.com") {
  return {{"apiVersion", group + "/v1"},
          {"kind", "Pump"},
          {"metadata", {{"name", "p"}, {"generation", 2}}},
          {"status", status}};
}

// GS-KUBE-212: all ready rules of a kind must hold, one failed rule is enough, and the sentence says what the
// field is and what is waited for.
TEST(ReadinessRules, DecideForTheirKind) {
  const ReadinessRules rules = pump_rules();
  Readiness readiness = judge(pump({{"phase", "Starting"}, {"valve", "open"}}), rules);
  EXPECT_EQ(readiness.state, State::in_progress);
  EXPECT_EQ(readiness.message, R"(/status/phase is "Starting"; ready when it equals "Running")");
  readiness = judge(pump({{"phase", "Running"}}), rules);
  EXPECT_EQ(readiness.state, State::in_progress);
  EXPECT_EQ(readiness.message, R"(/status/valve is not there; ready when it equals "open")");
  EXPECT_TRUE(judge(pump({{"phase", "Running"}, {"valve", "open"}}), rules).is_current());
  readiness = judge(pump({{"phase", "Broken"}, {"valve", "open"}}), rules);
  EXPECT_EQ(readiness.state, State::failed);
  EXPECT_EQ(readiness.message, R"(/status/phase is "Broken")");
}

// GS-KUBE-213: what is true of every kind comes first: deletion, the observed generation, Reconciling,
// Stalled.
TEST(ReadinessRules, ComeAfterTheGeneralOnes) {
  const Json good = {{"phase", "Running"}, {"valve", "open"}};
  Json object = pump(good);
  object["status"]["observedGeneration"] = 1;
  EXPECT_EQ(judge(object, pump_rules()).reason, "NotObserved");
  object = pump(good);
  object["metadata"]["deletionTimestamp"] = "2026-11-23T17:19:50Z";
  EXPECT_EQ(judge(object, pump_rules()).state, State::terminating);
  object = pump(good);
  object["status"]["conditions"] = Json::array({{{"type", "Stalled"}, {"status", "True"}}});
  EXPECT_EQ(judge(object, pump_rules()).state, State::failed);
}

// GS-KUBE-214: kinds of other groups, kinds with rules of their own and kinds without any rule are judged as
// before; with a failed rule alone the condition Ready decides the rest.
TEST(ReadinessRules, LeaveOthersAlone) {
  ReadinessRules rules = pump_rules();
  rules.ready.erase(rules.ready.begin() + 1);
  EXPECT_TRUE(judge(pump({{"phase", "Starting"}}, "other.example.com"), rules).is_current());
  rules.ready.push_back(rule("ConfigMap", "/data/ready", "yes"));
  EXPECT_TRUE(judge({{"apiVersion", "v1"}, {"kind", "ConfigMap"}}, rules).is_current());
  rules.ready.clear();
  EXPECT_TRUE(judge(pump({{"phase", "Starting"}}), rules).is_current());
  const Json waiting = {
      {"conditions", Json::array({{{"type", "Ready"}, {"status", "False"}, {"reason", "Boot"}}})}};
  EXPECT_EQ(judge(pump(waiting), rules).reason, "Boot");
}

}  // namespace
}  // namespace gridseal::kube
