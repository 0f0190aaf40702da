#include "kube/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;

constexpr size_t kMaxText = 1000;
constexpr size_t kMaxCauses = 50;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string string_or_empty(const Json& object, std::string_view name) {
  const std::string* text = base::find_string(object, name);
  return text == nullptr ? std::string() : base::printable(*text, kMaxText);
}

// The Status of an answer, as far as it was one.
struct Status {
  bool is_status = false;
  std::string reason;
  std::string message;
  std::vector<Cause> causes;
  std::optional<int64_t> retry_after_seconds;
};

Status parse_status(const http::Response& response) {
  Status status;
  const auto body = base::parse_json(response.body);
  if (!body || string_or_empty(*body, "kind") != "Status") {
    status.message = base::printable(response.body, 200);
    return status;
  }
  status.is_status = true;
  status.reason = string_or_empty(*body, "reason");
  status.message = string_or_empty(*body, "message");
  const Json* details = base::find_object(*body, "details");
  if (details == nullptr) return status;
  status.retry_after_seconds = base::find_integer(*details, "retryAfterSeconds");
  const Json* causes = base::find_array(*details, "causes");
  if (causes == nullptr) return status;
  for (const Json& cause : *causes) {
    if (status.causes.size() == kMaxCauses) break;
    status.causes.push_back({string_or_empty(cause, "reason"), string_or_empty(cause, "message"),
                             string_or_empty(cause, "field")});
  }
  return status;
}

std::optional<std::chrono::milliseconds> retry_after(const http::Response& response, const Status& status) {
  const std::string_view header = response.headers.get("Retry-After");
  int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  const bool whole = problem == std::errc() && end == header.data() + header.size();
  if (!whole && !status.retry_after_seconds) return std::nullopt;
  if (!whole) seconds = *status.retry_after_seconds;
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 3600));
}

// What the API server's validation says of a field that cannot be changed; there is no reason code for it.
bool is_immutable_cause(const Cause& cause) {
  static constexpr std::array<std::string_view, 7> kPhrases = {
      "field is immutable",          "may not change once set",         "cannot change roleRef",
      "is immutable after creation", "may not be changed in an update", "updates to statefulset spec",
      "pod updates may not change"};
  return std::any_of(kPhrases.begin(), kPhrases.end(),
                     [&](std::string_view phrase) { return contains(cause.message, phrase); });
}

bool has_cause(const Status& status, std::string_view reason) {
  return std::any_of(status.causes.begin(), status.causes.end(),
                     [&](const Cause& cause) { return cause.reason == reason; });
}

bool is_too_large(const Status& status) {
  return !status.causes.empty() &&
         std::all_of(status.causes.begin(), status.causes.end(), [](const Cause& cause) {
           return cause.reason == "FieldValueTooLong" && (cause.field.empty() || cause.field == "[]");
         });
}

std::string_view code_of_forbidden(const Status& status) {
  if (has_cause(status, "NamespaceTerminating") || contains(status.message, "definition is terminating"))
    return "kube.terminating";
  if (contains(status.message, "exceeded quota:") || contains(status.message, "failed quota:"))
    return "kube.quota";
  return "kube.forbidden";
}

std::string_view code_of_invalid(const Status& status) {
  // An admission policy of the cluster says no; it may be changed there.
  if (contains(status.message, "\" is forbidden: ")) return "kube.forbidden";
  if (is_too_large(status)) return "kube.too_large";
  const bool immutable =
      !status.causes.empty() && std::all_of(status.causes.begin(), status.causes.end(), is_immutable_cause);
  return immutable ? "kube.immutable" : "kube.invalid";
}

// The data store behind the API server is full or away: etcd's own words, and those of kine (k3s).
bool is_storage_trouble(const Status& status) {
  return status.is_status &&
         (status.message.starts_with("etcdserver: ") || status.message.starts_with("rpc error: code = "));
}

// Reasons that a 500 gives when it is the server's own trouble. Without a reason it is the request's: type
// errors, unknown fields and bad values of server-side apply.
std::string_view code_of_internal(const Status& status) {
  if (!status.is_status) return "kube.unreachable";
  if (is_storage_trouble(status)) return "kube.storage";
  if (contains(status.message, "failed calling webhook")) return "kube.webhook";
  return status.reason.empty() ? "kube.rejected" : "kube.unreachable";
}

