#include "base/error.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"

namespace gridseal::base {
namespace {

// GS-BASE-001: context keeps code and outcome, and the whole chain is told in one line.
TEST(Error, ContextKeepsCodeAndOutcome) {
  const Error error = Error::pending("a.b", "inner").with_context("middle").with_context("outer");
  EXPECT_EQ(error.code(), "a.b");
  EXPECT_EQ(error.outcome(), Outcome::pending);
  EXPECT_EQ(error.message(), "outer");
  ASSERT_NE(error.cause(), nullptr);
  EXPECT_EQ(error.cause()->message(), "middle");
  EXPECT_EQ(error.describe(), "outer: middle: inner");
}

// GS-BASE-002: the four outcomes have their names, and a Result carries value or error.
TEST(Error, OutcomesAndResults) {
  EXPECT_EQ(to_string(Outcome::pending), "pending");
  EXPECT_EQ(to_string(Outcome::refused), "refused");
  EXPECT_EQ(to_string(Outcome::failed), "failed");
  EXPECT_EQ(to_string(Outcome::blocked), "blocked");
  EXPECT_EQ(Error::failed("x", "y").outcome(), Outcome::failed);
  const Result<int> good = 5;
  const Result<int> bad = Error::blocked("x", "y");
  EXPECT_EQ(*good, 5);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().outcome(), Outcome::blocked);
}

// GS-BASE-003: a digest is "sha256:" and 64 lower-case hex digits, nothing else.
TEST(Digest, OnlyCanonicalForm) {
  const std::string hex(64, 'a');
  const auto digest = Digest::parse("sha256:" + hex);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->to_string(), "sha256:" + hex);
  EXPECT_EQ(digest->short_form(), "sha256:aaaaaaaaaaaa");
  for (const std::string& text :
       {std::string(), hex, "sha512:" + hex, "SHA256:" + hex, "sha256:" + std::string(64, 'A'),
        "sha256:" + std::string(63, 'a'), "sha256:" + std::string(65, 'a'), "sha256:" + std::string(64, 'g'),
        "sha256: " + std::string(63, 'a')}) {
    EXPECT_FALSE(Digest::parse(text)) << text;
  }
}

}  // namespace
}  // namespace gridseal::base
