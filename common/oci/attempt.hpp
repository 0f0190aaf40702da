// One try at one mirror, and what to do when it fails. Private to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/error.hpp"
#include "base/time.hpp"
#include "http/transport.hpp"

namespace gridseal::oci {

enum class Verdict {
  retry,        // another mirror, then this one again after a pause
  next_mirror,  // this mirror has nothing (right) to give
  stop,         // not the mirror's fault (disk, stop request): no other mirror helps
};

struct Failure {
  base::Error error;
  Verdict verdict = Verdict::next_mirror;
  std::optional<base::milliseconds> retry_after;
};

template <class T>
class [[nodiscard]] Attempt : public tl::expected<T, Failure> {
 public:
  using tl::expected<T, Failure>::expected;
  Attempt(Failure failure)
      : tl::expected<T, Failure>(tl::unexpect, std::move(failure)) {}  // NOLINT: implicit
};

// Errors of a transport, a sink or this module.
Failure to_failure(base::Error error);

// An answer that is none of those asked for. `doing` begins the sentence ("cannot list the tags of app").
Failure to_failure(const http::Response& response, std::string_view doing, base::Time now);

Failure mismatch(std::string code, std::string message);

}  // namespace gridseal::oci
