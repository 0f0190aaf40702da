// The pinned keys on disk and the policies over them.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "crypto/pem.hpp"
#include "support/signing/signing.hpp"

namespace gridseal::trust {
namespace {

class PolicyTest : public testing::Test {
 protected:
  PolicyTest() {
    std::string pattern = testing::TempDir() + "gridseal-trust-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::mkdir(keys().c_str(), 0755);
  }
  ~PolicyTest() override { std::filesystem::remove_all(root_); }

  std::string keys() const { return root_ + "/keys"; }
  void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    ASSERT_TRUE(base::write_file(base::system_files(), keys() + "/" + name, text, 0644));
    ASSERT_EQ(::chmod((keys() + "/" + name).c_str(), mode), 0);
  }
  std::string code() const {
    const auto state = load_trust(base::system_files(), root_);
    return state ? "" : state.error().code();
  }

  std::string root_;
};

// GS-TRUST-080: all *.pub files are pinned under their names; the generation changes with every change.
TEST_F(PolicyTest, LoadsKeys) {
  const auto empty = load_trust(base::system_files(), root_);
  ASSERT_TRUE(empty);
  write("ci.pub", test::new_key().public_key().to_pem());
  write("release.pub", test::new_key().public_key().to_pem());
  write("README", "not a key");
  const auto two = load_trust(base::system_files(), root_);
  ASSERT_TRUE(two) << two.error().describe();
  ASSERT_EQ(two->keys().size(), 2U);
  EXPECT_NE(two->find_key("ci.pub"), nullptr);
  EXPECT_EQ(two->find_key("ci"), nullptr);
  EXPECT_NE(two->generation(), empty->generation());
  EXPECT_GE(two->generation(), 0);
  write("ci.pub", test::new_key().public_key().to_pem());
  EXPECT_NE(load_trust(base::system_files(), root_)->fingerprint(), two->fingerprint());
  const auto absent = load_trust(base::system_files(), root_ + "/nowhere");
  ASSERT_TRUE(absent);
  EXPECT_TRUE(absent->keys().empty());
}

// GS-TRUST-081: a pin that others could change, or that is a link, is refused.
TEST_F(PolicyTest, Permissions) {
  const std::string pem = test::new_key().public_key().to_pem();
  write("ci.pub", pem, 0666);
  EXPECT_EQ(code(), "trust.permissions");
  write("ci.pub", pem, 0664);
  EXPECT_EQ(code(), "trust.permissions");
  write("ci.pub", pem, 0644);
  EXPECT_EQ(code(), "");
  ::chmod(keys().c_str(), 0777);
  EXPECT_EQ(code(), "trust.permissions");
  ::chmod(keys().c_str(), 0755);
  std::filesystem::create_symlink(keys() + "/ci.pub", keys() + "/link.pub");
  EXPECT_EQ(code(), "trust.permissions");
}

// GS-TRUST-082: a file that is no usable key stops the load and is named.
TEST_F(PolicyTest, UnusableKeyFiles) {
  write("bad.pub", "junk");
  const auto state = load_trust(base::system_files(), root_);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code(), "trust.key_file");
  EXPECT_NE(state.error().describe().find("bad.pub"), std::string::npos);
  write("bad.pub", std::string(70'000, ' '));
  EXPECT_EQ(code(), "files.too_large");
  const std::string pem = test::new_key().public_key().to_pem();
  write("bad.pub", pem);
  write("again.pub", pem);
  EXPECT_EQ(code(), "trust.key_duplicate");
}

// GS-TRUST-083: a policy without a key, or with an unknown one, is an error at start that names it.
TEST_F(PolicyTest, PolicyNeedsPinnedKeys) {
  const auto state = TrustState::from_keys({test::pin("ci.pub", test::new_key().public_key())});
  ASSERT_TRUE(state);
  const auto empty = make_policy(*state, {"release", {}, {}});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code(), "trust.policy_empty");
  const auto unknown = make_policy(*state, {"release", {"ci.pub", "cd.pub"}, {}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "trust.key_unknown");
  EXPECT_NE(unknown.error().message().find("cd.pub"), std::string::npos);
  const auto twice = make_policy(*state, {"release", {"ci.pub", "ci.pub"}, {}});
  ASSERT_TRUE(twice);
  EXPECT_EQ(std::get<KeyAuthority>(twice->authorities().front().rule).keys.size(), 1U);
}

// GS-TRUST-420: a policy whose keys are all denied can verify nothing, and one that still has enough can; a
// denial of what was signed later leaves the older.
TEST(Policies, EveryKeyDenied) {
  const auto one = test::new_key().public_key();
  const auto two = test::new_key().public_key();
  auto state = *TrustState::from_keys({test::pin("one.pub", one), test::pin("two.pub", two)});
  const auto policy = make_policy(state, {.name = "release", .keys = {"one.pub", "two.pub"}});
  ASSERT_TRUE(policy) << policy.error().describe();
  const auto denying = [](std::vector<DeniedKey> keys) { return Denials({.keys = std::move(keys)}); };
  EXPECT_TRUE(check_not_denied(*policy, {}));
  EXPECT_TRUE(check_not_denied(*policy, denying({{one.fingerprint()}})));
  EXPECT_TRUE(check_not_denied(*policy, denying({{one.fingerprint()}, {two.fingerprint(), base::Time{}}})));
  const auto all = check_not_denied(*policy, denying({{one.fingerprint()}, {two.fingerprint()}}));
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code(), "trust.denied_key");
}

}  // namespace
}  // namespace gridseal::trust
