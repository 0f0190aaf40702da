#include "cli/words.hpp"

#include <gtest/gtest.h>

namespace gridseal::cli {
namespace {

const base::Time kNow = *base::parse_rfc3339("2026-11-23T10:00:00Z");

std::string ago(int64_t seconds) {
  return relative(kNow - base::seconds(seconds), kNow);
}

// GS-CLI-003: Times are told relative to now, in one unit.
TEST(Words, RelativeTimes) {
  EXPECT_EQ(ago(0), "now");
  EXPECT_EQ(ago(59), "59s ago");
  EXPECT_EQ(ago(60), "1m ago");
  EXPECT_EQ(ago(3600), "1h ago");
  EXPECT_EQ(ago(47 * 3600), "47h ago");
  EXPECT_EQ(ago(72 * 3600), "3d ago");
  EXPECT_EQ(ago(-40), "in 40s");
  const base::Json text = "2026-11-23T09:57:00Z";
  const base::Json junk = "yesterday";
  EXPECT_EQ(relative(&text, kNow), "3m ago");
  EXPECT_EQ(relative(&junk, kNow), "-");
  EXPECT_EQ(relative(nullptr, kNow), "-");
}

// GS-CLI-004: A revision is shortened to what people compare.
TEST(Words, ShortRevision) {
  EXPECT_EQ(short_revision("stable@sha256:" + std::string(64, 'a')), "stable@sha256:aaaaaaaaaaaa");
  EXPECT_EQ(short_revision("-"), "-");
}

// GS-CLI-005: No control character of foreign text reaches the terminal.
TEST(Words, ForeignTextIsHarmless) {
  const base::Json object{{"message", "a\x1b[2Jb\nc"}};
  EXPECT_EQ(member(object, "message").find('\x1b'), std::string::npos);
  EXPECT_EQ(short_revision("v1\x1b]0;x@sha256:1").find('\x1b'), std::string::npos);
}

// GS-CLI-006: Colours appear only where they were asked for.
TEST(Words, Colours) {
  EXPECT_EQ(Style(false).paint(Colour::good, "healthy"), "healthy");
  EXPECT_EQ(Style(true).paint(Colour::good, "healthy"), "\x1b[32mhealthy\x1b[0m");
  EXPECT_EQ(Style(true).paint(Colour::none, "x"), "x");
}

TEST(Words, Sizes) {
  EXPECT_EQ(size_text(12), "12 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
}

}  // namespace
}  // namespace gridseal::cli
