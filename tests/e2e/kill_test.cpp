// kill -9 in every state of a deployment.
#include "base/files.hpp"
#include "e2e/e2e_fixture.hpp"

namespace gridseal::test {
namespace {

base::Json delay(const std::string& method, const std::string& path, int milliseconds, int nth = 1) {
  return {{"match", {{"method", method}, {"path_glob", path}, {"nth", nth}}},
          {"fault", {{"delay_ms", milliseconds}}}};
}

// Dry runs are quick, writes are slow.
base::Json slow_writes() {
  return base::Json::array(
      {{{"match", {{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}}, {"fault", {{"delay_ms", 1}}}},
       delay("PATCH", "*", 5'000)});
}

base::Json broken_image() {
  return base::Json::array({{{"match", {{"image", "*broken*"}}}, {"behaviour", {{"crash_loop", true}}}}});
}

class KillTest : public E2eTest {
 protected:
  void SetUp() override {
    E2eTest::SetUp();
    if (HasFatalFailure()) return;
    // Long enough to be seen in.
    std::string settings = component_toml("shop", "stable");
    settings.replace(settings.find("soak = \"1s\""), 11, "soak = \"2s\"");
    const std::string file = directory_ + "/etc/agent.toml";
    auto text = base::read_file(base::system_files(), file).value();
    text.replace(text.find("[component.shop]"), std::string::npos, settings);
    put("etc/agent.toml", text);
    release("1.0.0", shop("1.0.0", config_map("old")));
    ASSERT_TRUE(start_agent());
    ASSERT_TRUE(await_running("1.0.0")) << tell();
  }

  void kill_in(const std::string& state) {
    ASSERT_TRUE(await_deployment(state)) << tell();
    agent_->kill_hard();
    ASSERT_TRUE(cluster_->set_script({{"rules", broken_image()}}));
    ASSERT_TRUE(start_agent());
  }
  void expect_new() {
    ASSERT_TRUE(await_running("1.1.0")) << tell();
    EXPECT_EQ(live_version(), "1.1.0");
    EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
    expect_complete_history();
  }
  void expect_old() {
    ASSERT_TRUE(await_state("failed")) << tell();
    EXPECT_EQ(at(status(), "/running/version"), "1.0.0");
    EXPECT_EQ(live_version(), "1.0.0");
    EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
    EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/fresh").is_object());
    expect_complete_history();
  }
  // Brings 1.1.0, which crashes, as far as settling.
  void release_broken() {
    ASSERT_TRUE(cluster_->set_script({{"rules", broken_image()}}));
    release("1.1.0", shop("1.1.0", config_map("fresh"), "registry.test/broken"));
    ASSERT_TRUE(await_deployment("settling")) << tell();
  }
};

// GS-E2E-010: Killed while planned: nothing was applied; it is planned anew and ends on the new revision.
TEST_F(KillTest, Planned) {
  ASSERT_EQ(cluster_->send("POST", "/api/v1/namespaces/shop/configmaps", "application/json",
                           R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"there"}})"),
            201);
  // The plan reads the object once; the second reading is for the copy of what stood there before.
  ASSERT_TRUE(
      cluster_->set_script({{"faults", base::Json::array({delay("GET", "*/configmaps/there", 10'000, 2)})}}));
  release("1.1.0", shop("1.1.0", config_map("there")));
  ASSERT_NO_FATAL_FAILURE(kill_in("planned"));
  expect_new();
}

// GS-E2E-011: Killed while applying: goes on and ends on the new revision.
TEST_F(KillTest, Applying) {
  ASSERT_TRUE(cluster_->set_script({{"faults", slow_writes()}}));
  release("1.1.0", shop("1.1.0"));
  ASSERT_NO_FATAL_FAILURE(kill_in("applying"));
  expect_new();
}

// GS-E2E-012: Killed while settling: ends on the new revision.
TEST_F(KillTest, Settling) {
  release("1.1.0", shop("1.1.0"));
  ASSERT_NO_FATAL_FAILURE(kill_in("settling"));
  expect_new();
}

// GS-E2E-013: Killed while pruning: what is to be deleted is gone in the end.
TEST_F(KillTest, Pruning) {
  ASSERT_TRUE(cluster_->set_script({{"faults", base::Json::array({delay("DELETE", "*", 10'000)})}}));
  release("1.1.0", shop("1.1.0"));
  ASSERT_NO_FATAL_FAILURE(kill_in("pruning"));
  expect_new();
}

// GS-E2E-014: Killed on the way back: ends on the last good revision.
TEST_F(KillTest, Reversing) {
  ASSERT_NO_FATAL_FAILURE(release_broken());
  ASSERT_TRUE(cluster_->set_script({{"rules", broken_image()}, {"faults", slow_writes()}}));
  ASSERT_NO_FATAL_FAILURE(kill_in("reversing"));
  expect_old();
}

// GS-E2E-015: Killed while the last good revision settles again: ends on it.
TEST_F(KillTest, SettlingBack) {
  ASSERT_NO_FATAL_FAILURE(release_broken());
  ASSERT_NO_FATAL_FAILURE(kill_in("settling_back"));
  expect_old();
}

// GS-E2E-016: Killed while neither forward nor back works: ends on the last good revision once it can.
TEST_F(KillTest, Stuck) {
  ASSERT_NO_FATAL_FAILURE(release_broken());
  ASSERT_TRUE(cluster_->set_script(
      {{"rules", broken_image()},
       {"faults", base::Json::array({{{"match", {{"method", "PATCH"}, {"path_glob", "*/deployments/*"}}},
                                      {"fault", {{"status", 400}, {"message", "no"}}}}})}}));
  ASSERT_NO_FATAL_FAILURE(kill_in("stuck"));
  expect_old();
}

class KillFirstTest : public E2eTest {};

// GS-E2E-017: Killed while a failed first deployment is taken away again: it goes, whole.
TEST_F(KillFirstTest, Removing) {
  ASSERT_TRUE(cluster_->set_script({{"rules", broken_image()}}));
  release("1.0.0", shop("1.0.0", config_map("fresh"), "registry.test/broken"));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_deployment("settling")) << tell();
  ASSERT_TRUE(cluster_->set_script(
      {{"rules", broken_image()}, {"faults", base::Json::array({delay("DELETE", "*", 10'000)})}}));
  ASSERT_TRUE(await_deployment("reversing")) << tell();
  agent_->kill_hard();
  ASSERT_TRUE(cluster_->set_script({{"rules", broken_image()}}));
  ASSERT_TRUE(start_agent());
  ASSERT_TRUE(await_state("failed")) << tell();
  EXPECT_EQ(live_version(), "");
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/fresh").is_object());
  expect_complete_history();
}

}  // namespace
}  // namespace gridseal::test
