// The section [images].
#include <gtest/gtest.h>

#include "sources.hpp"

namespace gridseal::config {
namespace {

std::string images_problem(const std::string& images) {
  auto loaded = parse_text(std::string(kLeast) + "\n[images]\n" + images);
  return loaded ? std::string() : loaded.error().to_string();
}

// GS-CONFIG-080: Images are served on loopback alone, in a known mode, and under TLS with both files.
TEST(Images, Section) {
  const auto off = parse_text(kLeast);
  ASSERT_TRUE(off);
  EXPECT_FALSE(off->settings.images.is_on());
  const auto on =
      parse_text(std::string(kLeast) + "\n[images]\nmode = \"registry\"\nlisten = \"127.0.0.2:80\"\n");
  ASSERT_TRUE(on) << on.error().to_string();
  EXPECT_EQ(on->settings.images.kind(), ImageMode::registry);
  EXPECT_EQ(on->settings.images.url(), "http://127.0.0.2:80");
  for (const char* bad :
       {"mode = \"on\"", "listen = \"0.0.0.0:5050\"", "listen = \"10.0.0.1:5050\"",
        "listen = \"localhost:5050\"", "listen = \"127.0.0.1\"", "listen = \"127.0.0.1:0\"",
        "listen = \"127.0.0.1:65536\"", "listen = \"127.0.0.1:5050x\"", "listen = \":5050\"", "listen = \"\"",
        "keep_unused = \"-1h\"", "hosts = [\"\"]", "modes = \"off\""})
    EXPECT_NE(images_problem(bad), "") << bad;
  EXPECT_NE(images_problem("certificate = \"a.pem\"").find("images.key"), std::string::npos);
  EXPECT_NE(images_problem("key = \"a.pem\"").find("images.certificate"), std::string::npos);
}

}  // namespace
}  // namespace gridseal::config