std::string_view code_of(int http_status, const Status& status) {
  switch (http_status) {
    case 401:
      return "kube.unauthorized";
    case 403:
      return code_of_forbidden(status);
    case 404:
      return "kube.not_found";
    case 409:
      return contains(status.message, "object is being deleted") ? "kube.terminating" : "kube.conflict";
    case 410:
      return "kube.gone";
    case 413:
      return "kube.too_large";
    case 422:
      return code_of_invalid(status);
    case 500:
      return code_of_internal(status);
    case 507:
      return "kube.storage";
    case 429:
    case 502:
    case 503:
    case 504:
      return "kube.unreachable";
    default:
      return http_status < 500 ? "kube.rejected" : "kube.unreachable";
  }
}

bool is_refusal(std::string_view code) {
  return code == "kube.invalid" || code == "kube.immutable" || code == "kube.rejected" ||
         code == "kube.too_large";
}

bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 300 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' ||
           c == '-' || c == '.' || c == '/' || c == '_';
  });
}

// `User "U" cannot VERB resource "R" in ...` of RBAC: names of the cluster's own, never a part of the body.
// Empty for every other text, that of an admission policy for instance.
std::string denial_in(std::string_view message) {
  const auto between = [&](std::string_view before, std::string_view after) {
    const size_t begin = message.find(before);
    if (begin == std::string_view::npos) return std::string_view();
    const size_t from = begin + before.size();
    const size_t end = message.find(after, from);
    return end == std::string_view::npos ? std::string_view() : message.substr(from, end - from);
  };
  const std::string_view user = between("User \"", "\" cannot ");
  const std::string_view verb = between("\" cannot ", " resource \"");
  const std::string_view resource = between(" resource \"", "\"");
  if (!is_plain_name(user) || !is_plain_name(verb) || !is_plain_name(resource)) return {};
  return std::string(user) + " may not " + std::string(verb) + " " + std::string(resource);
}

std::string sentence(std::string_view subject, const http::Response& response, const Status& status,
                     bool secret) {
  std::string text(subject);
  text += ": the API server answered " + std::to_string(response.status);
  if (!status.reason.empty()) text += " " + status.reason;
  if (!secret) {
    if (!status.message.empty()) text += ": " + status.message;
    return text;
  }
  if (const std::string denial = denial_in(status.message); response.status == 403 && !denial.empty())
    text += ": " + denial;
  for (const Cause& cause : status.causes) {
    if (!cause.field.empty()) text += (&cause == status.causes.data() ? ", fields " : ", ") + cause.field;
  }
  return text + " (the text is withheld: a Secret is concerned)";
}

// `conflict with "kubectl" using v1`, `conflict with "autoscaler" with subresource "scale" using apps/v1`
std::string manager_in(std::string_view message) {
  const size_t begin = message.find('"');
  const size_t end = begin == std::string_view::npos ? begin : message.find('"', begin + 1);
  return end == std::string_view::npos ? std::string()
                                       : std::string(message.substr(begin + 1, end - begin - 1));
}

}  // namespace

std::vector<Conflict> Failure::conflicts() const {
  std::vector<Conflict> found;
  for (const Cause& cause : causes) {
    if (cause.reason == "FieldManagerConflict") found.push_back({manager_in(cause.message), cause.field});
  }
  return found;
}

Failure failure_of(const http::Response& response, std::string_view subject, bool secret) {
  Status status = parse_status(response);
  const std::string code(code_of(response.status, status));
  const std::string text = sentence(subject, response, status, secret);
  Failure failure{is_refusal(code) ? Error::refused(code, text) : Error::blocked(code, text),
                  response.status,
                  std::move(status.reason),
                  {},
                  retry_after(response, status)};
  failure.causes = std::move(status.causes);
  for (Cause& cause : failure.causes) {
    // Names of managers are no secrets, and a plan has to name them.
    if (secret && cause.reason != "FieldManagerConflict") cause.message.clear();
  }
  return failure;
}

bool is_transient(const Failure& failure, bool is_apply) {
  // An eviction that a disruption budget forbids is for the caller to try again later.
  if (failure.status == 429) return failure.causes.empty();
  if (failure.is("kube.unreachable")) return failure.status != 0;
  if (failure.status == 409 && is_apply) {
    return failure.is("kube.conflict") && failure.reason == "Conflict" && failure.causes.empty();
  }
  return false;
}

}  // namespace gridseal::kube
