// Errors as the API server answers them: a Status object, or plain text.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "kubesim/json.hpp"

namespace gridseal::kubesim {

struct Resource;

// One entry of details.causes, e.g. {"FieldValueRequired", "spec.selector", "Required value"}.
struct Cause {
  std::string reason;
  std::string field;
  std::string message;
};

struct Failure {
  int code = 500;
  Json status;                // the Status body; null if the answer is plain text
  std::string plain;          // the body if status is null
  int retry_after_seconds{};  // Retry-After header if positive
};

template <class T>
using Outcome = tl::expected<T, Failure>;

Failure failure(int code, std::string_view reason, std::string message, Json details = nullptr);
// 021: an error without a reason, e.g. a body that does not fit the schema.
Failure internal_error(std::string message);
Failure bad_request(std::string message);
Failure not_found(const Resource& resource, std::string_view name);
Failure already_exists(const Resource& resource, std::string_view name);
Failure modified(const Resource& resource, std::string_view name);
Failure conflict(const Resource& resource, std::string_view name, std::string_view what);
Failure forbidden(const Resource& resource, std::string_view name, std::string_view what);
// 422 with one cause for each error; the message joins them as the server does. `kind` is "Deployment.apps".
Failure invalid(const std::string& group, const std::string& kind, std::string_view name,
                const std::vector<Cause>& causes);
Failure invalid(const Resource& resource, std::string_view name, const std::vector<Cause>& causes);
// 011: an unknown group is plain text.
Failure page_not_found();
// 051: an unknown resource in a known group is a Status without a name.
Failure resource_not_found();

}  // namespace gridseal::kubesim
