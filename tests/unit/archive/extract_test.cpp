#include "archive/extract.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"
#include "unit/archive/tar_builder.hpp"

namespace gridseal::archive {
namespace {

using testing::code_of;
using testing::Collector;
using testing::TarBuilder;

const std::map<std::string, std::string> kFiles = {{"apps/web.yaml", "kind: X\n"}, {"empty.yaml", ""}};

std::string honest() {
  return TarBuilder()
      .directory("./")
      .directory("./apps/")
      .file("./apps/web.yaml", "kind: X\n")
      .file("empty.yaml", "")
      .end();
}

// GS-ARCHIVE-001: plain tar, tar+gzip and tar+zstd give the same files, and the digest of the very bytes
// read.
TEST(Extract, ReadsEveryPacking) {
  for (const auto& bytes : {honest(), testing::gzip(honest()), testing::zstd(honest())}) {
    Collector collector;
    const auto done = extract(read_from(bytes), collector);
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(collector.files, kFiles);
    EXPECT_EQ(collector.ended, 2U);
    EXPECT_EQ(done->digest, crypto::sha256(bytes));
    EXPECT_EQ(done->packed_bytes, bytes.size());
    EXPECT_EQ(done->files, 2U);
    EXPECT_EQ(done->unpacked_bytes, 8U);
  }
}

// GS-ARCHIVE-002: sources may hand on one byte at a time; unwanted content is passed over.
TEST(Extract, TakesWhatTheSourceGives) {
  const std::string bytes = testing::gzip(honest());
  size_t at = 0;
  Collector collector;
  collector.unwanted = "apps/web.yaml";
  const auto done = extract(
      [&](char* buffer, size_t) -> base::Result<size_t> {
        if (at == bytes.size()) return size_t{0};
        *buffer = bytes[at++];
        return size_t{1};
      },
      collector);
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(collector.files, (std::map<std::string, std::string>{{"empty.yaml", ""}}));
  EXPECT_EQ(done->digest, crypto::sha256(bytes));
}

// GS-ARCHIVE-003: another digest than the expected one is named before anything else that is wrong.
TEST(Extract, ComparesTheDigest) {
  const std::string evil = testing::gzip(TarBuilder().file("../x").end());
  const auto result = [&](const std::string& bytes, const base::Digest& expected) {
    Collector collector;
    auto done = extract(read_from(bytes), collector, {}, expected);
    return done ? std::string() : done.error().code();
  };
  EXPECT_EQ(result(honest(), crypto::sha256(honest())), "");
  EXPECT_EQ(result(honest(), crypto::sha256("other")), "archive.digest_mismatch");
  EXPECT_EQ(result(evil, crypto::sha256("other")), "archive.digest_mismatch");
  EXPECT_EQ(result(evil, crypto::sha256(evil)), "archive.path_escape");
}

// GS-ARCHIVE-004: paths that leave the tree, or could be read in two ways, are refused.
TEST(Extract, RefusesEscapingPaths) {
  for (const char* path : {"/etc/passwd", "../x", "a/../../x", "a/..", "..", "a\\b", "a\nb", "\x7f", "C:\\x"})
    EXPECT_EQ(code_of(TarBuilder().file(path).end()), "archive.path_escape") << path;
  EXPECT_EQ(code_of(TarBuilder().file("./", "").end()), "");  // by old custom, a folder
  EXPECT_EQ(code_of(TarBuilder().file(".").end()), "archive.path_escape");
  EXPECT_EQ(code_of(TarBuilder().file("\xff.yaml").end()), "archive.path");
  EXPECT_EQ(code_of(TarBuilder().long_name("a/" + std::string(120, 'b') + "/../../../x").file("a").end()),
            "archive.path_escape");
  EXPECT_EQ(code_of(TarBuilder().pax("path", "/etc/passwd").file("a").end()), "archive.path_escape");
  EXPECT_EQ(code_of(TarBuilder().file("a/b/c").end(), {.max_path_depth = 2}), "archive.path");
  EXPECT_EQ(code_of(TarBuilder().long_name(std::string(2000, 'a')).file("a").end()), "archive.path");
}

// GS-ARCHIVE-005: long names and names outside ASCII arrive whole, whatever the locale.
TEST(Extract, KeepsLongAndForeignNames) {
  const std::string name = "d\xC3\xA9/" + std::string(200, 'n') + ".yaml";
  for (const auto& bytes :
       {TarBuilder().long_name(name).file("a").end(), TarBuilder().pax("path", name).file("a").end()}) {
    Collector collector;
    const auto done = extract(read_from(bytes), collector);
    ASSERT_TRUE(done) << done.error().describe();
    EXPECT_EQ(collector.files, (std::map<std::string, std::string>{{name, "x"}}));
  }
}

// GS-ARCHIVE-006: hard links and symbolic links out of the tree are refused, those inside are listed.
TEST(Extract, JudgesLinks) {
  EXPECT_EQ(code_of(TarBuilder().file("a").add('1', "b", "", "a").end()), "archive.link");
  EXPECT_EQ(code_of(TarBuilder().add('1', "b", "", "/etc/passwd").end()), "archive.link");
  for (const char* target : {"/etc/passwd", "../x", "d/../../x", "../../a/x", ""})
    EXPECT_EQ(code_of(TarBuilder().add('2', "link", "", target).end()), "archive.link") << target;
  EXPECT_EQ(code_of(TarBuilder().add('2', "a", "", "b").file("a/x").end()), "archive.duplicate");
  Collector collector;
  const auto done = extract(read_from(TarBuilder().file("a").add('2', "d/l", "", "../a").end()), collector);
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->skipped_links, std::vector<std::string>{"d/l"});
  EXPECT_EQ(collector.files.size(), 1U);
}

// GS-ARCHIVE-007: devices and FIFOs are refused.
TEST(Extract, RefusesDevices) {
  for (const char type : {'3', '4', '6'})
    EXPECT_EQ(code_of(TarBuilder().add(type, "dev").end()), "archive.device") << type;
}

// GS-ARCHIVE-008: one path is one file.
TEST(Extract, RefusesDuplicates) {
  EXPECT_EQ(code_of(TarBuilder().file("a/b").file("./a//b").end()), "archive.duplicate");
  EXPECT_EQ(code_of(TarBuilder().file("a").file("a/b").end()), "archive.duplicate");
  EXPECT_EQ(code_of(TarBuilder().file("a/b").file("a").end()), "archive.duplicate");
  EXPECT_EQ(code_of(TarBuilder().directory("a/").file("a").end()), "archive.duplicate");
  EXPECT_EQ(code_of(TarBuilder().directory("a/").directory("a/").file("a/b").end()), "");
}

// GS-ARCHIVE-009: ten thousand files are read, one more is refused.
TEST(Extract, ReadsTenThousandFiles) {
  TarBuilder tar;
  for (int i = 0; i < 10'000; ++i) tar.file("f" + std::to_string(i) + ".yaml");
  Collector collector;
  const auto done = extract(read_from(tar.end()), collector);
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(done->files, 10'000U);
  EXPECT_EQ(code_of(tar.file("one-more").end()), "archive.too_many_entries");
}

// GS-ARCHIVE-010: sizes are bounded as stored, as unpacked, for each file, and by ratio.
TEST(Extract, BoundsSizes) {
  const std::string large(20'000, 'y');
  const std::string tar = TarBuilder().file("a", large).file("b", large).end();
  EXPECT_EQ(code_of(tar, {.max_file_bytes = 19'999}), "archive.too_large");
  EXPECT_EQ(code_of(tar, {.max_total_bytes = 30'000}), "archive.too_large");
  EXPECT_EQ(code_of(tar, {.max_packed_bytes = 10'000}), "archive.too_large");
  EXPECT_EQ(code_of(tar), "");
  const std::string zeros = TarBuilder().file("a", std::string(size_t{40} << 20U, '\0')).end();
  EXPECT_EQ(code_of(testing::gzip(zeros)), "archive.too_large");
  EXPECT_EQ(code_of(testing::zstd(zeros)), "archive.too_large");
  EXPECT_EQ(code_of(testing::gzip(zeros), {.max_ratio = 2000}), "");
}

// GS-ARCHIVE-011: a header that promises gigabytes costs nothing, sparse or not.
TEST(Extract, RefusesPromisedGigabytes) {
  EXPECT_EQ(code_of(TarBuilder().declare(uint64_t{7} << 30U).file("a").end()), "archive.too_large");
  const std::string map = "1\n0\n1\n";
  const auto sparse = [&](const std::string& size) {
    return TarBuilder()
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.realsize", size)
        .file("a", map + std::string(512 - map.size(), '\0') + "x")
        .end();
  };
  EXPECT_EQ(code_of(sparse("999999999999")), "archive.too_large");
  EXPECT_EQ(code_of(sparse("5000")), "");
  EXPECT_EQ(code_of(TarBuilder().pax("size", "999999999999").file("a").end()), "archive.too_large");
}

// GS-ARCHIVE-012: nothing may follow the end of the archive or of its compression, and none is compressed
// twice.
TEST(Extract, RefusesTrailingBytes) {
  EXPECT_EQ(code_of(honest() + "x"), "archive.format");
  EXPECT_EQ(code_of(honest() + std::string(5000, '\0')), "");
  EXPECT_EQ(code_of(honest() + std::string(5000, '\0') + "x"), "archive.format");
  EXPECT_EQ(code_of(honest() + honest()), "archive.format");
  EXPECT_EQ(code_of(testing::gzip(honest()) + "x"), "archive.format");
  EXPECT_EQ(code_of(testing::gzip(honest()) + std::string(100'000, '\0')), "archive.format");
  EXPECT_EQ(code_of(testing::gzip(honest()) + testing::gzip(honest())), "archive.format");
  EXPECT_EQ(code_of(testing::zstd(honest()) + "garbage"), "archive.format");
  EXPECT_EQ(code_of(testing::gzip(testing::gzip(honest()))), "archive.format");
}

// GS-ARCHIVE-013: what is not a tar archive is refused.
TEST(Extract, RefusesOtherFormats) {
  for (const std::string& bytes : {std::string(), std::string("hello"), std::string(4096, 'z'),
                                   testing::gzip("hello"), testing::gzip(""), std::string("PK\3\4")})
    EXPECT_EQ(code_of(bytes), "archive.format");
}

// GS-ARCHIVE-014: errors of the source and of the visitor come back unchanged.
TEST(Extract, PassesErrorsOn) {
  const std::string bytes = testing::gzip(honest());
  Collector collector;
  const auto cut = extract(
      [&](char*, size_t) -> base::Result<size_t> {
        return base::Error::blocked("files.io", "the disk is gone");
      },
      collector);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), "files.io");
  struct Refusing : Collector {
    base::Result<void> content(std::string_view) override {
      return base::Error::refused("manifest.yaml", "no");
    }
  } refusing;
  const auto refused = extract(read_from(bytes), refusing);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "manifest.yaml");
}

}  // namespace
}  // namespace gridseal::archive
