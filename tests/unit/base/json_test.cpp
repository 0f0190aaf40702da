#include "base/json.hpp"

#include <gtest/gtest.h>

namespace gridseal::base {
namespace {

std::string code(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  return parsed ? "" : parsed.error().code();
}

// GS-BASE-020: one value, nothing around it but white space.
TEST(JsonParse, OneValue) {
  for (const char* good : {"{}", " [1,2.5,-3,true,null,\"x\"] \n", "0", "\"\\u00e9\"", "\"\\ud83d\\udca7\""})
    EXPECT_EQ(code(good), "") << good;
  for (const char* bad :
       {"",   " ",   "{} {}",    "{}x", "{'a':1}", "[1,]",     "{\"a\":1,}", "01", "+1",      ".5",
        "1.", "NaN", "Infinity", "nul", "// c\n1", "\"a\nb\"", "\"\\x\"",    "[",  "{\"a\"}", "\"\t\""}) {
    EXPECT_EQ(code(bad), "parse.json") << bad;
  }
}

// GS-BASE-021: names are unique after unescaping, at every level; equal names in different objects are fine.
TEST(JsonParse, Duplicates) {
  EXPECT_EQ(code(R"({"a":1,"a":2})"), "parse.duplicate_key");
  EXPECT_EQ(code(R"({"messageSign\u0061ture":1,"messageSignature":2})"), "parse.duplicate_key");
  EXPECT_EQ(code(R"([{"b":{"a":1,"a":1}}])"), "parse.duplicate_key");
  EXPECT_EQ(code(R"({"a":{"a":{"a":1}},"A":1})"), "");
  EXPECT_EQ(code(R"([{"a":1},{"a":1}])"), "");
}

// GS-BASE-022: UTF-8 only: no byte order mark, no invalid sequence, no lone surrogate.
TEST(JsonParse, Encoding) {
  EXPECT_EQ(code("\xEF\xBB\xBF{}"), "parse.json");
  EXPECT_EQ(code("\"\xFF\""), "parse.json");
  EXPECT_EQ(code("\"\xED\xA0\x80\""), "parse.json");
  EXPECT_EQ(code(R"("\ud800")"), "parse.json");
  EXPECT_EQ(code(R"("\udc00\ud800")"), "parse.json");
  EXPECT_EQ(code(R"("\ud800\u0041")"), "parse.json");
  EXPECT_EQ(code(std::string_view("{}\0", 3)), "parse.json");
  EXPECT_EQ(code(std::string_view("{}\0{\"a\":1}", 10)), "parse.json");
  EXPECT_EQ(code(R"("\u0000")"), "");
}

// GS-BASE-023: size, depth and number of values are bounded.
TEST(JsonParse, Limits) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(code(nested(64)), "");
  EXPECT_EQ(code(nested(65)), "parse.limit");
  EXPECT_EQ(code(nested(1'000'000)), "parse.limit");
  EXPECT_EQ(code("[1,2,3]", {100, 8, 4}), "");
  EXPECT_EQ(code("[1,2,3,4]", {100, 8, 4}), "parse.limit");
  EXPECT_EQ(code("[1,2,3]", {6, 8, 10}), "parse.limit");
}

// GS-BASE-024: integers stay integers over the whole 64 bits; typed access never guesses.
TEST(JsonParse, TypedMembers) {
  const auto json = parse_json(
      R"({"big":9223372036854775807,"huge":18446744073709551615,"float":1.0,"text":"x","nothing":null,"o":{},"a":[]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(find_integer(*json, "big"), INT64_MAX);
  EXPECT_FALSE(find_integer(*json, "huge"));
  EXPECT_FALSE(find_integer(*json, "float"));
  EXPECT_FALSE(find_integer(*json, "text"));
  EXPECT_EQ(*find_string(*json, "text"), "x");
  EXPECT_EQ(find_string(*json, "big"), nullptr);
  EXPECT_EQ(find_member(*json, "nothing"), nullptr);
  EXPECT_NE(find_object(*json, "o"), nullptr);
  EXPECT_EQ(find_object(*json, "a"), nullptr);
  EXPECT_NE(find_array(*json, "a"), nullptr);
  EXPECT_EQ(find_member(Json::array(), "a"), nullptr);
  EXPECT_EQ(dump_json(*parse_json(R"({"b":1,"a":[true,"é"]})")), R"({"a":[true,"é"],"b":1})");
}

// GS-BASE-056: what a YAML 1.1 reader refuses or folds is escaped, and means the same to a JSON reader.
TEST(JsonDump, EscapesWhatYamlDoesNotTake) {
  const Json value = {"a\x7F", "\u0080\u0085\u009f", "\u2028\u2029", "\uFFFE\uFFFF",
                      "\u00a0é\u2026\uFFFD\U0001F600"};
  const std::string text = dump_json(value);
  EXPECT_EQ(text,
            "[\"a\\u007f\",\"\\u0080\\u0085\\u009f\",\"\\u2028\\u2029\",\"\\ufffe\\uffff\","
            "\"\u00a0é\u2026\uFFFD\U0001F600\"]");
  EXPECT_EQ(*parse_json(text), value);
  EXPECT_EQ(*parse_json(dump_json_pretty(value)), value);
}

}  // namespace
}  // namespace gridseal::base
