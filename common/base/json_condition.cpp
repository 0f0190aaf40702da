#include "base/json_condition.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gridseal::base {
namespace {

constexpr size_t kMaxPattern = 1024;
constexpr int64_t kMaxCompiled = int64_t{256} << 10U;

std::string to_text(const Scalar& value) {
  return std::visit([](const auto& plain) { return base::dump_json(Json(plain)); }, value);
}

// NaN and the infinities, which TOML can write, limit nothing.
bool is_limit(const Scalar& value) {
  const auto* number = std::get_if<double>(&value);
  return std::holds_alternative<int64_t>(value) || (number != nullptr && std::isfinite(*number));
}

template <class T>
int order(T a, T b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Exact, also where a double cannot hold the whole number.
template <class Integer>
int order_exactly(Integer whole, double number) {
  const double beyond = std::ldexp(1.0, std::numeric_limits<Integer>::digits);
  if (number >= beyond) return -1;
  if (number < static_cast<double>(std::numeric_limits<Integer>::min())) return 1;
  const double floor = std::floor(number);
  const int of_whole = order(whole, static_cast<Integer>(floor));
  return of_whole == 0 && number > floor ? -1 : of_whole;
}

// -1, 0 or 1; both are numbers.
int compare(const Json& field, const Scalar& value) {
  const auto* integer = std::get_if<int64_t>(&value);
  const double number = integer != nullptr ? 0 : std::get<double>(value);
  if (field.is_number_unsigned()) {
    const auto whole = field.get<uint64_t>();
    if (integer == nullptr) return order_exactly(whole, number);
    return *integer < 0 ? 1 : order(whole, static_cast<uint64_t>(*integer));
  }
  if (field.is_number_integer()) {
    const auto whole = field.get<int64_t>();
    return integer != nullptr ? order(whole, *integer) : order_exactly(whole, number);
  }
  const auto real = field.get<double>();
  return integer != nullptr ? -order_exactly(*integer, real) : order(real, number);
}

bool equal(const Json& field, const Scalar& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return field.is_string() && field.get_ref<const std::string&>() == *text;
  if (const auto* flag = std::get_if<bool>(&value)) return field.is_boolean() && field.get<bool>() == *flag;
  return field.is_number() && compare(field, value) == 0;
}

bool has_no_value(const Scalar& value) {
  return std::holds_alternative<double>(value) && !is_limit(value);
}

bool is_too_long(const Scalar& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr && text->size() > kMaxConditionText;
}

int count_tests(const JsonTest& test) {
  return (test.equals ? 1 : 0) + (test.one_of.empty() ? 0 : 1) + (test.matches.empty() ? 0 : 1) +
         (test.at_least ? 1 : 0) + (test.at_most ? 1 : 0) + (test.present ? 1 : 0);
}

}  // namespace

struct JsonCondition::State {
  JsonTest settings;
  JsonPointer pointer;
  std::unique_ptr<re2::RE2> expression;

  bool holds(const Json& field) const {
    if (settings.equals) return equal(field, *settings.equals);
    for (const Scalar& value : settings.one_of) {
      if (equal(field, value)) return true;
    }
    if (!settings.one_of.empty()) return false;
    if (expression) {
      if (!field.is_string()) return false;
      const auto& text = field.get_ref<const std::string&>();
      return text.size() <= kMaxConditionText && re2::RE2::PartialMatch(text, *expression);
    }
    if (settings.at_least) return field.is_number() && compare(field, *settings.at_least) >= 0;
    if (settings.at_most) return field.is_number() && compare(field, *settings.at_most) <= 0;
    return settings.present && !field.is_null();
  }
};

Result<JsonCondition> JsonCondition::make(const JsonTest& test) {
  const auto wrong = [](const std::string& why) { return Error::refused("json.condition", why); };
  auto state = std::make_shared<State>();
  state->settings = test;
  auto pointer = JsonPointer::parse(test.field);
  if (!pointer) return wrong("names no field: write a JSON pointer such as /builder/id");
  state->pointer = std::move(*pointer);
  if (count_tests(test) != 1) return wrong("must have exactly one test");
  if ((test.equals && is_too_long(*test.equals)) || std::ranges::any_of(test.one_of, is_too_long))
    return wrong("compares with a text of more than 64 KiB");
  for (const auto& limit : {test.at_least, test.at_most}) {
    if (limit && !is_limit(*limit)) return wrong("has a limit that is no number");
  }
  if ((test.equals && has_no_value(*test.equals)) || std::ranges::any_of(test.one_of, has_no_value))
    return wrong("compares with a value that no JSON number has");
  if (!test.matches.empty()) {
    if (test.matches.size() > kMaxPattern) return wrong("has an expression of more than 1024 bytes");
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(kMaxCompiled);
    state->expression = std::make_unique<re2::RE2>(test.matches, options);
    if (!state->expression->ok())
      return wrong("has an expression that RE2 does not accept: " + state->expression->error());
  }
  return JsonCondition(std::move(state));
}

const Json* JsonCondition::find(const Json& root) const {
  return state_->pointer.find(root);
}

bool JsonCondition::holds(const Json& root) const {
  const Json* field = find(root);
  return field != nullptr && state_->holds(*field);
}

const JsonTest& JsonCondition::test() const {
  return state_->settings;
}

const JsonPointer& JsonCondition::pointer() const {
  return state_->pointer;
}

std::string describe(const JsonTest& test) {
  if (test.equals) return "equals " + to_text(*test.equals);
  if (!test.one_of.empty()) {
    std::string list;
    for (const Scalar& value : test.one_of) list += (list.empty() ? "" : ", ") + to_text(value);
    return "is one of " + list;
  }
  if (!test.matches.empty()) return "matches \"" + test.matches + "\"";
  if (test.at_least) return "is at least " + to_text(*test.at_least);
  if (test.at_most) return "is at most " + to_text(*test.at_most);
  return "is present";
}

}  // namespace gridseal::base
