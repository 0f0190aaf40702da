// The built program, run as a user would.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.hpp"
#include "config/last_valid.hpp"
#include "support/program.hpp"
#include "unit/history/fixture.hpp"

namespace gridseal::cli {
namespace {

test::Ran run(const std::string& arguments) {
  return test::run_program("NO_COLOR=1 '" GRIDSEAL_PROGRAM "' " + arguments);
}

class ProgramTest : public history::HistoryTest {
 protected:
  std::string directories() const {
    return "--config-dir '" + folder_ + "/etc' --state-dir '" + folder_ + "' --socket '" + folder_ +
           "/none.sock' ";
  }
};

// GS-CLI-016: Wrong arguments end with 2 and a sentence.
TEST_F(ProgramTest, ArgumentErrors) {
  for (const char* arguments :
       {"", "nonsense", "show", "artifact", "artifact build", "verify", "permit pump", "status --output yaml",
        "history -n 0", "permit pump --digest sha256:1 --version 1 --reason x"}) {
    const test::Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    EXPECT_FALSE(ran.output.empty()) << arguments;
  }
}

// GS-CLI-028: A word that is no command is named, with those that are; after `-o json` errors of arguments
// are JSON too.
TEST_F(ProgramTest, ArgumentErrorsSayWhatIsWrong) {
  const test::Ran unknown = run("stauts");
  EXPECT_EQ(
      unknown.output.find("gridseal: 'stauts' is no command of gridseal; the commands are status, history, "),
      0U)
      << unknown.output;
  EXPECT_NE(unknown.output.find("(usage)\n  'gridseal --help' says"), std::string::npos) << unknown.output;
  EXPECT_NE(run("config chekc")
                .output.find("'chekc' is no command of gridseal config; the commands are check, show"),
            std::string::npos);
  EXPECT_NE(run("--bogus").output.find("--bogus is no option here"), std::string::npos);
  EXPECT_NE(run("status --bogus").output.find("--bogus"), std::string::npos);
  EXPECT_NE(run("").output.find("gridseal needs a command: status, "), std::string::npos);
  for (const char* arguments :
       {"-o json", "stauts -o json", "permit pump --output json", "history -n 0 --output=json"}) {
    const test::Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2) << arguments;
    auto document = base::parse_json(ran.output);
    ASSERT_TRUE(document) << ran.output;
    EXPECT_EQ((*document)["error"]["code"], "usage") << arguments;
  }
}

// GS-CLI-017: Help and version end with 0; the help says what exit codes mean.
TEST_F(ProgramTest, HelpAndVersion) {
  EXPECT_EQ(run("version").code, 0);
  const test::Ran help = run("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.output.find("Exit codes"), std::string::npos);
  auto version = base::parse_json(run("version -o json").output);
  ASSERT_TRUE(version);
  EXPECT_TRUE((*version)["version"].is_string());
}

// GS-CLI-018: With a dead daemon, status ends with 3 and still shows what was recorded.
TEST_F(ProgramTest, StatusOfDeadDaemon) {
  EXPECT_EQ(run(directories() + "status").code, 3);
  reopen();
  ASSERT_TRUE(history_->set_component_state("pump", "refused", "key.wrong", "not signed by a pinned key"));
  history_.reset();
  const test::Ran ran = run(directories() + "status");
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.output.find("gridseald is not running"), std::string::npos);
  EXPECT_NE(ran.output.find("not signed by a pinned key"), std::string::npos);
}

// GS-CLI-019: What only the daemon can do ends with 3 and says how to start it.
TEST_F(ProgramTest, ActionsNeedTheDaemon) {
  for (const char* action : {"reconcile", "permit pump --version 1 --reason test"}) {
    const test::Ran ran = run(directories() + action);
    EXPECT_EQ(ran.code, 3) << action;
    EXPECT_NE(ran.output.find("agent.not_running"), std::string::npos) << ran.output;
  }
}

// GS-CLI-031: Who may not read the state is told so with 4, not that there is none.
TEST_F(ProgramTest, StateThatIsClosed) {
  reopen();
  history_.reset();
  ASSERT_EQ(::chmod(folder_.c_str(), 0), 0);
  const std::string as = ::geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : "";
  const test::Ran ran =
      test::run_program(as + "env NO_COLOR=1 '" GRIDSEAL_PROGRAM "' --config-dir /nowhere --state-dir '" +
                        folder_ + "' --socket /nowhere.sock history");
  ASSERT_EQ(::chmod(folder_.c_str(), 0750), 0);
  EXPECT_EQ(ran.code, 4);
  EXPECT_NE(ran.output.find("may not read"), std::string::npos) << ran.output;
}

// GS-CLI-020: History and show answer from the disk; an unknown name ends with 2.
TEST_F(ProgramTest, HistoryFromDisk) {
  reopen();
  auto id = history_->begin_deployment(history::deploy('1'));
  ASSERT_TRUE(id);
  history_.reset();
  EXPECT_EQ(run(directories() + "history").code, 0);
  EXPECT_EQ(run(directories() + "history --audit").code, 0);
  EXPECT_EQ(run(directories() + "show " + std::to_string(*id)).code, 0);
  EXPECT_EQ(run(directories() + "show 9.9.9").code, 2);
}

// GS-CLI-021: config check ends with 1 when the settings are wrong, and names the file.
TEST_F(ProgramTest, ConfigCheck) {
  ASSERT_TRUE(files_.make_directories(folder_ + "/etc", 0755));
  ASSERT_TRUE(base::write_file(files_, folder_ + "/etc/agent.toml", "[site]\nnaem = \"x\"\n"));
  const test::Ran ran = run(directories() + "config check");
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.output.find("agent.toml:2"), std::string::npos) << ran.output;
}

