#include "base/json_condition.hpp"

#include <gtest/gtest.h>

#include "base/json_pointer.hpp"

namespace gridseal::base {
namespace {

JsonTest on(const std::string& field) {
  JsonTest test;
  test.field = field;
  return test;
}

// GS-BASE-200: a pointer names members and positions as RFC 6901 says, and the empty one the whole document.
TEST(JsonPointer, Finds) {
  const Json document = Json::parse(R"({"a/b":[1,{"~":2}],"":3})");
  const auto find = [&](std::string_view text) -> const Json* {
    const auto pointer = JsonPointer::parse(text);
    return pointer ? pointer->find(document) : nullptr;
  };
  EXPECT_EQ(find(""), &document);
  EXPECT_EQ(*find("/a~1b/1/~0"), 2);
  EXPECT_EQ(*find("/"), 3);
  for (const char* wrong : {"a", "/a~2b", "/a~", "/a~1b/01", "/a~1b/-", "/a~1b/2", "/a~1b/0/x"})
    EXPECT_EQ(find(wrong), nullptr) << wrong;
}

// GS-BASE-201: a condition holds for the field it names; one that is not there satisfies nothing; a test that
// cannot be used is refused with a sentence.
TEST(JsonCondition, HoldsOrIsRefused) {
  JsonTest equals = on("/status/phase");
  equals.equals = std::string("Running");
  const auto condition = JsonCondition::make(equals);
  ASSERT_TRUE(condition);
  EXPECT_TRUE(condition->holds(Json::parse(R"({"status":{"phase":"Running"}})")));
  EXPECT_FALSE(condition->holds(Json::parse(R"({"status":{"phase":"Idle"}})")));
  EXPECT_FALSE(condition->holds(Json::object()));
  EXPECT_EQ(describe(condition->test()), "equals \"Running\"");

  JsonTest least = on("/n");
  least.at_least = int64_t{3};
  EXPECT_TRUE(JsonCondition::make(least)->holds(Json::parse(R"({"n":3.5})")));
  EXPECT_FALSE(JsonCondition::make(least)->holds(Json::parse(R"({"n":"4"})")));

  JsonTest broken = on("/n");
  broken.matches = "(";
  EXPECT_EQ(JsonCondition::make(broken).error().code(), "json.condition");
  EXPECT_EQ(JsonCondition::make(on("/n")).error().message(), "must have exactly one test");
  EXPECT_EQ(JsonCondition::make(on("n")).error().outcome(), Outcome::refused);
  equals.equals = std::string(kMaxConditionText, 'x');
  EXPECT_TRUE(JsonCondition::make(equals));
  equals.equals = std::string(kMaxConditionText + 1, 'x');
  EXPECT_EQ(JsonCondition::make(equals).error().message(), "compares with a text of more than 64 KiB");
}

}  // namespace
}  // namespace gridseal::base
