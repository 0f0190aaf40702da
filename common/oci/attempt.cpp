#include "oci/attempt.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "oci/header_fields.hpp"

namespace gridseal::oci {
namespace {

using base::Error;

// The registry's own words (distribution spec, "Error Codes"), made safe for a terminal.
std::string registry_words(const http::Response& response) {
  auto body = base::parse_json(response.body, {.max_bytes = 64 * 1024, .max_depth = 16, .max_values = 1000});
  if (!body) return {};
  const base::Json* errors = base::find_array(*body, "errors");
  if (errors == nullptr || errors->empty()) return {};
  const std::string* code = base::find_string(errors->front(), "code");
  const std::string* message = base::find_string(errors->front(), "message");
  std::string words = code == nullptr ? "" : base::printable(*code, 60);
  if (message != nullptr) words += (words.empty() ? "" : ": ") + base::printable(*message, 160);
  return words.empty() ? "" : " (" + words + ")";
}

Failure status(const std::string& said, std::string code, const std::string& advice, Verdict verdict) {
  return {Error::blocked(std::move(code), said + advice), verdict, {}};
}

}  // namespace

Failure to_failure(Error error) {
  const std::string& code = error.code();
  if (code == "http.cancelled") {
    return {Error::blocked("oci.cancelled", "the transfer was stopped because the program is stopping"),
            Verdict::stop,
            {}};
  }
  if (code == "http.too_large")
    return {Error::refused("oci.too_large", error.describe()), Verdict::next_mirror, {}};
  // Certificates and settings do not heal within seconds; and what is wrong here is not the content.
  if (code == "http.tls" || error.outcome() != base::Outcome::blocked) {
    if (code.starts_with("http.")) return {Error::blocked(code, error.describe()), Verdict::next_mirror, {}};
  }
  if (code.starts_with("http.")) return {std::move(error), Verdict::retry, {}};
  const bool ours = code.starts_with("oci.") || code.starts_with("parse.");
  const bool stop = !ours || code == "oci.cancelled";
  return {std::move(error), stop ? Verdict::stop : Verdict::next_mirror, {}};
}

Failure to_failure(const http::Response& response, std::string_view doing, base::Time now) {
  const std::string said = std::string(doing) + ": the registry answered " + std::to_string(response.status) +
                           registry_words(response);
  switch (response.status) {
    case 401:
      return status(said, "oci.unauthorized", "; check the credentials of this registry",
                    Verdict::next_mirror);
    case 403:
      return status(said, "oci.forbidden", "; the user of this host needs the right to it",
                    Verdict::next_mirror);
    case 404:
      return status(said, "oci.not_found", "; is the name right, and is it mirrored yet?",
                    Verdict::next_mirror);
    default:
      break;
  }
  Failure failure = status(said, "oci.protocol", "; is this an OCI registry?", Verdict::next_mirror);
  if (response.status == 429)
    failure = status(said, "oci.too_many_requests", "; it is asked again later", Verdict::retry);
  if (response.status >= 500 || response.status == 408)
    failure = status(said, "oci.unavailable", "; it is asked again later", Verdict::retry);
  if (failure.verdict == Verdict::retry)
    failure.retry_after = parse_retry_after(response.headers.get("Retry-After"), now);
  return failure;
}

Failure mismatch(std::string code, std::string message) {
  return {Error::refused(std::move(code), std::move(message)), Verdict::next_mirror, {}};
}

}  // namespace gridseal::oci
