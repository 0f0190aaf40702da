// Conditions on the fields of a signed statement (in-toto Statement; fields by JSON pointer, RFC 6901).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json_pointer.hpp"
#include "config/settings.hpp"

namespace gridseal::trust {

// Immutable, cheap to copy. Thread safe.
class Condition {
 public:
  // Errors (refused): trust.policy_condition (not a pointer, no test or several, an expression that does not
  // compile or is larger than 1024 bytes, a limit that is no number).
  static base::Result<Condition> make(const config::Condition& settings);

  // The pointer to the field in the whole of the statement.
  base::JsonPointer field() const;
  // `statement` is the whole of it, as far as its fields were asked for. Numbers are compared as numbers,
  // everything else by kind and value. Error (refused): attestation.condition; says what the field is and
  // what was asked for.
  base::Result<void> check(const base::Json& statement) const;

  std::string describe() const;  // "/builder/id equals "https://…""

 private:
  struct State;
  explicit Condition(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace gridseal::trust
