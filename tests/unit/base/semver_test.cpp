#include "base/semver.hpp"

#include <gtest/gtest.h>

#include <array>

namespace gridseal::base {
namespace {

// GS-BASE-030: what Semantic Versioning 2.0.0 allows is read, and one leading "v".
TEST(Semver, Accepts) {
  for (const char* text : {"0.0.4", "1.2.3", "v1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta",
                           "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0A.is.legal", "1.0.0--",
                           "1.0.0-rc.1+build.1-b", "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
                           "18446744073709551615.0.0", "1.0.0-99999999999999999999999.0"}) {
    const auto version = Semver::parse(text);
    ASSERT_TRUE(version) << text;
    EXPECT_EQ(version->to_string(), text[0] == 'v' ? text + 1 : text);
  }
}

// GS-BASE-031: what it does not allow is refused.
TEST(Semver, Refuses) {
  for (const char* text : {"",
                           "1",
                           "1.2",
                           "1.2.3.4",
                           "01.1.1",
                           "1.01.1",
                           "1.1.01",
                           "1.2.3-",
                           "1.2.3+",
                           "1.2.3-01",
                           "1.2.3-a..b",
                           "1.2.3-a_b",
                           "1.2.3+a..b",
                           "1.2.3+a+b",
                           "vv1.2.3",
                           "V1.2.3",
                           " 1.2.3",
                           "1.2.3 ",
                           "a.b.c",
                           "-1.2.3",
                           "1.2.-3",
                           "18446744073709551616.0.0",
                           "1.2.3-\xC3\xA9"}) {
    EXPECT_FALSE(Semver::parse(text)) << text;
  }
  EXPECT_FALSE(Semver::parse("1.2.3-" + std::string(200, 'a')));
}

// GS-BASE-032: precedence is that of section 11, build metadata aside.
TEST(Semver, Precedence) {
  constexpr std::array kAscending = {"0.9.9",
                                     "1.0.0-1",
                                     "1.0.0-2",
                                     "1.0.0-10",
                                     "1.0.0-99999999999999999999",
                                     "1.0.0-alpha",
                                     "1.0.0-alpha.1",
                                     "1.0.0-alpha.beta",
                                     "1.0.0-beta",
                                     "1.0.0-beta.2",
                                     "1.0.0-beta.11",
                                     "1.0.0-rc.1",
                                     "1.0.0",
                                     "1.0.1",
                                     "1.1.0",
                                     "1.10.0",
                                     "2.0.0"};
  for (size_t i = 0; i < kAscending.size(); ++i) {
    for (size_t k = 0; k < kAscending.size(); ++k)
      EXPECT_EQ(*Semver::parse(kAscending[i]) <=> *Semver::parse(kAscending[k]), i <=> k)
          << kAscending[i] << " " << kAscending[k];
  }
  EXPECT_EQ(*Semver::parse("v1.0.0+a"), *Semver::parse("1.0.0+b"));
}

}  // namespace
}  // namespace gridseal::base
