// Settings: reloaded, wrong, held; two daemons; who may do what.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>

#include "base/files.hpp"
#include "e2e/e2e_fixture.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kWrong = "[site]\nenviroment = \"staging\"\n";
constexpr const char* kWhere = "/etc/conf.d/wrong.toml:2:1: site.enviroment";

class SettingsTest : public E2eTest {
 protected:
  void run_first() {
    release("1.0.0", shop("1.0.0"));
    ASSERT_TRUE(start_agent());
    ASSERT_TRUE(await_running("1.0.0")) << tell();
  }
  bool logged(const std::string& text) {
    return await([&] { return agent_->log().find(text) != std::string::npos; });
  }
};

// GS-E2E-020: SIGHUP brings a new component into use without a restart.
TEST_F(SettingsTest, SighupTakesNewSettings) {
  ASSERT_NO_FATAL_FAILURE(run_first());
  promote(publish("2.0.0", config_map("billing"), "billing"), "billing");
  put_settings("billing", component_toml("billing", "billing"));
  agent_->forget_told();
  agent_->signal(SIGHUP);
  ASSERT_TRUE(agent_->await_told("RELOADING=1"));
  ASSERT_TRUE(agent_->await_told("READY=1"));
  ASSERT_TRUE(await_running("2.0.0", "billing")) << tell();
  EXPECT_EQ(at(status(), "/state"), "healthy");
}

// GS-E2E-021: SIGHUP with wrong settings: the old ones go on, one line says file, line, column and key.
TEST_F(SettingsTest, SighupWithWrongSettings) {
  ASSERT_NO_FATAL_FAILURE(run_first());
  put_settings("wrong", kWrong);
  agent_->forget_told();
  agent_->signal(SIGHUP);
  ASSERT_TRUE(agent_->await_told("RELOADING=1"));
  ASSERT_TRUE(agent_->await_told("READY=1"));
  EXPECT_TRUE(logged(kWhere)) << agent_->log();
  EXPECT_TRUE(agent_->alive());
  release("1.1.0", shop("1.1.0"));
  EXPECT_TRUE(await_running("1.1.0")) << tell();
}

// GS-E2E-022: Started with wrong settings it runs held on the last valid ones: it says so and changes
// nothing, until they are right.
TEST_F(SettingsTest, StartsHeldOnTheLastValidSettings) {
  ASSERT_NO_FATAL_FAILURE(run_first());
  agent_->signal(SIGTERM);
  ASSERT_EQ(agent_->await_exit(), 0);
  put_settings("wrong", kWrong);
  release("1.1.0", shop("1.1.0"));
  ASSERT_TRUE(start_agent());
  const base::Json document = json_of("status");
  ASSERT_TRUE(document.is_object());
  ASSERT_TRUE(at(document, "/agent/held").is_string()) << document.dump(2);
  EXPECT_NE(at(document, "/agent/held").dump().find(kWhere), std::string::npos);
  ASSERT_TRUE(await_state("held")) << tell();
  EXPECT_EQ(gridseal("status").code, 1);
  EXPECT_EQ(live_version(), "1.0.0");
  std::filesystem::remove(directory_ + "/etc/conf.d/wrong.toml");
  agent_->signal(SIGHUP);
  EXPECT_TRUE(await_running("1.1.0")) << tell();
  EXPECT_TRUE(at(json_of("status"), "/agent/held").is_null());
}

// GS-E2E-023: Started with wrong settings and no valid copy it ends with EX_CONFIG and says where to look.
TEST_F(SettingsTest, EndsWithoutAnyValidSettings) {
  put_settings("wrong", kWrong);
  agent_->start();
  EXPECT_EQ(agent_->await_exit(), 78);
  EXPECT_NE(agent_->log().find(kWhere), std::string::npos) << agent_->log();
  EXPECT_FALSE(agent_->was_told("READY=1"));
}

// GS-E2E-026: Started with settings that say nothing yet, as a package brings them, it runs idle and says
// what to do; a reload takes it to work.
TEST_F(SettingsTest, StartsIdleWhenNothingIsSetUp) {
  const std::string settings = base::read_file(base::system_files(), directory_ + "/etc/agent.toml").value();
  put("etc/agent.toml", "# [site]\n# name = \"pump-station-7\"\n");
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(agent_->listen(directory_ + "/control.sock"));
  ASSERT_TRUE(start_agent()) << agent_->log();
  const base::Json document = json_of("status");
  EXPECT_EQ(at(document, "/agent/running"), true);
  EXPECT_NE(at(document, "/agent/held").dump().find("nothing is set up yet"), std::string::npos);
  EXPECT_EQ(gridseal("config check").code, 1);
  put("etc/agent.toml", settings);
  agent_->signal(SIGHUP);
  EXPECT_TRUE(await_running("1.0.0")) << tell();
}

// GS-E2E-027: On a socket that systemd listens on, a question asked while the agent is dead is answered by
// the next one.
TEST_F(SettingsTest, AdoptedSocketOutlivesTheAgent) {
  release("1.0.0", shop("1.0.0"));
  ASSERT_TRUE(agent_->listen(directory_ + "/control.sock"));
  ASSERT_TRUE(start_agent()) << agent_->log();
  ASSERT_TRUE(await_running("1.0.0")) << tell();
  agent_->kill_hard();
  auto asked = std::async(std::launch::async, [this] { return gridseal("status"); });
  ASSERT_TRUE(start_agent()) << agent_->log();
  EXPECT_EQ(asked.get().code, 0);
  EXPECT_EQ(at(json_of("status"), "/agent/running"), true);
}

// GS-E2E-024: A second daemon on the same state ends with EX_TEMPFAIL and names the first one.
TEST_F(SettingsTest, SecondDaemonOnTheSameState) {
  ASSERT_TRUE(start_agent());
  std::filesystem::create_directories(directory_ + "/second");
  AgentProcess second(directory_ + "/second", directory_ + "/etc", directory_ + "/state");
  second.start();
  EXPECT_EQ(second.await_exit(), 75);
  EXPECT_NE(second.log().find("another gridseald (process "), std::string::npos) << second.log();
  EXPECT_TRUE(agent_->alive());
  EXPECT_EQ(at(json_of("status"), "/agent/running"), true);
}

// GS-E2E-025: Who may only read cannot act. As root this asks as the user nobody; as anybody else it asks as
// the agent's own user, who may.
TEST_F(SettingsTest, ReadersMayNotAct) {
  const bool root = ::geteuid() == 0;
  if (root) {
    const std::string file = directory_ + "/etc/agent.toml";
    auto text = base::read_file(base::system_files(), file).value();
    text.replace(text.find("[control]\n"), 10, "[control]\nread_group = \"nogroup\"\n");
    put("etc/agent.toml", text);
  }
  ASSERT_TRUE(start_agent());
  const std::string nobody =
      root ? "setpriv --reuid=nobody --regid=nogroup --clear-groups env NO_COLOR=1" : "";
  const Ran look = gridseal("history", nobody);
  EXPECT_EQ(look.code, 0) << look.output;
  const Ran act = gridseal("reconcile", nobody);
  EXPECT_EQ(act.code, root ? 4 : 0) << act.output;
  EXPECT_EQ(act.output.find("control.forbidden") != std::string::npos, root) << act.output;
  EXPECT_EQ(gridseal("reconcile").code, 0);
}

}  // namespace
}  // namespace gridseal::test
