#include "base/blob.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace gridseal::base {
namespace {

// GS-BASE-215: bytes in memory and in a file read the same, in bounded pieces; a copy reads them again.
TEST(Blob, OfMemoryAndOfAFile) {
  std::string directory = testing::TempDir() + "gridseal-blob-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/bytes";
  std::string bytes(100'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 % 251);
  ASSERT_TRUE(write_file(system_files(), path, bytes, 0600));
  const auto file = Blob::open(system_files(), path);
  ASSERT_TRUE(file);
  for (const Blob& blob : {Blob(bytes), *file}) {
    EXPECT_EQ(blob.size(), bytes.size());
    EXPECT_EQ(*blob.whole(bytes.size()), bytes);
    EXPECT_EQ(blob.whole(bytes.size() - 1).error().code(), "files.too_large");
    std::string read;
    size_t longest = 0;
    const Blob copy = blob;
    EXPECT_TRUE(copy.read([&](std::string_view piece) {
      read += piece;
      longest = std::max(longest, piece.size());
      return read.size() < 60'000;
    }));
    EXPECT_EQ(read, bytes.substr(0, read.size()));
    EXPECT_LT(read.size(), bytes.size());
    EXPECT_LE(longest, 65'536U);
  }
  EXPECT_EQ(*Blob().whole(0), "");
  EXPECT_EQ(Blob::open(system_files(), path, 99'999).error().code(), "files.too_large");
  std::filesystem::remove_all(directory);
  EXPECT_TRUE(is_not_found(file->whole(SIZE_MAX).error()))
      << "a file that is gone is told, not read as empty";
  EXPECT_TRUE(is_not_found(Blob::open(system_files(), path).error()));
}

}  // namespace
}  // namespace gridseal::base
