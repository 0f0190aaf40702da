#include "kube/client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::milliseconds;

constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{5'000};

std::string subject_of(const ClientRequest& request) {
  if (!request.subject.empty()) return request.subject;
  return request.method + " " + request.path.substr(0, request.path.find('?'));
}

Failure protocol_failure(const ClientRequest& request, const std::string& what) {
  return Failure::local(
      Error::blocked("kube.protocol", subject_of(request) + ": the API server's answer " + what));
}

Failure unreachable(const ClientRequest& request, Error cause) {
  if (cause.code() == "http.cancelled")
    return Failure::local(Error::blocked("kube.cancelled", subject_of(request) + " was stopped"));
  const bool too_large = cause.code() == "http.too_large";
  const std::string text = subject_of(request) + (too_large ? ": the API server's answer is too long: "
                                                            : ": the API server cannot be reached: ");
  return Failure::local(
      Error::blocked(too_large ? "kube.answer_too_large" : "kube.unreachable", text + cause.describe()));
}

// Whether a broken exchange may be repeated: everything but POST can be sent twice with the same effect; a
// POST only when no connection came about. An untrusted certificate stays untrusted.
bool may_repeat(const ClientRequest& request, const Error& error) {
  if (error.code() == "http.connect") return true;
  const bool broken = error.code() == "http.cut" || error.code() == "http.timeout";
  return broken && request.method != "POST";
}

// How long a server that takes no connections is waited for. A restart takes longer; whoever calls comes
// back.
constexpr milliseconds kServerPatience{3'000};

// Repetitions of one call: exponential back-off with jitter, bounded by the deadline.
class BackOff {
 public:
  BackOff(base::Clock& clock, const Limits& limits, milliseconds call_deadline)
      : clock_(clock),
        limits_(limits),
        began_(clock.monotonic()),
        deadline_(limits.deadline.value_or(began_ + call_deadline)) {}

  base::Clock::Monotonic deadline() const { return deadline_; }
  base::Clock::Monotonic::duration taken() const { return clock_.monotonic() - began_; }
  bool stopped() const { return limits_.stop.stop_requested(); }

  // False when there is no time left or a stop is requested.
  bool wait(std::optional<milliseconds> at_least) {
    milliseconds pause = std::max(pause_ + jitter(), at_least.value_or(milliseconds(0)));
    pause_ = std::min(pause_ * 2, kLongestPause);
    if (clock_.monotonic() + pause >= deadline_) return false;
    return clock_.sleep_for(pause, limits_.stop);
  }

 private:
  // Keeps several agents that lost the server at the same moment from coming back at the same moment.
  milliseconds jitter() const {
    const auto ticks = clock_.monotonic().time_since_epoch().count() / 977;
    return milliseconds(static_cast<int64_t>(ticks) % (pause_.count() / 2 + 1));
  }

  base::Clock& clock_;
  const Limits& limits_;
  base::Clock::Monotonic began_;
  base::Clock::Monotonic deadline_;
  milliseconds pause_ = kFirstPause;
};

std::string with_query(std::string path,
                       std::initializer_list<std::pair<std::string_view, std::string>> query) {
  char separator = path.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    path += separator + std::string(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return path;
}

std::string name_in(const Json& object) {
  const std::string* kind = base::find_string(object, "kind");
  const Json* metadata = base::find_object(object, "metadata");
  const std::string* name = metadata == nullptr ? nullptr : base::find_string(*metadata, "name");
  const std::string* name_space = metadata == nullptr ? nullptr : base::find_string(*metadata, "namespace");
  std::string text = kind == nullptr ? "object" : base::printable(*kind, 80);
  text += ' ';
  if (name_space != nullptr) text += base::printable(*name_space, 80) + "/";
  return text + (name == nullptr ? "without a name" : base::printable(*name, 260));
}

bool is_secret_path(std::string_view path) {
  return path.find("/secrets") != std::string_view::npos;
}

bool is_secret_object(const Json& object) {
  const std::string* kind = base::find_string(object, "kind");
  return kind != nullptr && *kind == "Secret";
}

// `299 - "text"` (RFC 9111 section 5.5); the text only.
std::vector<std::string> warnings_of(const http::Response& response) {
  std::vector<std::string> warnings;
  for (const std::string_view value : response.headers.all("Warning")) {
    const size_t begin = value.find('"');
    const size_t end = value.rfind('"');
    if (begin == std::string_view::npos || end <= begin) continue;
    warnings.push_back(base::printable(value.substr(begin + 1, end - begin - 1), 500));
  }
  return warnings;
}

Answer<Json> parse_object(const ClientRequest& request, const http::Response& response) {
  base::JsonLimits limits;
  limits.max_bytes = response.body.size() + 1;
  limits.max_depth = 200;
  auto json = base::parse_json(response.body, limits);
  if (!json) return protocol_failure(request, "is not JSON (" + json.error().code() + ")");
  if (!json->is_object()) return protocol_failure(request, "is not an object");
  return std::move(*json);
}

Answer<Written> parse_written(const ClientRequest& request, const http::Response& response) {
  auto object = parse_object(request, response);
  if (!object) return std::move(object).error();
  Written written{std::move(*object), response.status == 201, {}};
  if (!request.secret) written.warnings = warnings_of(response);
  return written;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  return encoded;
}

std::string encode_apply_body(const Json& object) {
  return base::dump_json(object);
}

Client::Client(Access& access, base::Clock& clock, ClientSettings settings)
    : access_(access), clock_(clock), settings_(std::move(settings)) {}

http::Request Client::message_for(const Session& session, const std::string& accept) const {
  http::Request message;
  message.headers.set("Accept", accept);
  message.headers.set("User-Agent", settings_.user_agent);
  if (!session.authorization.empty()) message.headers.set("Authorization", session.authorization);
  const bool own = !settings_.impersonate_user.empty();
  const std::string& user = own ? settings_.impersonate_user : session.impersonate_user;
  if (!user.empty()) message.headers.set("Impersonate-User", user);
  for (const std::string& group : own ? settings_.impersonate_groups : session.impersonate_groups)
    message.headers.add("Impersonate-Group", group);
  return message;
}

Answer<http::Response> Client::send_once(const ClientRequest& request, base::Clock::Monotonic deadline,
                                         const Limits& limits) {
  auto session = access_.session();
  if (!session) return Failure::local(std::move(session).error());
  http::Request message = message_for(*session, request.accept);
  message.method = request.method;
  message.target = session->base_path + request.path;
  if (!request.content_type.empty()) message.headers.set("Content-Type", request.content_type);
  message.body = request.body;
  message.max_body = request.max_body == 0 ? settings_.max_body : request.max_body;
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock_.monotonic());
  message.timeout = std::clamp(left, milliseconds(1), settings_.request_timeout);
  message.idle_timeout = message.timeout;

  auto response = session->transport->send(message, limits.stop);
  if (!response) return Failure{std::move(response).error(), 0, {}, {}, std::nullopt};
  return std::move(*response);
}

Answer<http::Response> Client::request(const ClientRequest& request, const Limits& limits) {
  BackOff back_off(clock_, limits, settings_.call_deadline.value_or(settings_.request_timeout));
  bool refused_before = false;
  while (true) {
    if (back_off.stopped())
      return Failure::local(Error::blocked("kube.cancelled", subject_of(request) + " was stopped"));
    auto response = send_once(request, back_off.deadline(), limits);
    if (!response) {
      Failure& failure = response.error();
      if (!failure.error.code().starts_with("http.")) return std::move(failure);
      // A certificate that was renewed under us shows itself as a refused handshake.
      if (failure.is("http.tls") && !std::exchange(refused_before, true)) {
        access_.refused();
        continue;
      }
      const bool no_server = failure.is("http.connect");
      const bool hopeless = no_server && (no_server_ || back_off.taken() >= kServerPatience);
      if (!hopeless && may_repeat(request, failure.error) && back_off.wait(std::nullopt)) continue;
      if (no_server) no_server_ = true;
      return unreachable(request, std::move(failure.error));
    }
    no_server_ = false;
    if (response->status < 400) return std::move(*response);
    Failure failure = failure_of(*response, subject_of(request), request.secret);
    if (failure.is("kube.unauthorized") && !std::exchange(refused_before, true)) {
      access_.refused();
      continue;
    }
    if (is_transient(failure, request.is_apply) && back_off.wait(failure.retry_after)) continue;
    return failure;
  }
}

Answer<Json> Client::get(const std::string& path, const Limits& limits) {
  return get_page(path, settings_.max_body, limits);
}

Answer<Json> Client::get_page(const std::string& path, uint64_t max_body, const Limits& limits) {
  ClientRequest message;
  message.path = path;
  message.max_body = max_body;
  message.secret = is_secret_path(path);
  auto response = request(message, limits);
  if (!response) return std::move(response).error();
  return parse_object(message, *response);
}

Answer<Written> Client::apply(const std::string& path, const Json& object, const ApplyOptions& options,
                              const Limits& limits) {
  ClientRequest message;
  message.method = "PATCH";
  message.path = with_query(path, {{"fieldManager", options.field_manager},
                                   {"force", options.force ? "true" : ""},
                                   {"dryRun", options.dry_run ? "All" : ""},
                                   {"fieldValidation", options.strict ? "Strict" : ""}});
  message.content_type = "application/apply-patch+yaml";
  message.body = encode_apply_body(object);
  message.subject = (options.dry_run ? "dry run of " : "apply of ") + name_in(object);
  message.secret = is_secret_object(object) || is_secret_path(path);
  message.is_apply = true;
  auto response = request(message, limits);
  if (!response) return std::move(response).error();
  return parse_written(message, *response);
}

Answer<Written> Client::create(const std::string& collection_path, const Json& object, const Limits& limits) {
  ClientRequest message;
  message.method = "POST";
  message.path = with_query(collection_path, {{"fieldManager", std::string(kFieldManager)}});
  message.content_type = "application/json";
  message.body = base::dump_json(object);
  message.subject = "creation of " + name_in(object);
  message.secret = is_secret_object(object) || is_secret_path(collection_path);
  auto response = request(message, limits);
  if (!response) return std::move(response).error();
  return parse_written(message, *response);
}

Answer<Json> Client::patch(const std::string& path, PatchKind kind, const Json& body,
                           const PatchOptions& options, const Limits& limits) {
  ClientRequest message;
  message.method = "PATCH";
  message.path =
      with_query(path, {{"fieldManager", options.field_manager}, {"dryRun", options.dry_run ? "All" : ""}});
  message.content_type =
      kind == PatchKind::merge ? "application/merge-patch+json" : "application/json-patch+json";
  message.body = base::dump_json(body);
  message.secret = is_secret_path(path);
  auto response = request(message, limits);
  if (!response) return std::move(response).error();
  return parse_object(message, *response);
}

Answer<bool> Client::remove(const std::string& path, const RemoveOptions& options, const Limits& limits) {
  Json body = {{"kind", "DeleteOptions"},
               {"apiVersion", "v1"},
               {"propagationPolicy", options.background ? "Background" : "Foreground"}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  if (options.dry_run) body["dryRun"] = Json::array({"All"});
  ClientRequest message;
  message.method = "DELETE";
  message.path = path;
  message.content_type = "application/json";
  message.body = base::dump_json(body);
  message.secret = is_secret_path(path);
  auto response = request(message, limits);
  if (response) return true;
  if (response.error().is("kube.not_found")) return false;
  return std::move(response).error();
}

Answer<void> Client::ready(const Limits& limits) {
  ClientRequest message;
  message.path = "/readyz";
  message.accept = "*/*";
  auto response = request(message, limits);
  if (!response) return std::move(response).error();
  return {};
}

Answer<std::string> Client::server_version(const Limits& limits) {
  auto version = get("/version", limits);
  if (!version) return std::move(version).error();
  const std::string* text = base::find_string(*version, "gitVersion");
  return text == nullptr ? std::string("unknown") : base::printable(*text, 60);
}

}  // namespace gridseal::kube
