// Archives that were cut or changed somewhere.
#include <gtest/gtest.h>

#include "unit/archive/tar_builder.hpp"

namespace gridseal::archive {
namespace {

using testing::code_of;
using testing::TarBuilder;

std::string packed_sample() {
  return TarBuilder()
      .directory("d/")
      .file("d/zeros", std::string(2048, '\0'))
      .pax("path", "d/" + std::string(150, 'p'))
      .file("x", "hello")
      .long_name("d/" + std::string(150, 'l'))
      .file("y", std::string(700, 'y'))
      .end();
}

// GS-ARCHIVE-020: an archive cut at any byte is refused, however it is packed.
TEST(Damage, EveryCutIsRefused) {
  for (const std::string& bytes : {testing::gzip(packed_sample()), testing::zstd(packed_sample())})
    for (size_t length = 0; length < bytes.size(); ++length)
      ASSERT_NE(code_of(bytes.substr(0, length)), "") << length << " of " << bytes.size();
  const std::string tar = packed_sample();
  for (size_t length = 0; length < tar.size(); ++length)
    ASSERT_NE(code_of(tar.substr(0, length)), "") << length << " of " << tar.size();
}

// GS-ARCHIVE-021: an archive with any byte changed is read or refused, and never yields another set of paths
// than names it could hold.
TEST(Damage, EveryFlipIsSurvived) {
  const std::string tar = packed_sample();
  size_t refused = 0;
  for (size_t at = 0; at < tar.size(); at += 3) {
    std::string bytes = tar;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x81);
    testing::Collector collector;
    const auto done = extract(read_from(bytes), collector);
    if (!done) ++refused;
    for (const auto& [path, content] : collector.files) {
      EXPECT_EQ(path.find(".."), std::string::npos);
      EXPECT_NE(path.front(), '/');
    }
  }
  EXPECT_GT(refused, 500U);
}

// GS-ARCHIVE-022: a compressed archive with any byte changed never crashes the reader.
TEST(Damage, EveryPackedFlipIsSurvived) {
  size_t refused = 0;
  for (const std::string& packed : {testing::gzip(packed_sample()), testing::zstd(packed_sample())}) {
    for (size_t at = 0; at < packed.size(); ++at) {
      std::string bytes = packed;
      bytes[at] = static_cast<char>(bytes[at] ^ 0xff);
      if (!code_of(bytes).empty()) ++refused;
    }
  }
  EXPECT_GT(refused, 200U);
}

}  // namespace
}  // namespace gridseal::archive
