#include "archive/pack.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/sha256.hpp"
#include "unit/archive/tar_builder.hpp"

namespace gridseal::archive {
namespace {

using Contents = std::map<std::string, std::string>;

std::vector<PackFile> pack_files(const Contents& contents) {
  std::vector<PackFile> files;
  for (const auto& [path, content] : contents)
    files.push_back({path, [text = content]() -> base::Result<std::string> { return text; }});
  return files;
}

base::Result<Packed> pack(std::vector<PackFile> files, std::string& out, const PackOptions& options = {}) {
  return pack_tar_gzip(
      std::move(files),
      [&](std::string_view bytes) -> base::Result<void> {
        out += bytes;
        return {};
      },
      options);
}

Contents sample() {
  return {{"a.yaml", "a: 1\n"},
          {"b/c.yaml", std::string(100'000, 'c')},
          {"b/" + std::string(180, 'n') + ".yaml", "long"},
          {"d\xC3\xA9.yaml", "foreign"},
          {"empty", ""}};
}

std::string gunzip(const std::string& bytes) {
  std::string unpacked;
  ::archive* raw = archive_read_new();
  archive_read_support_filter_gzip(raw);
  archive_read_support_format_raw(raw);
  EXPECT_EQ(archive_read_open_memory(raw, bytes.data(), bytes.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  EXPECT_EQ(archive_read_next_header(raw, &entry), ARCHIVE_OK);
  std::string buffer(65536, '\0');
  for (auto count = archive_read_data(raw, buffer.data(), buffer.size()); count > 0;
       count = archive_read_data(raw, buffer.data(), buffer.size()))
    unpacked.append(buffer, 0, static_cast<size_t>(count));
  archive_read_free(raw);
  return unpacked;
}

// GS-ARCHIVE-030: the same files give the same bytes, in whatever order they are named.
TEST(Pack, IsDeterministic) {
  std::string first;
  std::string second;
  auto files = pack_files(sample());
  const auto packed = pack(files, first);
  ASSERT_TRUE(packed) << packed.error().describe();
  std::reverse(files.begin(), files.end());
  ASSERT_TRUE(pack(files, second));
  EXPECT_EQ(first, second);
  EXPECT_EQ(packed->digest, crypto::sha256(first));
  EXPECT_EQ(packed->packed_bytes, first.size());
  EXPECT_EQ(packed->files, 5U);
  // RFC 1952: no flags, no time.
  EXPECT_EQ(first.substr(0, 8), std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
}

// GS-ARCHIVE-031: what was packed is what is read again.
TEST(Pack, IsReadAgain) {
  std::string bytes;
  const auto packed =
      pack(pack_files(sample()), bytes, {.modified = base::Time(base::seconds(1'790'000'000))});
  ASSERT_TRUE(packed);
  testing::Collector collector;
  const auto done = extract(read_from(bytes), collector, {}, packed->digest);
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(collector.files, sample());
}

// GS-ARCHIVE-032: the tar inside is fixed to the byte: mode 0644, owner 0, the given time, no names of
// owners.
TEST(Pack, WritesAPlainHeader) {
  std::string bytes;
  ASSERT_TRUE(pack(pack_files({{"a", "x"}}), bytes));
  const std::string expected = testing::TarBuilder().file("a", "x").end();
  const std::string unpacked = gunzip(bytes);
  ASSERT_EQ(unpacked.size(), expected.size());
  EXPECT_EQ(unpacked.substr(0, 100), expected.substr(0, 100));  // name
  EXPECT_EQ(unpacked.substr(100, 6), "000644");                 // mode
  EXPECT_EQ(unpacked.substr(108, 6), "000000");                 // owner
  EXPECT_EQ(unpacked.substr(136, 11), "00000000000");           // time
  EXPECT_EQ(unpacked.substr(265, 64), std::string(64, '\0'));   // names of owner and group
  EXPECT_EQ(unpacked.substr(512), expected.substr(512));
}

// GS-ARCHIVE-035: a time past 2038 is packed, and refused where libarchive cannot count so far.
TEST(Pack, TimesPast2038) {
  std::string bytes;
  const auto packed =
      pack(pack_files({{"a", "x"}}), bytes, {.modified = base::Time(base::seconds(4'102'444'800))});
  if (sizeof(time_t) == 4) {
    ASSERT_FALSE(packed);
    EXPECT_EQ(packed.error().code(), "archive.time");
  } else {
    ASSERT_TRUE(packed);
    EXPECT_NE(gunzip(bytes).find(" mtime=4102444800\n"), std::string::npos);  // in a pax header
  }
}

// GS-ARCHIVE-033: paths that could not be read again are not packed.
TEST(Pack, RefusesBadPaths) {
  std::string out;
  const auto code = [&](const Contents& contents) {
    auto packed = pack(pack_files(contents), out);
    return packed ? std::string() : packed.error().code();
  };
  EXPECT_EQ(code({{"../a", ""}}), "archive.path_escape");
  EXPECT_EQ(code({{"/a", ""}}), "archive.path_escape");
  EXPECT_EQ(code({{"./", ""}}), "archive.path_escape");
  EXPECT_EQ(code({{"a", ""}, {"./a", ""}}), "archive.duplicate");
}

// GS-ARCHIVE-034: errors of a content and of the sink come back unchanged.
TEST(Pack, PassesErrorsOn) {
  std::string out;
  auto unreadable = pack(
      {{"a",
        []() -> base::Result<std::string> { return base::Error::blocked("files.io", "cannot be read"); }}},
      out);
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code(), "files.io");
  std::string noise;
  for (uint32_t i = 0, x = 1; i < 300'000; ++i)
    noise += static_cast<char>((x = x * 1664525U + 1013904223U) >> 24U);
  auto full = pack_tar_gzip(pack_files({{"a", noise}}), [](std::string_view) -> base::Result<void> {
    return base::Error::blocked("files.no_space", "the disk is full");
  });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), "files.no_space");
}

}  // namespace
}  // namespace gridseal::archive
