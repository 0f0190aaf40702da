#include "trust/condition.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/encoding.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;
using config::Scalar;

constexpr std::string_view kWhole = "statement:";
constexpr size_t kMaxPattern = 1024;
constexpr int64_t kMaxCompiled = int64_t{256} << 10U;
constexpr size_t kMaxMatched = size_t{64} << 10U;  // of a field's text

struct Pointer {
  std::vector<std::string> steps;
};

// RFC 6901 section 3.
std::optional<Pointer> parse_pointer(std::string_view text) {
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') return std::nullopt;
  for (const char c : text) {
    if (c == '/')
      pointer.steps.emplace_back();
    else
      pointer.steps.back() += c;
  }
  for (std::string& step : pointer.steps) {
    std::string plain;
    for (size_t i = 0; i < step.size(); ++i) {
      if (step[i] != '~') {
        plain += step[i];
        continue;
      }
      const char next = ++i < step.size() ? step[i] : '\0';
      if (next != '0' && next != '1') return std::nullopt;
      plain += next == '0' ? '~' : '/';
    }
    step = std::move(plain);
  }
  return pointer;
}

const Json* item_at(const Json& array, const std::string& step) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool leading_zero = step.size() > 1 && step.front() == '0';
  if (error != std::errc() || end != step.data() + step.size() || leading_zero || index >= array.size())
    return nullptr;
  return &array[index];
}

const Json* find_at(const Json& root, const Pointer& pointer) {
  const Json* at = &root;
  for (const std::string& step : pointer.steps) {
    if (at->is_object()) {
      const auto found = at->find(step);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      at = item_at(*at, step);
      if (at == nullptr) return nullptr;
    } else {
      return nullptr;
    }
  }
  return at;
}

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

}  // namespace

struct Condition::State {
  config::Condition settings;
  Pointer pointer;
  bool whole = false;
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
      return text.size() <= kMaxMatched && re2::RE2::PartialMatch(text, *expression);
    }
    if (settings.at_least) return field.is_number() && compare(field, *settings.at_least) >= 0;
    if (settings.at_most) return field.is_number() && compare(field, *settings.at_most) <= 0;
    return settings.present && !field.is_null();
  }
};

Result<Condition> Condition::make(const config::Condition& settings) {
  const std::string shown = base::printable(settings.field, 80);
  const auto wrong = [&](const std::string& why) {
    return Error::refused("trust.policy_condition", "the condition on '" + shown + "' " + why);
  };
  auto state = std::make_shared<State>();
  state->settings = settings;
  state->whole = settings.field.starts_with(kWhole);
  const auto pointer =
      parse_pointer(std::string_view(settings.field).substr(state->whole ? kWhole.size() : 0));
  if (!pointer || settings.field.empty())
    return wrong("names no field: write a JSON pointer such as /builder/id");
  state->pointer = *pointer;
  const int tests = (settings.equals ? 1 : 0) + (settings.one_of.empty() ? 0 : 1) +
                    (settings.matches.empty() ? 0 : 1) + (settings.at_least ? 1 : 0) +
                    (settings.at_most ? 1 : 0) + (settings.present ? 1 : 0);
  if (tests != 1) return wrong("must have exactly one test");
  for (const auto& limit : {settings.at_least, settings.at_most}) {
    if (limit && !is_limit(*limit)) return wrong("has a limit that is no number");
  }
  const auto no_value = [](const Scalar& value) {
    return std::holds_alternative<double>(value) && !is_limit(value);
  };
  if ((settings.equals && no_value(*settings.equals)) || std::ranges::any_of(settings.one_of, no_value))
    return wrong("compares with a value that no JSON number has");
  if (!settings.matches.empty()) {
    if (settings.matches.size() > kMaxPattern) return wrong("has an expression of more than 1024 bytes");
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(kMaxCompiled);
    state->expression = std::make_unique<re2::RE2>(settings.matches, options);
    if (!state->expression->ok())
      return wrong("has an expression that RE2 does not accept: " + state->expression->error());
  }
  return Condition(std::move(state));
}

Result<void> Condition::check(const Json& statement) const {
  const Json* root = state_->whole ? &statement : base::find_member(statement, "predicate");
  const Json* field = root != nullptr ? find_at(*root, state_->pointer) : nullptr;
  if (field != nullptr && state_->holds(*field)) return {};
  const std::string found =
      field == nullptr ? "it is not there" : "it is " + base::printable(base::dump_json(*field), 120);
  return Error::refused("attestation.condition", "the field " + describe() + " is asked for; " + found);
}

std::string Condition::describe() const {
  const config::Condition& settings = state_->settings;
  std::string text = settings.field + " ";
  if (settings.equals) return text + "equals " + to_text(*settings.equals);
  if (!settings.one_of.empty()) {
    std::string list;
    for (const Scalar& value : settings.one_of) list += (list.empty() ? "" : ", ") + to_text(value);
    return text + "is one of " + list;
  }
  if (!settings.matches.empty()) return text + "matches \"" + settings.matches + "\"";
  if (settings.at_least) return text + "is at least " + to_text(*settings.at_least);
  if (settings.at_most) return text + "is at most " + to_text(*settings.at_most);
  return text + "is present";
}

}  // namespace gridseal::trust
