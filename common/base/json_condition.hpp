// One test of one field of a JSON document, as settings declare it: conditions of policies on signed
// statements, and of readiness on live objects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/json_pointer.hpp"

namespace gridseal::base {

inline constexpr size_t kMaxConditionText = size_t{64} << 10U;  // bytes; a longer text fits no test

// A JSON scalar as settings write it.
using Scalar = std::variant<std::string, int64_t, double, bool>;

// Exactly one of the tests is set.
struct JsonTest {
  std::string field{};  // JSON pointer (RFC 6901)
  std::optional<Scalar> equals{};
  std::vector<Scalar> one_of{};
  std::string matches{};             // RE2, searched for
  std::optional<Scalar> at_least{};  // a number
  std::optional<Scalar> at_most{};
  bool present = false;  // the field is there and is not null
};

// "equals 3", "is one of "a", "b"": the test without its field.
std::string describe(const JsonTest& test);

// Immutable, cheap to copy. Thread safe.
class JsonCondition {
 public:
  // Error (refused): json.condition, a sentence that goes on after "the condition on '/x' " (not a pointer,
  // no test or several, an expression that does not compile or is larger than 1024 bytes, a limit that is no
  // number).
  static Result<JsonCondition> make(const JsonTest& test);

  // The field it is about; nullptr when it is not there.
  const Json* find(const Json& root) const;
  // Numbers are compared as numbers, exactly; everything else by kind and value. A field that is not there
  // satisfies nothing.
  bool holds(const Json& root) const;
  const JsonTest& test() const;
  const JsonPointer& pointer() const;  // to the field

 private:
  struct State;
  explicit JsonCondition(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace gridseal::base
