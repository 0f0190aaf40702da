#include "media/armour.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace gridseal::media {
namespace {

const std::string kPermit = R"({"component":"shop","version":"1.0.0","why":"test"})";

// GS-MEDIA-060: What is armoured is read again, with other text around it, indented and with carriage
// returns.
TEST(Armour, ReadsWhatItWrote) {
  const std::string text = armour(kPermit).value();
  std::string pasted = "login: operator\r\n";
  for (const char c : text) pasted += c == '\n' ? std::string("\r\n  ") : std::string(1, c);
  const auto read = read_armour(pasted + "\r\n$ ");
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(read->kind, Armoured::permit);
  EXPECT_EQ(read->content, kPermit);
}

// GS-MEDIA-061: A character that was lost or changed on the way, or a missing end, is found and said.
TEST(Armour, FindsWhatWasLost) {
  const std::string text = armour(kPermit).value();
  const size_t body = text.find("\n\n") + 2;
  std::string changed = text;
  changed[body] = changed[body] == 'A' ? 'B' : 'A';
  EXPECT_EQ(read_armour(changed).error().code(), "armour.check");
  std::string lost = text;
  lost.erase(body, 4);
  EXPECT_EQ(read_armour(lost).error().code(), "armour.check");
  EXPECT_EQ(read_armour(text.substr(0, text.find("-----END"))).error().code(), "armour.cut");
  EXPECT_EQ(read_armour("hello").error().code(), "armour.none");
  EXPECT_EQ(read_armour("-----BEGIN GRIDSEAL SECRET-----\n-----END GRIDSEAL SECRET-----\n").error().code(),
            "armour.kind");
}

// GS-MEDIA-062: Only a trust bundle, a denial or a permit is armoured.
TEST(Armour, NothingElse) {
  EXPECT_EQ(armour("{\"a\":1}").error().code(), "armour.content");
  EXPECT_FALSE(armour("no json"));
  EXPECT_EQ(read_armour(armour(R"({"denials":{},"why":"x"})").value())->kind, Armoured::denial);
  EXPECT_EQ(read_armour(armour(R"({"payloadType":"x"})").value())->kind, Armoured::trust_bundle);
}

}  // namespace
}  // namespace gridseal::media
