#include <gtest/gtest.h>

#include <map>

#include "media/tar_index.hpp"

namespace gridseal::media {
namespace {

class TextFile final : public base::InputFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}
  base::Result<size_t> read_at(uint64_t offset, char* buffer, size_t size) override {
    if (offset >= text_.size()) return size_t{0};
    return text_.copy(buffer, size, offset);
  }
  uint64_t size() const override { return text_.size(); }

 private:
  std::string text_;
};

std::string padded(std::string content) {
  content.resize((content.size() + kTarBlock - 1) / kTarBlock * kTarBlock, '\0');
  return content;
}

struct Indexed {
  std::map<std::string, TarEntry> entries;
  std::string code;
};

Indexed index(const std::string& bytes) {
  Indexed indexed;
  TextFile file(bytes);
  const Watch watch(base::system_clock(), std::chrono::hours(1), {});
  auto done = index_tar(file, "x.tar", watch, [&](const TarEntry& entry) -> base::Result<void> {
    indexed.entries[entry.name] = entry;
    return {};
  });
  if (!done) indexed.code = done.error().code();
  return indexed;
}

// GS-MEDIA-065: Files are found where they lie, under their ustar, pax and GNU names.
TEST(Tar, FindsFiles) {
  const std::string pax = "22 path=long/pax-name\n";
  std::string pax_header = tar_header("x", pax.size(), 0);
  const auto retype = [](std::string header, char type) {
    unsigned sum = 0;
    header[156] = type;
    header.replace(148, 8, 8, ' ');
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char digits[8];
    (void)std::snprintf(digits, sizeof digits, "%06o", sum);
    header.replace(148, 7, std::string(digits, 7));
    return header;
  };
  const std::string text = tar_header("./a", 3, 0) + padded("abc") + retype(pax_header, 'x') + padded(pax) +
                           tar_header("short", 2, 0) + padded("de") + retype(tar_header("l", 8, 0), 'L') +
                           padded("gnu-name") + tar_header("short", 1, 0) + padded("f") +
                           retype(tar_header("link", 0, 0), '2') + std::string(1024, '\0');
  const Indexed indexed = index(text);
  EXPECT_EQ(indexed.code, "");
  ASSERT_EQ(indexed.entries.size(), 4U);
  EXPECT_EQ(text.substr(indexed.entries.at("a").offset, 3), "abc");
  EXPECT_EQ(text.substr(indexed.entries.at("long/pax-name").offset, 2), "de");
  EXPECT_EQ(text.substr(indexed.entries.at("gnu-name").offset, 1), "f");
  EXPECT_EQ(indexed.entries.at("link").kind, base::EntryKind::symlink);
}

// GS-MEDIA-066: A damaged, cut or compressed archive is refused.
TEST(Tar, RefusesWhatIsNone) {
  const std::string good = tar_header("a", 3, 0) + padded("abc") + std::string(1024, '\0');
  EXPECT_EQ(index(good).code, "");
  std::string damaged = good;
  damaged[0] = 'b';
  EXPECT_EQ(index(damaged).code, "media.tar");
  EXPECT_EQ(index(tar_header("a", 3000, 0) + padded("abc")).code, "media.tar");
  EXPECT_EQ(index("short").code, "media.tar");
  EXPECT_EQ(index(std::string("\x1f\x8b", 2) + std::string(1024, 'x')).code, "media.packed");
  std::string huge = tar_header("a", uint64_t{1} << 40U, 0) + padded("abc");
  EXPECT_EQ(index(huge).code, "media.tar");
}

}  // namespace
}  // namespace gridseal::media
