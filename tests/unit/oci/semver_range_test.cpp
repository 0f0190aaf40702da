#include "oci/semver_range.hpp"

#include <gtest/gtest.h>

namespace gridseal::oci {
namespace {

struct Case {
  const char* range;
  const char* version;
  bool match;
};

constexpr Case kCases[] = {{"*", "1.2.3", true},
                           {"", "4.5.6", true},
                           {"*", "1.2.3-alpha.1", false},
                           {"*-0", "1.2.3-alpha.1", true},
                           {"x", "0.0.1", true},
                           {"1.x", "1.4.0", true},
                           {"1.x", "2.0.0", false},
                           {"1.X", "1.0.0", true},
                           {"1.2.x", "1.2.9", true},
                           {"1.2.x", "1.3.0", false},
                           {"2", "2.1.1", true},
                           {"2", "3.4.5", false},
                           {"2.1", "2.1.1", true},
                           {"2.1", "2.2.1", false},
                           {"0.0.0", "1.2.3", false},
                           {"0.0.x", "1.2.3", false},
                           {"0.x.x", "1.2.3", false},
                           {"v1.2.3", "1.2.3", true},
                           {"=v1.2.3", "v1.2.3", true},
                           {"=2.0.0", "2.0.0", true},
                           {"=2.0.0", "2.0.1", false},
                           {"=2.0", "2.0.1", true},
                           {"= 2.0", "1.2.3", false},
                           {"!=4.1", "4.1.0", false},
                           {"!=4.1", "4.1.1", false},
                           {"!=4.1", "5.1.0", true},
                           {"!=4.1", "5.1.0-alpha.1", false},
                           {"!=4.1-alpha", "4.1.0", true},
                           {"!=4.1-alpha", "4.1.0-alpha", false},
                           {"!=4.1-alpha", "4.1.1-alpha", false},
                           {"!=4.1.0", "4.1.1", true},
                           {"!=4.x", "4.1.0", false},
                           {"!=4.x", "5.1.0", true},
                           {"!=4.2.x", "4.2.3", false},
                           {">1.1", "1.1.0", false},
                           {">1.1", "1.1.9", false},
                           {">1.1", "1.2.0", true},
                           {">1.1", "4.1.0", true},
                           {">11", "11.1.0", false},
                           {">11", "12.0.0", true},
                           {">0", "0.0.0", false},
                           {">0", "1.0.0", true},
                           {">1.2.3", "1.2.3", false},
                           {">1.2.3", "1.2.4", true},
                           {">1.2.3-alpha.1", "1.2.3-alpha.2", true},
                           {">1.2.3-alpha.1", "1.3.3-alpha.2", true},
                           {">0.0-0", "0.0.1-alpha", false},
                           {">0.0.0-0", "0.0.0-alpha", true},
                           {">=1.1", "0.0.9", false},
                           {">=1.1", "1.1.0", true},
                           {">=1.1", "4.1.0-beta", false},
                           {">=0-0", "0.0.1-alpha", true},
                           {"=>1.1", "1.1.0", true},
                           {">=0.0.0-0", "3.4.5-beta.1", true},
                           {">=11.1", "11.0.2", false},
                           {"<1.1", "0.1.0", true},
                           {"<1.1", "1.1.0", false},
                           {"<11", "11.1.0", false},
                           {"<0", "0.0.0-alpha", false},
                           {"<0-z", "0.0.0-alpha", true},
                           {"<1.x", "0.1.1", true},
                           {"<1.x", "1.1.1", false},
                           {"<1.1.x", "1.0.500", true},
                           {"<=1.1", "1.1.0", true},
                           {"<=1.1", "1.1.1", true},
                           {"<=1.1", "1.2.3", false},
                           {"<=11", "11.2.3", true},
                           {"<=11", "12.2.3", false},
                           {"<=2.x", "3.0.0", false},
                           {"<=1.1-a", "0.1.0-alpha", true},
                           {"=<1.1", "1.1.0", true},
                           {"<=1.1.x", "1.2.500", false},
                           {"<=1.2.3", "1.2.4", false},
                           {"~1", "1.2.4", true},
                           {"~1", "2.3.4", false},
                           {"~1.2", "1.2.4", true},
                           {"~1.2", "1.3.4", false},
                           {"~1.2.3", "1.2.2", false},
                           {"~1.2.3", "1.2.5", true},
                           {"~1.2.3", "1.3.2", false},
                           {"~>1.2.3", "1.2.5", true},
                           {"~1.2.3-beta.2", "1.2.4-beta.2", true},
                           {"~1.2.3-beta.2", "1.3.4-beta.2", false},
                           {"~*", "2.1.1", true},
                           {"~0.0.0", "1.2.3", true},
                           {"~1.x", "2.1.1", false},
                           {"~1.1-alpha", "1.1.1-beta", true},
                           {"~1.1.1-beta", "1.1.1-alpha", false},
                           {"~0.2.3", "0.3.5", false},
                           {"^1.2.3", "1.8.9", true},
                           {"^1.2.3", "2.8.9", false},
                           {"^1.2.3", "1.2.1", false},
                           {"^1.2", "1.8.9", true},
                           {"^1", "1.8.9", true},
                           {"^1", "2.8.9", false},
                           {"^1.x", "1.1.1", true},
                           {"^2.x", "1.1.1", false},
                           {"^0.2.3", "0.2.5", true},
                           {"^0.2.3", "0.5.6", false},
                           {"^0.2", "0.2.5", true},
                           {"^0.2", "0.5.6", false},
                           {"^0.0.3", "0.0.3", true},
                           {"^0.0.3", "0.0.4", false},
                           {"^0.0", "0.0.3", true},
                           {"^0.0", "0.1.4", false},
                           {"^0", "0.2.3", true},
                           {"^0", "1.1.4", false},
                           {"^*", "9.9.9", true},
                           {"^1.2.0", "1.2.1-alpha.1", false},
                           {"^1.2.0-alpha.0", "1.2.1-alpha.1", true},
                           {"^1.2.0-alpha.2", "1.2.0-alpha.1", false},
                           {"^1.2.x-alpha", "1.1.1-beta1", false},
                           {"^0.2.3-beta.2", "0.3.4-beta.2", false},
                           {"^0.0.0", "1.2.3", false},
                           {">=1.0.0 <2.0.0", "1.5.0", true},
                           {">=1.0.0 <2.0.0", "2.0.0", false},
                           {">1.1, <2", "1.2.1", true},
                           {">1.1, <2", "1.1.1", false},
                           {"> 1.1 < 2", "1.2.1", true},
                           {">1.1,<2", "1.2.1", true},
                           {">=1.1, <2, !=1.2.3", "1.2.3", false},
                           {">=1.1 <2 !=1.2.3 || > 3", "4.1.2", true},
                           {">=1.1 <2 !=1.2.3 || > 3", "3.1.2", false},
                           {">=1.1 <2 !=1.2.3 || >= 3", "3.0.0", true},
                           {"1.1 - 2", "1.1.1", true},
                           {"1.2 - 1.4.5", "1.4.5", true},
                           {"1.2 - 1.4.5", "1.4.6", false},
                           {"1.2 - 1.4.5", "1.1.9", false},
                           {"1.5.0 - 4.5", "4.5.7", true},
                           {"1.0.0 - 2.0.0 <=2.0.0", "1.5.0", true},
                           {"1.0.0 - 2.0.0, !=1.5.0", "1.5.0", false},
                           {"1.1-3", "4.3.2", false},
                           {">= 1.0.0  <= 2.0.0-beta", "1.0.1-beta", true},
                           {">= 1.0.0-0  <= 2.0.0", "1.0.1-beta", true},
                           {">= 1.0.0  <= 2.0.0-beta || > 3", "3.0.1-beta", false},
                           {">= 1.0.0  <= 2.0.0-beta != 1.0.1-beta || > 3", "1.0.1-beta", false}};

// GS-OCI-010: ranges mean what they mean in Flux (Masterminds constraints), prereleases included.
TEST(SemverRange, MatchesAsFluxDoes) {
  for (const Case& c : kCases) {
    auto range = SemverRange::parse(c.range);
    ASSERT_TRUE(range) << c.range << ": " << range.error().describe();
    auto version = base::Semver::parse(c.version);
    ASSERT_TRUE(version) << c.version;
    EXPECT_EQ(range->matches(*version), c.match) << "\"" << c.range << "\" and " << c.version;
  }
}

// GS-OCI-011: what is no range is refused with an example.
TEST(SemverRange, RefusesGarbage) {
  for (const std::string& text :
       {std::string("foo"), std::string(">"), std::string("1..2"), std::string("1.2.3.4"),
        std::string(">=1.0.0 &&"), std::string("1.2 ||"), std::string("|| 1.2"), std::string(">>1.0"),
        std::string("1.0,,2.0"), std::string("^^1"), std::string("1.2.3-"), std::string("1.2.3+"),
        std::string("01.2.3"), std::string("99999999999999999999.0.0"), std::string("1.2.3 -"),
        std::string(600, '1')}) {
    auto range = SemverRange::parse(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code(), "oci.semver_range");
  }
}

// GS-OCI-012: the newest tag in range is chosen by precedence, whatever the order of the list.
TEST(Newest, ChoosesByPrecedence) {
  const std::vector<std::string> tags{"latest", "1.9.0",  "v1.10.0",   "1.2.3-rc.1", "2.0.0",
                                      "v1.10",  "1.10.0", "sha256-ab", "1.11.0-rc.1"};
  const auto range = SemverRange::parse("1.x");
  ASSERT_TRUE(range);
  EXPECT_EQ(newest(tags, *range), "v1.10.0");
  std::vector<std::string> reversed(tags.rbegin(), tags.rend());
  EXPECT_EQ(newest(reversed, *range), "v1.10.0");
  EXPECT_EQ(newest(tags, *SemverRange::parse("1.x-0")), "1.11.0-rc.1");
  EXPECT_EQ(newest(tags, *SemverRange::parse(">=3")), std::nullopt);
}

// GS-OCI-013: the tag filter is an unanchored RE2 expression, as in Flux.
TEST(Newest, Filters) {
  const std::vector<std::string> tags{"1.0.0", "1.1.0-staging", "1.0.5"};
  auto filter = TagFilter::parse(".*-staging$");
  ASSERT_TRUE(filter);
  EXPECT_EQ(newest(tags, *SemverRange::parse(">=0.0.0-0"), &*filter), "1.1.0-staging");
  auto partial = TagFilter::parse("0\\.5");
  EXPECT_EQ(newest(tags, *SemverRange::parse("*"), &*partial), "1.0.5");
  EXPECT_FALSE(TagFilter::parse("(")) << "an unclosed group";
}

}  // namespace
}  // namespace gridseal::oci
