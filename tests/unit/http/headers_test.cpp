#include <gtest/gtest.h>

#include "http/transport.hpp"

namespace gridseal::http {
namespace {

// GS-HTTP-001: names of headers compare without case; order and repetition are kept.
TEST(Headers, NamesCompareWithoutCase) {
  Headers headers;
  headers.add("WWW-Authenticate", "Basic");
  headers.add("Content-Type", "text/plain");
  headers.add("www-authenticate", "Bearer");
  EXPECT_EQ(headers.get("Www-Authenticate"), "Basic");
  EXPECT_EQ(headers.all("WWW-AUTHENTICATE"), (std::vector<std::string_view>{"Basic", "Bearer"}));
  EXPECT_TRUE(headers.has("content-type"));
  EXPECT_FALSE(headers.has("content-typ"));
  EXPECT_EQ(headers.get("absent"), "");
}

// GS-HTTP-084: names of headers compare without case; order and repetition are kept.
TEST(Headers, SetReplacesEveryValue) {
  Headers headers;
  headers.add("A", "1");
  headers.add("a", "2");
  headers.add("B", "3");
  headers.set("A", "4");
  EXPECT_EQ(headers.all("a"), (std::vector<std::string_view>{"4"}));
  EXPECT_EQ(headers.items().front().first, "B");
}

}  // namespace
}  // namespace gridseal::http
