// The CBOR reader: what COSE_Sign1 needs and nothing else.
#include "notation/cbor.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace gridseal::notation::cbor {
namespace {

std::string hex(std::string_view text) {
  return *base::decode_hex(text);
}

std::string code(std::string_view text, const Limits& limits = {}) {
  const std::string bytes = hex(text);
  const auto value = parse(bytes, limits);
  return value ? "" : value.error().code();
}

struct Integer {
  int64_t value;
  const char* encoding;
};

// GS-NOTATION-001: integers are read and written in the shortest form of RFC 8949, appendix A.
TEST(Cbor, Integers) {
  for (const auto& [value, encoding] :
       {Integer{0, "00"}, Integer{23, "17"}, Integer{24, "1818"}, Integer{255, "18ff"},
        Integer{256, "190100"}, Integer{65536, "1a00010000"}, Integer{1000000000000, "1b000000e8d4a51000"},
        Integer{-1, "20"}, Integer{-24, "37"}, Integer{-25, "3818"}, Integer{-1000, "3903e7"}}) {
    EXPECT_EQ(base::encode_hex(encode_integer(value)), encoding);
    const std::string bytes = hex(encoding);
    const auto read = parse(bytes);
    ASSERT_TRUE(read) << encoding;
    EXPECT_EQ(read->kind, value < 0 ? Kind::negative_integer : Kind::unsigned_integer);
    EXPECT_EQ(read->number, static_cast<uint64_t>(value < 0 ? -1 - value : value));
  }
  const std::string largest = hex("1bffffffffffffffff");
  EXPECT_EQ(parse(largest)->number, UINT64_MAX);
}

// GS-NOTATION-002: nested values keep their order and their own bytes; map keys are found by label and name.
TEST(Cbor, Containers) {
  const std::string bytes = hex("a40182f5f6206178616bc101616d40");
  const auto map = parse(bytes);
  ASSERT_TRUE(map) << map.error().describe();
  const Value* list = find(*map, 1);
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->items[0].kind, Kind::boolean);
  EXPECT_EQ(list->items[0].number, 1U);
  EXPECT_EQ(list->items[1].kind, Kind::null);
  EXPECT_EQ(base::encode_hex(list->raw), "82f5f6");
  EXPECT_EQ(find(*map, -1)->content, "x");
  EXPECT_EQ(find(*map, "k")->kind, Kind::tag);
  EXPECT_EQ(find(*map, "k")->items.front().number, 1U);
  EXPECT_EQ(find(*map, "m")->kind, Kind::bytes);
  EXPECT_EQ(find(*map, "absent"), nullptr);
  EXPECT_EQ(find(*list, 1), nullptr);
}

// GS-NOTATION-003: what is not the one shortest, definite encoding of one item is refused.
TEST(Cbor, RefusesOtherForms) {
  for (const char* bad : {"",
                          "1817",
                          "190017",
                          "1a0000ffff",
                          "1b00000000ffffffff",
                          "5801",
                          "580100",
                          "9f00ff",
                          "5f4101ff",
                          "bf0000ff",
                          "1c",
                          "1f",
                          "ff",
                          "f97c00",
                          "fb3ff0000000000000",
                          "f7",
                          "f820",
                          "e0",
                          "61ff",
                          "62c080",
                          "0000",
                          "8200",
                          "a100",
                          "a1400",
                          "a14001",
                          "a1820102",
                          "c1",
                          "9bffffffffffffffff",
                          "bbffffffffffffffff",
                          "bb8000000000000000",
                          "5bffffffffffffffff"}) {
    const std::string text(bad);
    EXPECT_EQ(code(text.size() % 2 == 0 ? text : text + "0"), "parse.cbor") << bad;
  }
}

// GS-NOTATION-004: a map with the same key twice is refused.
TEST(Cbor, RefusesDuplicateKeys) {
  EXPECT_EQ(code("a201000101"), "parse.duplicate_key");
  EXPECT_EQ(code("a2616100616101"), "parse.duplicate_key");
  EXPECT_EQ(code("a20100613101"), "");  // the integer 1 and the text "1" differ
}

// GS-NOTATION-005: depth, size and number of items are bounded.
TEST(Cbor, Limits) {
  EXPECT_EQ(code("818181818181818100"), "parse.limit");
  EXPECT_EQ(code("8181818181818100"), "");
  EXPECT_EQ(code("83000000", {.max_items = 3}), "parse.limit");
  EXPECT_EQ(code("83000000", {.max_items = 4}), "");
  EXPECT_EQ(code("83000000", {.max_bytes = 3}), "parse.limit");
}

}  // namespace
}  // namespace gridseal::notation::cbor