// GS-CLI-030: config check also finds what only the registry's client can judge, with its place.
TEST_F(ProgramTest, ConfigCheckOfComponents) {
  const std::string etc = folder_ + "/etc";
  ASSERT_TRUE(files_.make_directories(etc + "/trust/keys", 0755));
  ASSERT_TRUE(base::write_file(
      files_, etc + "/agent.toml",
      "[site]\nname = \"x\"\n[registry.mirror]\nurl = \"https://mirror.test\"\nca = \"ca.crt\"\n"
      "[trust.policy.release]\nkeys = [\"release.pub\"]\n[kubernetes]\nkubeconfig = \"kubeconfig\"\n"
      "[component.pump]\nrepository = \"../pump\"\nsemver = \">=banana\"\ntag_filter = \"(\"\n"
      "ceiling.namespaces = [\"pumps\"]\n"));
  const test::Ran ran = run(directories() + "config check");
  EXPECT_EQ(ran.code, 1) << ran.output;
  for (const char* place :
       {"agent.toml:11:1: component.pump.repository: ", "agent.toml:12:1: component.pump.semver: ",
        "agent.toml:13:1: component.pump.tag_filter: "})
    EXPECT_NE(ran.output.find(place), std::string::npos) << ran.output;
}

// GS-CLI-029: While the settings are wrong, the last valid ones say where the daemon is and whose site this
// is.
TEST_F(ProgramTest, WrongSettingsWithALastValidCopy) {
  const std::string etc = folder_ + "/etc";
  ASSERT_TRUE(files_.make_directories(etc + "/trust/keys", 0755));
  ASSERT_TRUE(base::write_file(files_, etc + "/agent.toml",
                               "[site]\nname = \"pump-station-7\"\n[control]\nsocket = \"" + folder_ +
                                   "/own.sock\"\n[kubernetes]\nkubeconfig = \"kubeconfig\"\n"));
  ASSERT_TRUE(config::load_or_last_valid(files_, etc, folder_));
  ASSERT_TRUE(base::write_file(files_, etc + "/agent.toml", "[site]\nnaem = \"x\"\n"));
  reopen();
  history_.reset();
  const std::string where = "--config-dir '" + etc + "' --state-dir '" + folder_ + "' ";
  const test::Ran status = run(where + "status");
  EXPECT_EQ(status.code, 3);
  EXPECT_NE(status.output.find("agent.toml:2:1: site.naem: unknown key"), std::string::npos) << status.output;
  EXPECT_NE(status.output.find("(site pump-station-7, "), std::string::npos) << status.output;
  EXPECT_NE(run(where + "reconcile").output.find(folder_ + "/own.sock"), std::string::npos);
}

