// Conditions on fields of a signed statement.
#include "trust/condition.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.hpp"

namespace gridseal::trust {
namespace {

using base::Json;
using config::Scalar;

config::Condition on(const std::string& field) {
  config::Condition condition;
  condition.field = field;
  return condition;
}

config::Condition equals(const std::string& field, Scalar value) {
  config::Condition condition = on(field);
  condition.equals = std::move(value);
  return condition;
}

config::Condition at_least(Scalar value) {
  config::Condition condition = on("/n");
  condition.at_least = std::move(value);
  return condition;
}

config::Condition at_most(Scalar value) {
  config::Condition condition = on("/n");
  condition.at_most = std::move(value);
  return condition;
}

config::Condition matches(const std::string& field, const std::string& expression) {
  config::Condition condition = on(field);
  condition.matches = expression;
  return condition;
}

bool holds(const config::Condition& settings, const std::string& predicate) {
  const auto condition = Condition::make(settings);
  EXPECT_TRUE(condition) << condition.error().describe();
  const auto statement = base::parse_json(R"({"_type":"t","predicate":)" + predicate + "}");
  EXPECT_TRUE(statement) << predicate;
  if (!condition || !statement) return false;
  const auto verdict = condition->check(*statement);
  if (!verdict) {
    EXPECT_EQ(verdict.error().outcome(), base::Outcome::refused);
    EXPECT_EQ(verdict.error().code(), "attestation.condition");
  }
  return verdict.has_value();
}

// The same for a field n of this JSON value.
bool number_holds(const config::Condition& settings, const std::string& value) {
  return holds(settings, R"({"n":)" + value + "}");
}

// GS-TRUST-120: a pointer is RFC 6901's: ~0 and ~1, empty names, positions in arrays, nothing guessed.
TEST(Pointer, Steps) {
  const std::string document =
      R"({"a/b":1,"c~d":2,"~1":3,"":4,"e":{"":5},"list":[10,[11],{"x":12}],"0":"name","é":6,"a.b":7})";
  EXPECT_TRUE(holds(equals("/a~1b", int64_t{1}), document));
  EXPECT_TRUE(holds(equals("/c~0d", int64_t{2}), document));
  EXPECT_TRUE(holds(equals("/~01", int64_t{3}), document));
  EXPECT_TRUE(holds(equals("/", int64_t{4}), document));
  EXPECT_TRUE(holds(equals("/e/", int64_t{5}), document));
  EXPECT_TRUE(holds(equals("/é", int64_t{6}), document));
  EXPECT_TRUE(holds(equals("/a.b", int64_t{7}), document));
  EXPECT_TRUE(holds(equals("/0", std::string("name")), document));
  EXPECT_TRUE(holds(equals("/list/0", int64_t{10}), document));
  EXPECT_TRUE(holds(equals("/list/1/0", int64_t{11}), document));
  EXPECT_TRUE(holds(equals("/list/2/x", int64_t{12}), document));
  for (const char* nowhere : {"/list/00", "/list/-", "/list/-1", "/list/+0", "/list/0x0", "/list/3", "/list/",
                              "/list/99999999999999999999", "/list/1.0", "/list/0/x", "/a", "/a/b", "/E"})
    EXPECT_FALSE(holds(equals(nowhere, int64_t{10}), document)) << nowhere;
}

// GS-TRUST-121: "statement:" reaches beside the predicate; without it nothing does.
TEST(Pointer, Statement) {
  EXPECT_TRUE(holds(equals("statement:/_type", std::string("t")), "{}"));
  EXPECT_TRUE(holds(equals("statement:/predicate/x", true), R"({"x":true})"));
  EXPECT_FALSE(holds(equals("/_type", std::string("t")), "{}"));
  const auto condition = Condition::make(equals("/x", true));
  EXPECT_FALSE(condition->check(*base::parse_json(R"({"x":true})")));  // no predicate at all
  EXPECT_FALSE(condition->check(*base::parse_json(R"([true])")));
}

// GS-TRUST-122: what is no pointer, no test or several, a wrong expression or limit is an error at start that
// names the field.
TEST(Make, Mistakes) {
  const auto code = [](const config::Condition& settings) {
    const auto made = Condition::make(settings);
    if (made) return std::string();
    EXPECT_EQ(made.error().outcome(), base::Outcome::refused);
    return made.error().code();
  };
  EXPECT_EQ(code(equals("/x", true)), "");
  for (const char* bad : {"", "x", "x/y", "/a~", "/a~2b", "/~", "statement:x", "statement:/~3"})
    EXPECT_EQ(code(equals(bad, true)), "trust.policy_condition") << bad;
  EXPECT_EQ(code(on("/x")), "trust.policy_condition");
  config::Condition two = equals("/x", true);
  two.present = true;
  EXPECT_EQ(code(two), "trust.policy_condition");
  EXPECT_EQ(code(matches("/x", "(")), "trust.policy_condition");
  EXPECT_EQ(code(matches("/x", "(?=look)")), "trust.policy_condition");
  EXPECT_EQ(code(matches("/x", std::string(1025, 'a'))), "trust.policy_condition");
  EXPECT_EQ(code(matches("/x", "((a{1000}){1000}){1000}")), "trust.policy_condition");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Scalar& wrong : {Scalar(std::string("7")), Scalar(true), Scalar(nan), Scalar(infinity)}) {
    EXPECT_EQ(code(at_least(wrong)), "trust.policy_condition");
    EXPECT_EQ(code(at_most(wrong)), "trust.policy_condition");
  }
  EXPECT_EQ(code(equals("/x", nan)), "trust.policy_condition");
  config::Condition list = on("/x");
  list.one_of = {int64_t{1}, -infinity};
  EXPECT_EQ(code(list), "trust.policy_condition");
  const auto named = Condition::make(equals("builder/id", true));
  EXPECT_NE(named.error().message().find("builder/id"), std::string::npos);
}

// GS-TRUST-123: equality is by kind and value; nothing is converted.
TEST(Operators, Equals) {
  EXPECT_TRUE(number_holds(equals("/n", std::string("x")), R"("x")"));
  EXPECT_TRUE(number_holds(equals("/n", std::string("é")), R"("é")"));
  EXPECT_TRUE(number_holds(equals("/n", std::string()), R"("")"));
  EXPECT_TRUE(number_holds(equals("/n", true), "true"));
  EXPECT_TRUE(number_holds(equals("/n", false), "false"));
  EXPECT_TRUE(number_holds(equals("/n", int64_t{7}), "7"));
  EXPECT_TRUE(number_holds(equals("/n", int64_t{7}), "7.0"));
  EXPECT_TRUE(number_holds(equals("/n", 7.0), "7"));
  EXPECT_TRUE(number_holds(equals("/n", 0.5), "5e-1"));
  EXPECT_TRUE(number_holds(equals("/n", int64_t{0}), "-0.0"));
  for (const char* other : {R"("7")", "true", "null", "[7]", R"({"7":7})", "8", "7.000001"})
    EXPECT_FALSE(number_holds(equals("/n", int64_t{7}), other)) << other;
  for (const char* other : {R"("X")", R"("x ")", R"("x\u0000")", "1", "null", R"(["x"])"})
    EXPECT_FALSE(number_holds(equals("/n", std::string("x")), other)) << other;
  for (const char* other : {"1", R"("true")", "false", "null"})
    EXPECT_FALSE(number_holds(equals("/n", true), other)) << other;
  EXPECT_FALSE(number_holds(equals("/n", false), "0"));
}

// GS-TRUST-124: one of several values; a list, a number and a text are never the same.
TEST(Operators, OneOf) {
  config::Condition any = on("/n");
  any.one_of = {std::string("main"), int64_t{3}, true};
  for (const char* good : {R"("main")", "3", "3.0", "true"}) EXPECT_TRUE(number_holds(any, good)) << good;
  for (const char* bad : {R"("3")", R"("true")", "false", R"(["main"])", R"("mai")", "null", "4"})
    EXPECT_FALSE(number_holds(any, bad)) << bad;
}

// GS-TRUST-125: expressions are searched for in texts, as RE2 does, within a limit; other kinds never match.
TEST(Operators, Matches) {
  EXPECT_TRUE(number_holds(matches("/n", "^refs/tags/v[0-9]+$"), R"("refs/tags/v12")"));
  EXPECT_FALSE(number_holds(matches("/n", "^refs/tags/v[0-9]+$"), R"("refs/tags/v12 ")"));
  EXPECT_FALSE(number_holds(matches("/n", "^refs/tags/v[0-9]+$"), R"("x\nrefs/tags/v12")"));
  EXPECT_TRUE(number_holds(matches("/n", "main"), R"("a main b")"));
  EXPECT_FALSE(number_holds(matches("/n", "^a.b$"), R"("a\nb")"));
  EXPECT_FALSE(number_holds(matches("/n", "7"), "7"));
  EXPECT_FALSE(number_holds(matches("/n", "."), R"(["x"])"));
  EXPECT_FALSE(number_holds(matches("/n", "null"), "null"));
  const std::string large(size_t{64} << 10U, 'a');
  EXPECT_TRUE(number_holds(matches("/n", "a"), '"' + large + '"'));
  EXPECT_FALSE(number_holds(matches("/n", "a"), '"' + large + "a\""));
  // Linear in time, whatever the expression.
  EXPECT_FALSE(number_holds(matches("/n", "^(a+)+$"), '"' + std::string(60'000, 'a') + "b\""));
}

// GS-TRUST-126: limits are exact, also for numbers that a double cannot hold, and for numbers only.
TEST(Operators, Limits) {
  EXPECT_TRUE(number_holds(at_most(int64_t{0}), "0"));
  EXPECT_FALSE(number_holds(at_most(int64_t{0}), "1"));
  EXPECT_FALSE(number_holds(at_most(int64_t{0}), "0.0001"));
  EXPECT_TRUE(number_holds(at_most(int64_t{0}), "-0.0001"));
  EXPECT_TRUE(number_holds(at_least(6.9), "6.9"));
  EXPECT_FALSE(number_holds(at_least(6.9), "6"));
  EXPECT_TRUE(number_holds(at_least(6.9), "7"));
  for (const char* other : {R"("0")", "null", "false", "[0]", "{}"}) {
    EXPECT_FALSE(number_holds(at_most(int64_t{5}), other)) << other;
    EXPECT_FALSE(number_holds(at_least(int64_t{-5}), other)) << other;
  }
  EXPECT_FALSE(holds(at_most(int64_t{5}), "{}"));

  const int64_t odd = (int64_t{1} << 53U) + 1;  // a double rounds it down
  EXPECT_FALSE(number_holds(at_most(odd - 1), std::to_string(odd)));
  EXPECT_FALSE(number_holds(equals("/n", static_cast<double>(odd - 1)), std::to_string(odd)));
  EXPECT_FALSE(number_holds(at_most(static_cast<double>(odd - 1)), std::to_string(odd)));
  EXPECT_FALSE(number_holds(at_least(odd), "9007199254740992.0"));
  EXPECT_FALSE(number_holds(equals("/n", odd), "9007199254740992.0"));

  const int64_t greatest = std::numeric_limits<int64_t>::max();
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_TRUE(number_holds(equals("/n", greatest), "9223372036854775807"));
  EXPECT_FALSE(number_holds(at_most(greatest), "9223372036854775808"));
  EXPECT_FALSE(number_holds(at_most(greatest), "18446744073709551615"));
  EXPECT_FALSE(number_holds(at_most(greatest), "18446744073709551616"));
  EXPECT_FALSE(number_holds(at_most(greatest), "1e300"));
  EXPECT_FALSE(number_holds(equals("/n", greatest), "9223372036854775808.0"));
  EXPECT_TRUE(number_holds(equals("/n", least), "-9223372036854775808"));
  EXPECT_FALSE(number_holds(at_least(least), "-1e300"));
  EXPECT_FALSE(number_holds(at_least(int64_t{-1}), "-9223372036854775808"));
  EXPECT_TRUE(number_holds(at_least(int64_t{-1}), "18446744073709551615"));
  EXPECT_TRUE(number_holds(at_most(1e300), "18446744073709551615"));
  EXPECT_FALSE(number_holds(at_most(-1e300), "-9223372036854775808"));
  EXPECT_TRUE(number_holds(at_least(-0.5), "0"));
  EXPECT_FALSE(number_holds(at_least(-0.5), "-1"));
  EXPECT_TRUE(number_holds(at_most(-0.5), "-1"));
}

// GS-TRUST-127: present means there and not null.
TEST(Operators, Present) {
  config::Condition there = on("/n");
  there.present = true;
  for (const char* value : {"0", "false", R"("")", "[]", "{}"})
    EXPECT_TRUE(number_holds(there, value)) << value;
  EXPECT_FALSE(number_holds(there, "null"));
  EXPECT_FALSE(holds(there, "{}"));
}

// GS-TRUST-128: the sentence says the field, what is asked for and what was found, within bounds.
TEST(Operators, Sentence) {
  const auto condition = Condition::make(at_most(int64_t{0}));
  EXPECT_EQ(condition->describe(), "/n is at most 0");
  const auto wrong = condition->check(*base::parse_json(R"({"predicate":{"n":4}})"));
  EXPECT_EQ(wrong.error().message(), "the field /n is at most 0 is asked for; it is 4");
  const auto missing = condition->check(*base::parse_json(R"({"predicate":{}})"));
  EXPECT_EQ(missing.error().message(), "the field /n is at most 0 is asked for; it is not there");
  const auto large =
      condition->check(*base::parse_json(R"({"predicate":{"n":")" + std::string(10'000, 'x') + "\"}}"));
  EXPECT_LT(large.error().message().size(), 300U);
  config::Condition any = on("/n");
  any.one_of = {std::string("a\"b"), 1234567.5, true};
  EXPECT_EQ(Condition::make(any)->describe(), R"(/n is one of "a\"b", 1234567.5, true)");
}

}  // namespace
}  // namespace gridseal::trust
