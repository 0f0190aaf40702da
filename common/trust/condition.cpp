#include "trust/condition.hpp"

#include "base/encoding.hpp"
#include "base/json_condition.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr std::string_view kWhole = "statement:";

std::string in_words(const Json* field) {
  if (field == nullptr) return "not there";
  if (field->is_structured()) return field->is_object() ? "an object" : "a list";
  return base::printable(base::dump_json(*field), 120);
}

}  // namespace

struct Condition::State {
  std::string field;  // as it was written
  bool whole = false;
  base::JsonCondition condition;
};

Result<Condition> Condition::make(const config::Condition& settings) {
  const bool whole = settings.field.starts_with(kWhole);
  base::JsonTest test = settings;
  if (whole) test.field.erase(0, kWhole.size());
  if (settings.field.empty()) test.field = "no pointer";
  auto condition = base::JsonCondition::make(test);
  if (!condition) {
    return Error::refused(
        "trust.policy_condition",
        "the condition on '" + base::printable(settings.field, 80) + "' " + condition.error().message());
  }
  return Condition(std::make_shared<const State>(State{settings.field, whole, std::move(*condition)}));
}

base::JsonPointer Condition::field() const {
  base::JsonPointer pointer = state_->condition.pointer();
  if (!state_->whole) pointer.steps.insert(pointer.steps.begin(), "predicate");
  return pointer;
}

Result<void> Condition::check(const Json& statement) const {
  const Json* root = state_->whole ? &statement : base::find_member(statement, "predicate");
  const Json* field = root != nullptr ? state_->condition.find(*root) : nullptr;
  if (field != nullptr && state_->condition.holds(*root)) return {};
  return Error::refused("attestation.condition",
                        "the field " + describe() + " is asked for; it is " + in_words(field));
}

std::string Condition::describe() const {
  return state_->field + " " + base::describe(state_->condition.test());
}

}  // namespace gridseal::trust
