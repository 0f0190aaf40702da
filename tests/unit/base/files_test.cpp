#include "base/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "support/faults/faulty_files.hpp"

namespace gridseal::base {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string pattern = testing::TempDir() + "gridseal-files-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~FilesTest() override { std::filesystem::remove_all(root_); }
  std::string at(const std::string& name) const { return root_ + "/" + name; }

  Files& files_ = system_files();
  std::string root_;
};

// GS-BASE-050: a file that is written reads back, with its permissions, and nothing temporary stays.
TEST_F(FilesTest, WriteAndRead) {
  ASSERT_TRUE(write_file(files_, at("f"), "one", 0600));
  ASSERT_TRUE(write_file(files_, at("f"), "two", 0600));
  EXPECT_EQ(*read_file(files_, at("f")), "two");
  EXPECT_EQ(files_.stat(at("f"))->mode & 077U, 0U);
  EXPECT_EQ(files_.list(root_)->size(), 1U);
  ASSERT_TRUE(write_file(files_, at("empty"), ""));
  EXPECT_EQ(*read_file(files_, at("empty")), "");
}

// GS-BASE-059: a file of more than 4 GiB from after 2038 has its size and time, and reads behind both limits.
TEST_F(FilesTest, BeyondThirtyTwoBits) {
  constexpr uint64_t kSize = uint64_t{5} << 30U;
  ASSERT_TRUE(write_file(files_, at("large"), ""));
  std::filesystem::resize_file(at("large"), kSize);  // a hole: takes no space
  auto end = files_.open_output(at("large"), WriteMode::append, 0600);
  ASSERT_TRUE(end);
  ASSERT_TRUE((*end)->write("end"));
  ASSERT_TRUE((*end)->sync());
  const timespec late[2] = {{4'294'967'296, 0}, {4'294'967'296, 0}};  // 2106-02-07T06:28:16Z
  ASSERT_EQ(::utimensat(AT_FDCWD, at("large").c_str(), late, 0), 0);
  const auto info = files_.stat(at("large"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size, kSize + 3);
  struct stat raw {};  // a file system may know no such time; what it knows is not lost
  ASSERT_EQ(::stat(at("large").c_str(), &raw), 0);
  EXPECT_EQ(info->modified.time_since_epoch().count(), int64_t{raw.st_mtim.tv_sec} * 1000);
  auto file = files_.open_input(at("large"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), kSize + 3);
  std::array<char, 8> bytes{};
  EXPECT_EQ((*file)->read_at(kSize, bytes.data(), bytes.size()), 3U);
  EXPECT_STREQ(bytes.data(), "end");
}

// GS-BASE-051: reading is bounded, absent files say so.
TEST_F(FilesTest, ReadLimits) {
  ASSERT_TRUE(write_file(files_, at("f"), std::string(100, 'x')));
  EXPECT_TRUE(read_file(files_, at("f"), 100));
  EXPECT_EQ(read_file(files_, at("f"), 99).error().code(), "files.too_large");
  EXPECT_TRUE(is_not_found(read_file(files_, at("absent")).error()));
  EXPECT_FALSE(read_file(files_, root_));
}

// GS-BASE-052: wherever the power goes during a write there is the old file or the new one, never a part.
TEST_F(FilesTest, WriteIsAtomicUnderPowerCuts) {
  ASSERT_TRUE(write_file(files_, at("f"), "old content"));
  test::Fuse counting;
  test::FaultyFiles counted(files_, counting);
  ASSERT_TRUE(write_file(counted, at("count"), "new content"));
  ASSERT_GE(counting.used(), 4U);
  for (uint64_t cut = 0; cut < counting.used(); ++cut) {
    ASSERT_TRUE(write_file(files_, at("f"), "old content"));
    test::Fuse fuse(cut);
    test::FaultyFiles faulty(files_, fuse);
    EXPECT_FALSE(write_file(faulty, at("f"), "new content")) << cut;
    EXPECT_TRUE(fuse.blown());
    const std::string found = *read_file(files_, at("f"));
    EXPECT_TRUE(found == "old content" || found == "new content") << cut << ": " << found;
    if (cut < 3) {
      EXPECT_EQ(found, "old content") << cut;
    }
  }
}

// GS-BASE-053: a full disk is told by its code and leaves the old file.
TEST_F(FilesTest, FullDisk) {
  ASSERT_TRUE(write_file(files_, at("f"), "old"));
  test::Fuse fuse(1);
  test::FaultyFiles faulty(files_, fuse, "files.no_space");
  const auto written = write_file(faulty, at("f"), "new content");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), "files.no_space");
  EXPECT_EQ(written.error().outcome(), Outcome::blocked);
  EXPECT_EQ(*read_file(files_, at("f")), "old");
}

// GS-BASE-054: the single steps: create, list sorted, rename, remove, trees without following links.
TEST_F(FilesTest, Steps) {
  ASSERT_TRUE(files_.make_directories(at("a/b/c"), 0755));
  ASSERT_TRUE(files_.make_directories(at("a/b/c"), 0755));
  ASSERT_TRUE(write_file(files_, at("a/2"), "x"));
  ASSERT_TRUE(write_file(files_, at("a/1"), "y"));
  ASSERT_TRUE(write_file(files_, at("outside"), "kept"));
  std::filesystem::create_symlink(at("outside"), at("a/3"));
  const auto entries = files_.list(at("a"));
  ASSERT_EQ(entries->size(), 4U);
  EXPECT_EQ(entries->at(0).name, "1");
  EXPECT_EQ(entries->at(2).kind, EntryKind::symlink);
  EXPECT_EQ(files_.open_output(at("a/1"), WriteMode::create_new, 0600).error().code(), "files.exists");
  EXPECT_FALSE(files_.open_output(at("a/3"), WriteMode::truncate, 0600));
  ASSERT_TRUE(files_.rename(at("a/1"), at("a/2")));
  EXPECT_EQ(*read_file(files_, at("a/2")), "y");
  EXPECT_TRUE(is_not_found(files_.remove(at("a/1")).error()));
  ASSERT_TRUE(files_.remove_tree(at("a")));
  ASSERT_TRUE(files_.remove_tree(at("a")));
  EXPECT_EQ(*read_file(files_, at("outside")), "kept");
  EXPECT_GT(*files_.free_bytes(root_), 0U);
}

// GS-BASE-055: the directory part of a path.
TEST(Files, ParentDirectory) {
  EXPECT_EQ(parent_directory("/a/b"), "/a");
  EXPECT_EQ(parent_directory("/a"), "/");
  EXPECT_EQ(parent_directory("a"), ".");
}

}  // namespace
}  // namespace gridseal::base
