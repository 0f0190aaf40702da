// Errors are values. Every failure carries a stable code, one sentence an operator can act on, the outcome
// class that decides what the agent does next, and the chain of causes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace gridseal::base {

// What a failure means for the revision it happened to; never mixed (promise 3).
enum class Outcome {
  pending,  // evidence is not complete yet: looked at again when signatures or trust change
  refused,  // evidence or content is wrong: this digest is not applied
  failed,   // the workload did not become healthy: remembered by digest and values
  blocked,  // the surroundings (API, disk, mirror, clock) stand in the way: tried again, never held against
            // the digest
};

std::string_view to_string(Outcome outcome);

class Error {
 public:
  // `code` is stable and dotted ("oci.unauthorized"); `message` is a sentence without secrets.
  Error(Outcome outcome, std::string code, std::string message)
      : outcome_(outcome), code_(std::move(code)), message_(std::move(message)) {}

  static Error pending(std::string code, std::string message) {
    return {Outcome::pending, std::move(code), std::move(message)};
  }
  static Error refused(std::string code, std::string message) {
    return {Outcome::refused, std::move(code), std::move(message)};
  }
  static Error failed(std::string code, std::string message) {
    return {Outcome::failed, std::move(code), std::move(message)};
  }
  static Error blocked(std::string code, std::string message) {
    return {Outcome::blocked, std::move(code), std::move(message)};
  }

  // The same code and outcome with a sentence of context in front; this error becomes the cause.
  [[nodiscard]] Error with_context(std::string message) &&;

  Outcome outcome() const { return outcome_; }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }
  const Error* cause() const { return cause_.get(); }

  // "message: cause: cause of the cause", one line.
  std::string describe() const;
  // The same with the code behind it in brackets.
  std::string describe_with_code() const;

 private:
  Outcome outcome_;
  std::string code_;
  std::string message_;
  std::shared_ptr<const Error> cause_;
};

// A value or an Error. An ignored Result does not compile.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error)
      : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT: implicit by design
  Result(tl::expected<T, Error> other)
      : tl::expected<T, Error>(std::move(other)) {}  // NOLINT: implicit by design
};

}  // namespace gridseal::base
