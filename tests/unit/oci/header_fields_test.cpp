#include "oci/header_fields.hpp"

#include <gtest/gtest.h>

namespace gridseal::oci {
namespace {

// GS-OCI-030: a Bearer challenge is read with quoting and beside other challenges.
TEST(Challenges, Parses) {
  const auto list = parse_challenges(
      R"(Basic realm="a, b", Bearer realm="https://auth.example/token",service="reg\"x",scope="repository:a:pull,push")");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].scheme, "basic");
  EXPECT_EQ(list[0].parameters.at("realm"), "a, b");
  EXPECT_EQ(list[1].scheme, "bearer");
  EXPECT_EQ(list[1].parameters.at("realm"), "https://auth.example/token");
  EXPECT_EQ(list[1].parameters.at("service"), "reg\"x");
  EXPECT_EQ(list[1].parameters.at("scope"), "repository:a:pull,push");
}

// GS-OCI-031: garbage in a challenge ends the reading.
TEST(Challenges, SurvivesGarbage) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("\"").empty());
  EXPECT_TRUE(parse_challenges(std::string(100'000, 'a')).empty());
  EXPECT_EQ(parse_challenges("Bearer realm=\"unclosed").size(), 2U);
}

// GS-OCI-032: only rel="next" leads to another page.
TEST(Links, FindsNext) {
  EXPECT_EQ(next_link(R"(</v2/a/tags/list?n=1&last=x>; rel="next")"), "/v2/a/tags/list?n=1&last=x");
  EXPECT_EQ(next_link(R"(</p>; rel=prev, </n>; title="a;b"; rel=next)"), "/n");
  EXPECT_EQ(next_link("</p>; rel=prev"), std::nullopt);
  EXPECT_EQ(next_link("/p; rel=next"), std::nullopt);
  EXPECT_EQ(next_link("<"), std::nullopt);
}

// GS-OCI-033: a Content-Range that contradicts itself is none.
TEST(ContentRanges, Parses) {
  const auto range = parse_content_range("bytes 100-199/1000");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 100U);
  EXPECT_EQ(range->last, 199U);
  EXPECT_EQ(range->total, 1000U);
  EXPECT_TRUE(parse_content_range("bytes 0-0/*"));
  for (const char* text :
       {"bytes 5-4/10", "bytes 0-10/10", "bytes */10", "0-1/2", "bytes 1-/2", "bytes -1-2/3", ""})
    EXPECT_FALSE(parse_content_range(text)) << text;
}

// GS-OCI-034: Retry-After is seconds or a date.
TEST(RetryAfter, Parses) {
  const auto now = *base::parse_rfc3339("2026-11-06T08:49:07Z");
  EXPECT_EQ(parse_retry_after("120", now), base::seconds(120));
  EXPECT_EQ(parse_retry_after("Fri, 06 Nov 2026 08:49:37 GMT", now), base::seconds(30));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), base::seconds(0));
  EXPECT_EQ(parse_retry_after("soon", now), std::nullopt);
  EXPECT_EQ(parse_retry_after("-5", now), std::nullopt);
}

}  // namespace
}  // namespace gridseal::oci
