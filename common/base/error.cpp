#include "base/error.hpp"

namespace gridseal::base {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pending:
      return "pending";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
    case Outcome::blocked:
      return "blocked";
  }
  return "blocked";
}

Error Error::with_context(std::string message) && {
  Error outer(outcome_, code_, std::move(message));
  outer.cause_ = std::make_shared<const Error>(std::move(*this));
  return outer;
}

std::string Error::describe() const {
  std::string text = message_;
  for (const Error* e = cause_.get(); e != nullptr; e = e->cause_.get()) text += ": " + e->message_;
  return text;
}

std::string Error::describe_with_code() const {
  return describe() + " [" + code_ + "]";
}

}  // namespace gridseal::base
