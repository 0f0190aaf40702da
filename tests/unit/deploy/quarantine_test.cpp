#include "deploy/quarantine.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"

namespace gridseal::deploy {
namespace {

class QuarantineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = ::testing::TempDir() + "gs_quarantine_" + test->name();
    ASSERT_TRUE(files_.remove_tree(root_));
    ASSERT_TRUE(files_.make_directories(root_, 0755));
  }
  void TearDown() override { ASSERT_TRUE(files_.remove_tree(root_)); }

  std::unique_ptr<Quarantine> open() {
    auto quarantine = Quarantine::open(files_, base::null_log(), root_);
    EXPECT_TRUE(quarantine);
    return std::move(*quarantine);
  }
  static Refusal refusal(int number, const std::string& code = "sig.missing") {
    const std::string name = std::to_string(number);
    return {"shop:" + name,
            crypto::sha256(name),
            "stick",
            code,
            "nobody signed it",
            "pending",
            base::Time(std::chrono::hours(number))};
  }

  base::Files& files_ = base::system_files();
  std::string root_;
};

// GS-MEDIA-050: What was refused is remembered with its reason across a restart, the same thing once, at most
// a hundred; what is taken after all goes.
TEST_F(QuarantineTest, RemembersWhatWasRefused) {
  auto quarantine = open();
  EXPECT_FALSE(quarantine->sentence());
  ASSERT_TRUE(quarantine->note({refusal(1), refusal(2), refusal(1, "trust.denied")}, {}));
  Refusal again = refusal(1);
  again.medium = "another stick";
  ASSERT_TRUE(quarantine->note({again}, {}));
  quarantine = open();
  ASSERT_EQ(quarantine->all().size(), 3U);
  EXPECT_EQ(quarantine->all().back().medium, "another stick");
  EXPECT_EQ(quarantine->all().back().code, "sig.missing");
  EXPECT_NE(quarantine->sentence()->find("shop:1 (sig.missing)"), std::string::npos)
      << *quarantine->sentence();

  ASSERT_TRUE(quarantine->note({}, {crypto::sha256("1")}));
  quarantine = open();
  ASSERT_EQ(quarantine->all().size(), 1U);
  EXPECT_EQ(quarantine->all()[0].digest, crypto::sha256("2"));

  for (int i = 0; i < 150; ++i) ASSERT_TRUE(quarantine->note({refusal(1000 + i)}, {}));
  ASSERT_EQ(quarantine->all().size(), Quarantine::kMost);
  EXPECT_EQ(quarantine->all().back().digest, crypto::sha256("1149"));
  EXPECT_EQ(open()->all().size(), Quarantine::kMost);
}

// GS-MEDIA-051: A damaged record is set aside and begun anew; texts of a medium cannot reach a terminal.
TEST_F(QuarantineTest, ADamagedRecordIsSetAside) {
  ASSERT_TRUE(base::write_file(files_, root_ + "/quarantine.json", "{\"refused\": [", 0640));
  auto quarantine = open();
  EXPECT_TRUE(quarantine->all().empty());
  EXPECT_TRUE(files_.stat(root_ + "/quarantine.json.damaged"));
  Refusal harmful = refusal(1);
  harmful.what = "\x1b]0;owned\x07" + std::string(5'000, 'x');
  ASSERT_TRUE(quarantine->note({harmful}, {}));
  EXPECT_EQ(quarantine->all()[0].what.find('\x1b'), std::string::npos);
  EXPECT_LT(quarantine->all()[0].what.size(), 1'100U);
}

}  // namespace
}  // namespace gridseal::deploy
