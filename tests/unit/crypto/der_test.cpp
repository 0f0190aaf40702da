#include "crypto/der.hpp"

#include <gtest/gtest.h>

namespace gridseal::crypto::der {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

bool reads(const std::string& input) {
  Reader reader(input);
  return reader.next() && reader.end();
}

// GS-CRYPTO-010: only definite, minimal lengths are DER.
TEST(Der, Lengths) {
  EXPECT_TRUE(reads(bytes({4, 0})));
  EXPECT_TRUE(reads(bytes({4, 1, 7})));
  EXPECT_TRUE(reads(encode(kOctetString, std::string(127, 'x'))));
  EXPECT_TRUE(reads(encode(kOctetString, std::string(128, 'x'))));
  EXPECT_TRUE(reads(encode(kOctetString, std::string(70'000, 'x'))));
  EXPECT_FALSE(reads(""));
  EXPECT_FALSE(reads(bytes({4})));
  EXPECT_FALSE(reads(bytes({4, 2, 7})));
  EXPECT_FALSE(reads(bytes({4, 1, 7, 7})));
  EXPECT_FALSE(reads(bytes({4, 0x81, 1, 7})));     // long form where short would do
  EXPECT_FALSE(reads(bytes({4, 0x82, 0, 0x80})));  // leading zero
  EXPECT_FALSE(reads(bytes({4, 0x80, 0, 0})));     // indefinite
  EXPECT_FALSE(reads(bytes({4, 0x84, 255, 255, 255, 255})));
  EXPECT_FALSE(reads(bytes({4, 0x88, 0, 0, 0, 0, 0, 0, 0, 1})));
  EXPECT_FALSE(reads(bytes({0x1F, 0x81, 0, 0})));  // high tag number
  EXPECT_FALSE(reads(bytes({0, 0})));
}

// GS-CRYPTO-011: integers are minimal and not negative.
TEST(Der, Integers) {
  const auto value = [](const std::string& input) {
    const auto read = Reader(input).small_integer();
    return read ? *read : -1;
  };
  EXPECT_EQ(value(bytes({2, 1, 0})), 0);
  EXPECT_EQ(value(bytes({2, 1, 127})), 127);
  EXPECT_EQ(value(bytes({2, 2, 0, 128})), 128);
  EXPECT_EQ(value(bytes({2, 8, 127, 255, 255, 255, 255, 255, 255, 255})), INT64_MAX);
  EXPECT_EQ(value(bytes({2, 1, 128})), -1);
  EXPECT_EQ(value(bytes({2, 2, 0, 127})), -1);
  EXPECT_EQ(value(bytes({2, 0})), -1);
  EXPECT_EQ(value(bytes({2, 9, 0, 128, 0, 0, 0, 0, 0, 0, 0})), -1);
  EXPECT_EQ(value(bytes({4, 1, 1})), -1);
  EXPECT_EQ(encode_unsigned_integer(bytes({0, 0, 128})), bytes({2, 2, 0, 128}));
  EXPECT_EQ(encode_unsigned_integer(""), bytes({2, 1, 0}));
}

// GS-CRYPTO-012: object identifiers read back as written; padded or cut arcs are refused.
TEST(Der, ObjectIdentifiers) {
  for (const std::string oid : {"1.2.840.113549.1.1.1", "1.3.101.112", "2.999.3", "0.9.2342", "2.5.29.15"}) {
    const std::string encoded = encode_oid(oid);
    const auto read = Reader(encoded).oid();
    ASSERT_TRUE(read) << oid;
    EXPECT_EQ(*read, oid);
  }
  EXPECT_FALSE(Reader(bytes({6, 0})).oid());
  EXPECT_FALSE(Reader(bytes({6, 2, 0x80, 1})).oid());
  EXPECT_FALSE(Reader(bytes({6, 2, 42, 0x86})).oid());
  EXPECT_FALSE(Reader(encode(kOid, std::string(11, '\xFF'))).oid());
}

// GS-CRYPTO-013: depth is bounded, bit strings have no unused bits, NULL is empty.
TEST(Der, StructureRules) {
  std::string nested;
  for (int i = 0; i < 40; ++i) nested = encode(kSequence, nested);
  Reader reader(nested);
  int depth = 0;
  base::Result<Reader> inner = reader.enter(kSequence);
  for (; inner; ++depth) {
    Reader at = *inner;
    inner = at.enter(kSequence);
  }
  EXPECT_EQ(depth, 16);
  EXPECT_EQ(inner.error().code(), "parse.limit");
  EXPECT_TRUE(Reader(bytes({3, 2, 0, 5})).bit_string());
  EXPECT_FALSE(Reader(bytes({3, 2, 1, 4})).bit_string());
  EXPECT_FALSE(Reader(bytes({3, 0})).bit_string());
  EXPECT_TRUE(Reader(bytes({5, 0})).null());
  EXPECT_FALSE(Reader(bytes({5, 1, 0})).null());
}

}  // namespace
}  // namespace gridseal::crypto::der