// GS-CLI-022: Built, signed and judged from a layout: 0 verified, 1 with another key, 2 when nothing is
// there.
TEST_F(ProgramTest, PublishAndVerify) {
  const std::string in = folder_ + "/in";
  ASSERT_TRUE(files_.make_directories(in, 0755));
  ASSERT_TRUE(base::write_file(files_, in + "/a.yaml",
                               "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: pumps}\n"));
  const std::string layout = "oci-layout:" + folder_ + "/layout";
  const std::string key = folder_ + "/release";
  ASSERT_EQ(run("artifact keygen --output " + key).code, 0);
  ASSERT_EQ(run("artifact keygen --output " + folder_ + "/other").code, 0);
  const test::Ran built = run("artifact build --path " + in + " --component pump --version 1.0.0 --output " +
                              folder_ + "/layout");
  ASSERT_EQ(built.code, 0) << built.output;
  EXPECT_EQ(run("verify " + layout + " --key " + key + ".pub").code, 1);
  ASSERT_EQ(run("artifact sign --bundle --key " + key + ".key " + layout).code, 0);
  const test::Ran good = run("verify " + layout + " --key " + key + ".pub --component pump");
  EXPECT_EQ(good.code, 0) << good.output;
  EXPECT_NE(good.output.find("✓ signature"), std::string::npos) << good.output;
  EXPECT_EQ(run("verify " + layout + " --key " + folder_ + "/other.pub").code, 1);
  EXPECT_EQ(run("verify " + layout + " --key " + key + ".pub --component sibling").code, 1);
  EXPECT_EQ(run("verify oci-layout:" + folder_ + "/none --key " + key + ".pub").code, 2);
}

// GS-CLI-350: Of a trust bundle it is said who signed it as what: root, deny or endorse role.
TEST_F(ProgramTest, TrustBundleSaysWhichRoleSigned) {
  for (const char* name : {"anna", "bob", "eve"})
    ASSERT_EQ(run("artifact keygen --output " + folder_ + "/" + name).code, 0);
  const std::string bundle = folder_ + "/trust.json";
  const std::string change = "trust bundle add " + bundle;
  ASSERT_EQ(run("trust bundle init " + bundle + " --root anna=" + folder_ + "/anna.pub").code, 0);
  ASSERT_EQ(run(change + " --key bob=" + folder_ + "/bob.pub --role deny").code, 0);
  const auto sign = [&](const std::string& name) {
    return run("trust bundle sign " + bundle + " --key " + folder_ + "/" + name + ".key").output;
  };
  EXPECT_NE(sign("eve").find("signed by 0 of its root (1 needed)"), std::string::npos);
  const std::string denier = sign("bob");
  EXPECT_NE(denier.find("signed by 1 of its deny role: bob (1 needed)\n"), std::string::npos) << denier;
  const std::string both = sign("anna");
  EXPECT_NE(both.find("signed by 1 of its root: anna (1 needed), 1 of its deny role: bob (1 needed)\n"),
            std::string::npos)
      << both;
}

// GS-CLI-351: `trust check` says so when every key of a policy is denied.
TEST_F(ProgramTest, TrustCheckOfDeniedKeys) {
  const std::string etc = folder_ + "/etc";
  ASSERT_TRUE(files_.make_directories(etc + "/trust/keys", 0755));
  ASSERT_EQ(run("artifact keygen --output " + etc + "/trust/keys/release").code, 0);
  ASSERT_TRUE(files_.remove(etc + "/trust/keys/release.key"));
  ASSERT_TRUE(base::write_file(files_, etc + "/agent.toml",
                               "[site]\nname = \"x\"\n[registry.mirror]\nurl = \"https://mirror.test\"\n"
                               "[trust.policy.release]\nkeys = [\"release.pub\"]\n"
                               "[component.pump]\nrepository = \"pump\"\ntag = \"stable\"\n"
                               "ceiling.namespaces = [\"pumps\"]\n"));
  const test::Ran good = run(directories() + "trust check");
  EXPECT_EQ(good.code, 0) << good.output;
  EXPECT_NE(good.output.find("Trust can be used as it is."), std::string::npos) << good.output;
  const auto listed = base::parse_json(run(directories() + "trust list -o json").output);
  ASSERT_TRUE(listed);
  ASSERT_TRUE(files_.make_directories(folder_ + "/trust", 0755));
  ASSERT_TRUE(base::write_file(
      files_, folder_ + "/trust/local-denials.json",
      R"({"denied":{"keys":[{"id":")" + (*listed)["keys"][0]["id"].get<std::string>() + R"("}]}})"));
  const test::Ran denied = run(directories() + "trust check");
  EXPECT_EQ(denied.code, 1) << denied.output;
  EXPECT_NE(denied.output.find("policy release: nothing can verify any more: "), std::string::npos)
      << denied.output;
  EXPECT_EQ(denied.output.find("can be used"), std::string::npos) << denied.output;
}

}  // namespace
}  // namespace gridseal::cli
