#include "config/last_valid.hpp"

#include <gtest/gtest.h>

#include "support/faults/faulty_files.hpp"
#include "unit/config/sources.hpp"

namespace gridseal::config {
namespace {

class LastValid : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string root = ::testing::TempDir() + "gs_last_valid_" +
                             ::testing::UnitTest::GetInstance()->current_test_info()->name();
    etc_ = root + "/etc";
    state_ = root + "/state";
    ASSERT_TRUE(files_.remove_tree(root));
    ASSERT_TRUE(files_.make_directories(etc_, 0755));
    ASSERT_TRUE(files_.make_directories(state_, 0755));
    write(kLeast);
  }

  void write(const std::string& text) { ASSERT_TRUE(base::write_file(files_, etc_ + "/agent.toml", text)); }

  base::Files& files_ = base::system_files();
  std::string etc_;
  std::string state_;
};

// GS-CONFIG-030: with wrong settings at start the agent is held on the last valid copy and says why.
TEST_F(LastValid, HeldOnTheCopy) {
  auto good = load_or_last_valid(files_, etc_, state_);
  ASSERT_TRUE(good);
  EXPECT_FALSE(good->held);
  EXPECT_FALSE(good->not_kept);

  write(kLeast + "intervall = \"1m\"\n");
  auto held = load_or_last_valid(files_, etc_, state_);
  ASSERT_TRUE(held);
  ASSERT_TRUE(held->held);
  EXPECT_EQ(held->held->list.front().key, "component.pump.intervall");
  EXPECT_EQ(held->loaded.settings.site.name, "s7");
  EXPECT_EQ(held->loaded.settings.trust.directory, etc_ + "/trust");

  write(least_with("s7", "s8"));
  auto repaired = load_or_last_valid(files_, etc_, state_);
  ASSERT_TRUE(repaired);
  EXPECT_FALSE(repaired->held);
  EXPECT_EQ(repaired->loaded.settings.site.name, "s8");
}

// GS-CONFIG-031: settings that are gone count as wrong ones.
TEST_F(LastValid, HeldWhenTheFileIsGone) {
  ASSERT_TRUE(load_or_last_valid(files_, etc_, state_));
  ASSERT_TRUE(files_.remove(etc_ + "/agent.toml"));
  auto held = load_or_last_valid(files_, etc_, state_);
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->held);
}

// GS-CONFIG-032: wrong settings without a last valid copy, or with a damaged one, are an error.
TEST_F(LastValid, NoCopy) {
  write("[site\n");
  EXPECT_FALSE(load_or_last_valid(files_, etc_, state_));
  ASSERT_TRUE(files_.make_directories(state_ + "/config", 0755));
  for (const auto* damaged : {"", "{", "{}", R"({"directory":"/etc","files":[{"name":"agent.toml"}]})",
                              R"({"directory":"/etc","files":[{"name":"agent.toml","text":"[site"}]})"}) {
    ASSERT_TRUE(base::write_file(files_, state_ + "/config/last-valid.json", damaged));
    EXPECT_FALSE(load_or_last_valid(files_, etc_, state_)) << damaged;
  }
}

// GS-CONFIG-033: the copy is written only when the settings changed.
TEST_F(LastValid, WrittenOnlyWhenChanged) {
  ASSERT_TRUE(load_or_last_valid(files_, etc_, state_));
  test::Fuse fuse(0);
  test::FaultyFiles none(files_, fuse);
  auto same = load_or_last_valid(none, etc_, state_);
  ASSERT_TRUE(same);
  EXPECT_FALSE(same->not_kept);
  EXPECT_EQ(fuse.used(), 0U);
}

// GS-CONFIG-075: settings without any key, as a package brings them, are one problem that says what to do;
// without a valid copy the agent starts idle, and a copy is not made of that.
TEST_F(LastValid, IdleWhenNothingIsSetUp) {
  write("# [site]\n# name = \"s7\"\n");
  auto checked = load(files_, etc_);
  ASSERT_FALSE(checked);
  EXPECT_TRUE(checked.error().blank);
  EXPECT_EQ(checked.error().to_error().code(), "config.invalid");
  EXPECT_NE(checked.error().to_string().find(etc_ + "/agent.toml: nothing is set up yet"), std::string::npos);

  for (int start = 0; start < 2; ++start) {
    auto idle = load_or_last_valid(files_, etc_, state_);
    ASSERT_TRUE(idle);
    ASSERT_TRUE(idle->held);
    EXPECT_TRUE(idle->held->blank);
    EXPECT_TRUE(idle->loaded.settings.components.empty());
    EXPECT_EQ(idle->loaded.settings.control.socket, "/run/gridseal/control.sock");
  }
  write(kLeast);
  ASSERT_TRUE(load_or_last_valid(files_, etc_, state_));
  write("");
  auto held = load_or_last_valid(files_, etc_, state_);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->loaded.settings.site.name, "s7");
}

// GS-CONFIG-034: a cut or a full disk at any write leaves the old copy or the new one, and good settings stay
// good.
TEST_F(LastValid, CutAtEveryWrite) {
  ASSERT_TRUE(load_or_last_valid(files_, etc_, state_));
  int site = 8;
  for (uint64_t effects = 0;; ++effects, ++site) {
    const std::string before = "s" + std::to_string(site - 1);
    const std::string after = "s" + std::to_string(site);
    ASSERT_TRUE(base::write_file(files_, etc_ + "/agent.toml", least_with("s7", before)));
    ASSERT_TRUE(load_or_last_valid(files_, etc_, state_));
    ASSERT_TRUE(base::write_file(files_, etc_ + "/agent.toml", least_with("s7", after)));
    test::Fuse fuse(effects);
    test::FaultyFiles faulty(files_, fuse, "files.no_space");
    auto cut = load_or_last_valid(faulty, etc_, state_);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->loaded.settings.site.name, after);
    EXPECT_EQ(cut->not_kept.has_value(), fuse.blown());
    if (!fuse.blown()) break;

    ASSERT_TRUE(base::write_file(files_, etc_ + "/agent.toml", "[site"));
    auto held = load_or_last_valid(files_, etc_, state_);
    ASSERT_TRUE(held) << effects;
    const auto& name = held->loaded.settings.site.name;
    EXPECT_TRUE(name == before || name == after) << effects << " " << name;
  }
}

}  // namespace
}  // namespace gridseal::config
