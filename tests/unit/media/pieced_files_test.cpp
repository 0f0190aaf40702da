#include "media/pieced_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "media/medium_files.hpp"

namespace gridseal::media {
namespace {

namespace fs = std::filesystem;

class PiecedFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "gs-pieces-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void write(const std::string& name, const std::string& text, base::WriteMode mode) {
    auto file = files_.open_output(path(name), mode, 0644);
    ASSERT_TRUE(file);
    for (const char c : text) ASSERT_TRUE((*file)->write(std::string_view(&c, 1)));
    ASSERT_TRUE((*file)->sync());
  }

  std::string directory_;
  uint64_t written_ = 0;
  PiecedFiles files_{base::system_files(), 4, [this](uint64_t bytes) { written_ += bytes; }};
};

// GS-MEDIA-064: A file above the piece size is several on the medium and one to its reader, also when it is
// written in two goes, renamed and removed.
TEST_F(PiecedFilesTest, ManyAreOne) {
  write("a", "012345", base::WriteMode::truncate);
  write("a", "6789ab", base::WriteMode::append);
  EXPECT_EQ(written_, 12U);
  EXPECT_EQ(fs::file_size(path("a")), 4U);
  EXPECT_EQ(fs::file_size(path("a.002")), 4U);
  EXPECT_EQ(base::read_file(files_, path("a")).value(), "0123456789ab");
  EXPECT_EQ(files_.stat(path("a"))->size, 12U);
  ASSERT_TRUE(files_.rename(path("a"), path("b")));
  ASSERT_EQ(files_.list(directory_)->size(), 1U);
  EXPECT_EQ(base::read_file(files_, path("b")).value(), "0123456789ab");
  write("b", "xy", base::WriteMode::truncate);
  EXPECT_EQ(base::read_file(files_, path("b")).value(), "xy");
  write("b", "0123456789", base::WriteMode::truncate);
  ASSERT_TRUE(files_.remove(path("b")));
  EXPECT_TRUE(fs::is_empty(directory_));
}

// GS-MEDIA-068: What is written on a medium may be read by everybody, whatever its writer asked for.
TEST_F(PiecedFilesTest, EverybodyMayRead) {
  const mode_t before = ::umask(022);
  ASSERT_TRUE(files_.make_directories(path("blobs"), 0750));
  auto file = files_.open_output(path("blobs/a"), base::WriteMode::truncate, 0600);
  ::umask(before);
  ASSERT_TRUE(file);
  EXPECT_EQ(files_.stat(path("blobs"))->mode, 0755U);
  EXPECT_EQ(base::system_files().stat(path("blobs/a"))->mode, 0644U);
}

}  // namespace
}  // namespace gridseal::media
