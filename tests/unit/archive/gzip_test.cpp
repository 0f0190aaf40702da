#include "archive/gzip.hpp"

#include <gtest/gtest.h>

namespace gridseal::archive {
namespace {

// GS-ARCHIVE-040: what was packed comes back, the same bytes each time.
TEST(Gzip, RoundTrip) {
  for (const std::string& text :
       {std::string("x"), std::string(100'000, 'a'), std::string("\0\x1f\x8b\n", 4)}) {
    const auto packed = gzip(text);
    ASSERT_TRUE(packed);
    EXPECT_EQ(*packed, *gzip(text));
    EXPECT_EQ(*gunzip(*packed, text.size()), text);
  }
}

// GS-ARCHIVE-041: what is no gzip, is cut or changed, or becomes too large is refused.
TEST(Gzip, Wrong) {
  const std::string packed = *gzip(std::string(100'000, 'a') + "b");
  EXPECT_EQ(gunzip("plain text", 100).error().code(), "archive.format");
  EXPECT_EQ(gunzip("", 100).error().code(), "archive.format");
  EXPECT_EQ(gunzip(packed, 1000).error().code(), "archive.limit");
  EXPECT_FALSE(gunzip(packed.substr(0, packed.size() / 2), 1'000'000));
}

}  // namespace
}  // namespace gridseal::archive
