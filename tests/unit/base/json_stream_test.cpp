#include "base/json_stream.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace gridseal::base {
namespace {

// Gives the text in pieces of this size.
Result<Json> read(std::string_view text, JsonFilter& filter, size_t piece = 3,
                  const JsonStreamLimits& limits = {}) {
  JsonStream stream(filter, limits);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    if (!stream.feed(text.substr(0, piece))) break;
  return stream.finish();
}

std::string stream_code(std::string_view text, const JsonStreamLimits& limits = {}) {
  JsonFilter all;
  const auto result = read(text, all, 3, limits);
  return result ? "" : result.error().code();
}

const std::vector<std::string_view>& texts() {
  using namespace std::string_view_literals;
  static const std::vector<std::string_view> all{
      R"({})",
      R"( [1,2.5,-3,true,null,"x",false, -0, 1e3, 1E-2, 0.5e+1] )",
      R"(0)",
      R"("é💧")",
      R"("\u00e9\ud83d\udca7\"\\\/\b\f\n\r\t\u0000")",
      R"({"a":{"a":{"a":[[],{},[{}]]}},"A":1,"":"","é":["é"]})",
      R"([9223372036854775807,9223372036854775808,18446744073709551615,18446744073709551616,-9223372036854775808])",
      R"([{"a":1},{"a":1}])",
      ""sv,
      " "sv,
      "{} {}"sv,
      "{}x"sv,
      "{'a':1}"sv,
      "[1,]"sv,
      "[,1]"sv,
      "[1 2]"sv,
      R"({"a":1,})"sv,
      R"({,"a":1})"sv,
      R"({"a" 1})"sv,
      R"({"a":})"sv,
      R"({"a"})"sv,
      R"({1:2})"sv,
      "01"sv,
      "+1"sv,
      "-"sv,
      ".5"sv,
      "1."sv,
      "1e"sv,
      "1e999"sv,
      "-1e999"sv,
      "1e-999"sv,
      "NaN"sv,
      "Infinity"sv,
      "nul"sv,
      "nulll"sv,
      "True"sv,
      "truefalse"sv,
      "// c\n1"sv,
      "\"a\nb\""sv,
      "\"\t\""sv,
      R"("\x")"sv,
      R"("\u12")"sv,
      R"("\u123g")"sv,
      R"("abc)"sv,
      "["sv,
      "]"sv,
      "}"sv,
      "[}"sv,
      "{]"sv,
      R"({"a":1,"a":2})"sv,
      R"({"messageSign\u0061ture":1,"messageSignature":2})"sv,
      R"([{"b":{"a":1,"c":2,"a":1}}])"sv,
      "\xEF\xBB\xBF{}"sv,
      "\"\xFF\""sv,
      "\"\xC3\""sv,
      "\"\xC0\x80\""sv,
      "\"\xE0\x80\x80\""sv,
      "\"\xED\xA0\x80\""sv,
      "\"\xF0\x80\x80\x80\""sv,
      "\"\xF4\x90\x80\x80\""sv,
      "\"\xF4\x8F\xBF\xBF\xEF\xBF\xBF\xED\x9F\xBF\""sv,
      R"("\ud800")"sv,
      R"("\udc00\ud800")"sv,
      R"("\ud800\u0041")"sv,
      R"("\ud800x")"sv,
      R"("\ud800\n")"sv,
      "{}\0"sv,
      "{}\0{\"a\":1}"sv,
      "\"\0\""sv,
      "\f1"sv};
  return all;
}

// GS-BASE-210: text in pieces is accepted and refused as text that is all there, and means the same.
TEST(JsonStream, JudgesAsTheWholeParser) {
  for (const std::string_view text : texts()) {
    const auto whole = parse_json(text);
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, SIZE_MAX}) {
      JsonFilter all;
      const auto streamed = read(text, all, piece);
      ASSERT_EQ(streamed.has_value(), whole.has_value()) << text;
      EXPECT_EQ(whole ? dump_json(*streamed) : streamed.error().code(),
                whole ? dump_json(*whole) : whole.error().code())
          << text;
    }
  }
}

// GS-BASE-211: what is not kept is checked all the same.
TEST(JsonStream, DroppedPartsAreChecked) {
  struct Nothing final : JsonFilter {
    Keep keep(const JsonPath& path, bool /*container*/) override {
      return path.empty() ? Keep::yes : Keep::no;
    }
  };
  for (const std::string_view text : texts()) {
    Nothing nothing;
    const std::string inside = R"({"x":)" + std::string(text) + "}";
    const auto whole = parse_json(inside);
    const auto streamed = read(inside, nothing);
    ASSERT_EQ(streamed.has_value(), whole.has_value()) << text;
    EXPECT_EQ(whole ? dump_json(*streamed) : streamed.error().code(), whole ? "{}" : whole.error().code())
        << text;
  }
}

