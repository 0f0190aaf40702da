// `gridseal doctor` as a program, against the simulated cluster.
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

constexpr const char* kDoctorSettings = R"([site]
name = "test"
[registry.mirror]
url = "https://127.0.0.1:1"
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

class DoctorProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "gs_doctor_program_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    ASSERT_TRUE(files_.remove_tree(folder_));
    for (const char* name : {"cluster", "etc"})
      ASSERT_TRUE(files_.make_directories(folder_ + "/" + name, 0755));
    ASSERT_TRUE(base::write_file(files_, folder_ + "/etc/agent.toml", kDoctorSettings, 0644));
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
                             "/etc --state-dir " + folder_ + "/state --socket " + folder_ + "/none.sock " +
                             arguments);
  }

  base::Files& files_ = base::system_files();
  std::string folder_;
  std::unique_ptr<test::KubesimProcess> cluster_;
};

// GS-DOCTOR-060: The account that `k3s setup` makes has every right that doctor asks for; one that is taken
// away is named, with the command that gives it back.
TEST_F(DoctorProgramTest, RightsOfTheAccount) {
  auto ran = run("doctor --only cluster");
  EXPECT_EQ(ran.code, 1) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("gridseal k3s setup"));
  ran = run("k3s setup --kubeconfig " + cluster_->kubeconfig());
  ASSERT_EQ(ran.code, 0) << ran.output;
  ran = run("doctor --only cluster");
  EXPECT_EQ(ran.code, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("rights that it needs"));
  ASSERT_EQ(cluster_->send("DELETE",
                           "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/"
                           "gridseal-component-shop",
                           "application/json", "{}"),
            200);
  ran = run("doctor --only cluster -o json");
  EXPECT_EQ(ran.code, 1) << ran.output;
  const auto document = base::parse_json(ran.output);
  ASSERT_TRUE(document && document->contains("checks")) << ran.output;
  EXPECT_EQ((*document)["ready"], false);
  EXPECT_THAT(ran.output, HasSubstr("deployments.apps in the namespace shop"));
  const auto token = base::read_file(files_, folder_ + "/state/kube/token");
  ASSERT_TRUE(token);
  EXPECT_THAT(ran.output, Not(HasSubstr(*token)));
}

// GS-DOCTOR-061: Exit codes: 0 ready, 1 something is wrong, 2 a group that is none. Each line has its id,
// each that is not good its cure; without a network and without an agent it ends all the same.
TEST_F(DoctorProgramTest, ExitCodes) {
  EXPECT_EQ(run("doctor --only nonsense").code, 2);
  EXPECT_EQ(run("doctor --only disk").code, 0) << run("doctor --only disk").output;
  const auto ran = run("doctor");
  EXPECT_EQ(ran.code, 1) << ran.output;
  for (const char* part :
       {"✗ ", "(trust.files)", "(registry.reach)", "(service.agent)", "    → ", "Not ready: "})
    EXPECT_THAT(ran.output, HasSubstr(part));
  EXPECT_EQ(run("doctor --only settings").code, 0);
  ASSERT_TRUE(base::write_file(files_, folder_ + "/etc/agent.toml", "nonsense = 1\n", 0644));
  const auto wrong = run("doctor --only settings");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.output, HasSubstr("agent.toml:1:1"));
}

}  // namespace
}  // namespace gridseal
