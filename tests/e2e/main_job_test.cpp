// The main job with every program as it is shipped.
#include <csignal>

#include "e2e/e2e_fixture.hpp"

namespace gridseal::test {
namespace {

// GS-E2E-001: systemd hears READY=1, status says that the agent runs, SIGTERM ends it in order.
TEST_F(E2eTest, StartsAndStops) {
  ASSERT_TRUE(start_agent());
  const base::Json document = json_of("status");
  ASSERT_TRUE(document.is_object());
  EXPECT_EQ(at(document, "/agent/running"), true);
  EXPECT_EQ(at(document, "/site/name"), "test");
  agent_->signal(SIGTERM);
  EXPECT_EQ(agent_->await_exit(), 0);
  EXPECT_TRUE(agent_->was_told("STOPPING=1"));
}

// GS-E2E-002: A release goes from a key to the cluster and is followed by the next one, by tag.
TEST_F(E2eTest, DeploysAndUpgrades) {
  release("1.0.0", shop("1.0.0", config_map("old")));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(gridseal("status").code, 0);
  release("1.1.0", shop("1.1.0"));
  ASSERT_TRUE(await_running("1.1.0")) << tell();
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
  expect_complete_history();
}

// GS-E2E-003: A release that crashes is rolled back by itself.
TEST_F(E2eTest, RollsBack) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  ASSERT_TRUE(cluster_->set_script(
      {{"rules", {{{"match", {{"image", "*broken*"}}}, {"behaviour", {{"crash_loop", true}}}}}}}));
  release("1.1.0", shop("1.1.0", {}, "registry.test/broken"));
  ASSERT_TRUE(await_state("failed")) << tell();
  EXPECT_EQ(at(status(), "/running/version"), "1.0.0");
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(gridseal("status").code, 1);
  expect_complete_history();
}

// GS-E2E-004: While all goes well the watchdog is told so, again and again.
TEST_F(E2eTest, FeedsTheWatchdog) {
  agent_->start(std::chrono::milliseconds(200));
  ASSERT_TRUE(agent_->await_told("READY=1")) << agent_->log();
  EXPECT_TRUE(await([&] { return agent_->count_told("WATCHDOG=1") >= 3; }));
}

// GS-E2E-005: With the daemon dead status answers out of the history, says so, and exits with 3.
TEST_F(E2eTest, AnswersWhenDead) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  agent_->kill_hard();
  const Ran ran = gridseal("status --output json");
  EXPECT_EQ(ran.code, 3);
  const base::Json document = base::Json::parse(ran.output, nullptr, false);
  ASSERT_TRUE(document.is_object()) << ran.output;
  EXPECT_EQ(at(document, "/agent/running"), false);
  EXPECT_EQ(at(document, "/components/0/running/version"), "1.0.0");
  EXPECT_EQ(gridseal("history").code, 0);
}

}  // namespace
}  // namespace gridseal::test