// GS-BASE-212: size, depth, number of values and what is kept are bounded; what is dropped takes nothing.
TEST(JsonStream, Limits) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(stream_code(nested(64)), "");
  EXPECT_EQ(stream_code(nested(65)), "parse.limit");
  EXPECT_EQ(stream_code("[1,2,3]", {.max_values = 4}), "");
  EXPECT_EQ(stream_code("[1,2,3,4]", {.max_values = 4}), "parse.limit");
  EXPECT_EQ(stream_code("[1,2,3]", {.max_bytes = 7}), "");
  EXPECT_EQ(stream_code("[1,2,3]", {.max_bytes = 6}), "parse.limit");
  EXPECT_EQ(stream_code(R"({"ab":"cd"})", {.max_held = 260}), "");
  EXPECT_EQ(stream_code(R"({"ab":"cd"})", {.max_held = 259}), "parse.limit");
  EXPECT_EQ(stream_code("[" + std::string(1024, '1') + "]"), "parse.json") << "not a number that fits";
  EXPECT_EQ(stream_code("[0." + std::string(1022, '1') + "]"), "");
  EXPECT_EQ(stream_code("[0." + std::string(1023, '1') + "]"), "parse.limit");
  struct DropItems final : JsonFilter {
    bool complete(const JsonPath& path, Json& /*value*/) override { return path.size() != 2; }
  };
  DropItems drop;
  std::string text = R"({"layers":[)";
  for (int i = 0; i < 1000; ++i) text += R"({"annotations":{"name":"0123456789"}},)";
  text += R"({}],"last":1})";
  const auto rest = read(text, drop, 100, {.max_held = 900});
  ASSERT_TRUE(rest) << rest.error().describe();
  EXPECT_EQ(dump_json(*rest), R"({"last":1,"layers":[]})");
}

// GS-BASE-213: a filter sees each value with its place, drops what it does not want, and positions in lists
// stay right.
TEST(JsonStream, Filters) {
  struct Some final : JsonFilter {
    Keep keep(const JsonPath& path, bool container) override {
      asked.push_back(join(path) + (container ? "+" : ""));
      return path.empty() || path[0] != "no" ? Keep::yes : Keep::no;
    }
    bool complete(const JsonPath& path, Json& value) override {
      if (path == JsonPath{"list", "1"}) seen = value;
      return path != JsonPath{"list", "1"} && path != JsonPath{"list", "3"};
    }
    static std::string join(const JsonPath& path) {
      std::string text;
      for (const std::string& step : path) text += "/" + step;
      return text;
    }
    std::vector<std::string> asked;
    Json seen;
  };
  Some some;
  const auto json = read(R"({"no":{"in":[1]},"list":[0,{"a":1},2,3],"yes":{"b":true}})", some);
  ASSERT_TRUE(json);
  EXPECT_EQ(dump_json(*json), R"({"list":[0,null,2],"yes":{"b":true}})");
  EXPECT_EQ(dump_json(some.seen), R"({"a":1})");
  EXPECT_EQ(some.asked, (std::vector<std::string>{"+", "/no+", "/list+", "/list/0", "/list/1+", "/list/1/a",
                                                  "/list/2", "/list/3", "/yes+", "/yes/b"}));
}

// GS-BASE-214: a long text goes by in pieces, unescaped, and a long one that is kept is cut.
TEST(JsonStream, TextsInPieces) {
  struct Payload final : JsonFilter {
    Keep keep(const JsonPath& path, bool /*container*/) override {
      return path == JsonPath{"payload"} ? Keep::pieces : Keep::yes;
    }
    void take(std::string_view piece) override { text += piece; }
    std::string text;
  };
  Payload payload;
  const auto json = read(R"({"payload":"a\/\u0041é","x":1})", payload);
  ASSERT_TRUE(json);
  EXPECT_EQ(payload.text, "a/Aé");
  EXPECT_EQ(dump_json(*json), R"({"payload":"","x":1})");
  Payload other;
  EXPECT_EQ(dump_json(*read(R"({"payload":[1,"a"]})", other)), R"({"payload":[1,"a"]})");
  EXPECT_EQ(other.text, "");
  JsonFilter all;
  EXPECT_EQ(dump_json(*read(R"(["abcdef","abc"])", all, 2, {.cut_texts = 4})), R"(["abcd","abc"])");
}

}  // namespace
}  // namespace gridseal::base
