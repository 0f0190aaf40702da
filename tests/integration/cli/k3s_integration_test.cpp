// `gridseal k3s setup` against the simulated cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "support/kubesim_process/kubesim_process.hpp"
#include "support/program.hpp"

namespace gridseal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSettings = R"([site]
name = "test"
[registry.mirror]
url = "https://mirror.example"
[trust]
directory = "trust"
[trust.policy.release]
keys = ["release.pub"]
[component.shop]
registry = "mirror"
repository = "team/shop"
tag = "stable"
policy = "release"
ceiling.namespaces = ["shop"]
[kubernetes]
kubeconfig = "kubeconfig"
)";

class K3sSetupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        ::testing::TempDir() + "gs_k3s_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(files_.remove_tree(folder_));
    for (const char* name : {"cluster", "etc"})
      ASSERT_TRUE(files_.make_directories(folder_ + "/" + name, 0755));
    ASSERT_TRUE(base::write_file(files_, folder_ + "/etc/agent.toml", kSettings, 0644));
    std::string why;
    cluster_ = test::KubesimProcess::start(folder_ + "/cluster", {}, 20, why);
    ASSERT_TRUE(cluster_) << why;
  }
  void TearDown() override {
    cluster_.reset();
    ASSERT_TRUE(files_.remove_tree(folder_));
  }
  test::Ran run(const std::string& arguments) const {
    return test::run_program("NO_COLOR=1 '" GRIDSEAL_PROGRAM "' --config-dir " + folder_ +
                             "/etc --state-dir " + folder_ + "/state k3s setup " + arguments);
  }
  std::string admin() const { return "--kubeconfig " + cluster_->kubeconfig() + " "; }

  base::Files& files_ = base::system_files();
  std::string folder_;
  std::unique_ptr<test::KubesimProcess> cluster_;
};

// GS-CLI-310: k3s setup says what it will do and what it did, as a table and as JSON, and never shows the
// token; with --dry-run nothing changes.
TEST_F(K3sSetupTest, SaysWhatItDoes) {
  auto ran = run(admin() + "--dry-run");
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("Nothing was changed"));
  EXPECT_FALSE(files_.stat(folder_ + "/etc/kubeconfig"));

  ran = run(admin());
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("ClusterRole gridseal-component-shop"));
  EXPECT_THAT(ran.output, HasSubstr("systemctl restart gridseald"));
  const auto token = base::read_file(files_, folder_ + "/state/kube/token");
  ASSERT_TRUE(token) << token.error().describe();
  EXPECT_THAT(ran.output, Not(HasSubstr(*token)));

  ran = run(admin() + "-o json");
  EXPECT_EQ(ran.code, 0) << ran.output;
  const auto document = base::parse_json(ran.output);
  ASSERT_TRUE(document && document->contains("dry_run")) << ran.output;
  EXPECT_EQ((*document)["dry_run"], false);
  EXPECT_TRUE((*document)["token_expires"].is_string());
  EXPECT_EQ((*document)["kubeconfig"], folder_ + "/etc/kubeconfig");
}

// GS-CLI-311: exit codes of k3s setup: 1 wrong settings, 2 no usable kubeconfig, 3 no cluster, 4 no right.
TEST_F(K3sSetupTest, ExitCodes) {
  EXPECT_EQ(run("--kubeconfig " + folder_ + "/nothing").code, 2);
  EXPECT_EQ(run(admin() + "--token-lifetime soon").code, 2);
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"faults": [{"match": {"path_glob": "*/clusterroles/*"}, "fault": {"status": 403}}]})")));
  const auto forbidden = run(admin());
  EXPECT_EQ(forbidden.code, 4) << forbidden.output;
  const std::string kubeconfig = cluster_->kubeconfig();
  cluster_->kill();
  const auto unreachable = run("--kubeconfig " + kubeconfig);
  EXPECT_EQ(unreachable.code, 3) << unreachable.output;
  ASSERT_TRUE(base::write_file(files_, folder_ + "/etc/agent.toml", "nonsense = 1\n", 0644));
  EXPECT_EQ(run(admin()).code, 1);
}

}  // namespace
}  // namespace gridseal
