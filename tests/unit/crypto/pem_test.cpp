#include "crypto/pem.hpp"

#include <gtest/gtest.h>

namespace gridseal::crypto {
namespace {

std::string code_of_pem(const std::string& text) {
  const auto parsed = parse_pem(text);
  return parsed ? "" : parsed.error().code();
}

// GS-CRYPTO-020: what is written reads back, with LF and with CRLF.
TEST(Pem, RoundTrip) {
  for (size_t size = 1; size < 200; ++size) {
    const std::string content(size, static_cast<char>(size));
    const std::string text = encode_pem("PUBLIC KEY", content);
    EXPECT_EQ(*parse_single_pem(text, "PUBLIC KEY"), content);
    std::string crlf;
    for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    EXPECT_EQ(*parse_single_pem("\r\n" + crlf + "\r\n", "PUBLIC KEY"), content);
  }
  const auto two = parse_pem(encode_pem("A", "1") + "\n" + encode_pem("B", "2"));
  ASSERT_TRUE(two);
  EXPECT_EQ(two->at(1).label, "B");
}

// GS-CRYPTO-021: text around blocks, headers, wrong or missing ends and garbage are refused.
TEST(Pem, Strictness) {
  const std::string good = encode_pem("PUBLIC KEY", "key");
  EXPECT_EQ(code_of_pem(""), "parse.pem");
  EXPECT_EQ(code_of_pem("text\n" + good), "parse.pem");
  EXPECT_EQ(code_of_pem(good + "text"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN PUBLIC KEY-----\na2V5\n"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN PUBLIC KEY-----\na2V5\n-----END PRIVATE KEY-----\n"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN -----\na2V5\n-----END -----\n"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\na2V5\n-----END A-----\n"), "parse.pem");
  EXPECT_EQ(code_of_pem("-----BEGIN A-----\na2V 5\n-----END A-----\n"), "parse.base64");
  EXPECT_EQ(code_of_pem("-----BEGIN A-----\na2V5=\n-----END A-----\n"), "parse.base64");
  EXPECT_EQ(code_of_pem(std::string((1U << 20U) + 1, '\n')), "parse.limit");
  std::string many;
  for (int i = 0; i < 17; ++i) many += good;
  EXPECT_EQ(code_of_pem(many), "parse.limit");
  EXPECT_FALSE(parse_single_pem(good + good, "PUBLIC KEY"));
  EXPECT_FALSE(parse_single_pem(good, "CERTIFICATE"));
}

}  // namespace
}  // namespace gridseal::crypto
