#include "oci/mirror_client.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::oci {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxTokenAnswer = 256 * 1024;
constexpr size_t kMaxTransports = 8;
constexpr auto kDefaultTokenLife = base::seconds(60);  // distribution token spec: when expires_in is missing
constexpr auto kTokenMargin = base::seconds(5);

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool same_tls(const http::TlsSettings& a, const http::TlsSettings& b) {
  return a.ca_pem == b.ca_pem && a.client_cert_pem == b.client_cert_pem &&
         a.client_key_pem == b.client_key_pem && a.server_name == b.server_name;
}

// No control characters: the value goes into a header.
bool is_header_safe(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string scope_of(const Call& call) {
  return "repository:" + call.repository + (call.push ? ":pull,push" : ":pull");
}

// RFC 3986 section 5.2.2, as far as a Location or Link needs it.
Result<http::Url> resolve(const http::Url& base, const std::string& reference) {
  if (!is_header_safe(reference))
    return Error::blocked("oci.redirect", "a link of the registry holds control bytes");
  if (reference.find("://") != std::string::npos && !reference.starts_with('/') &&
      !reference.starts_with('?'))
    return http::Url::parse(reference);
  if (reference.starts_with("//")) return http::Url::parse(base.origin.scheme + ":" + reference);
  const std::string path = base.target.substr(0, base.target.find('?'));
  if (reference.starts_with('/')) return http::Url{base.origin, reference};
  if (reference.starts_with('?')) return http::Url{base.origin, path + reference};
  return http::Url{base.origin, path.substr(0, path.rfind('/') + 1) + reference};
}

}  // namespace

struct MirrorClient::Hop {
  http::Url url;
  bool home = true;  // still on the mirror's own origin, without a detour
};

bool is_loopback(const http::Origin& origin) {
  return origin.host == "localhost" || origin.host == "::1" || origin.host.starts_with("127.");
}

Result<std::unique_ptr<MirrorClient>> MirrorClient::create(Mirror mirror, MirrorOptions options,
                                                           const Surroundings& outside) {
  const auto bad = [&](const std::string& why) {
    return Error::refused("oci.settings", "the registry URL \"" + base::printable(mirror.url) + "\" " + why);
  };
  auto url = http::Url::parse(mirror.url);
  if (!url) return bad("is not https://host[:port][/prefix]");
  if (url->origin.scheme != "https" && !is_loopback(url->origin))
    return bad("speaks plain http to another host; only https is allowed there");
  std::string prefix = url->target.substr(1);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty() && !is_repository_path(prefix)) return bad("has a path that is no repository prefix");
  url->target = "/" + prefix;
  return std::unique_ptr<MirrorClient>(
      new MirrorClient(std::move(mirror), std::move(*url), std::move(options), outside));
}

MirrorClient::MirrorClient(Mirror mirror, http::Url url, MirrorOptions options, const Surroundings& outside)
    : mirror_(std::move(mirror)),
      url_(std::move(url)),
      name_(url_.origin.to_string() + (url_.target == "/" ? "" : url_.target)),
      prefix_(url_.target == "/" ? "" : url_.target.substr(1) + "/"),
      options_(std::move(options)),
      outside_(outside) {}

std::string MirrorClient::api(const std::string& repository, const std::string& rest) const {
  return "/v2/" + prefix_ + repository + "/" + rest;
}

Error MirrorClient::with_name(Error error) const {
  return std::move(error).with_context("the registry " + name_ + " gave no answer");
}

std::optional<std::string> MirrorClient::same_origin_target(const std::string& reference,
                                                            const std::string& base_target) const {
  auto url = resolve({url_.origin, base_target}, reference);
  if (!url || url->origin != url_.origin) return std::nullopt;
  return url->target;
}

Result<http::Response> MirrorClient::send(const Call& call, const std::stop_token& stop) {
  Hop hop{{url_.origin, call.target}, true};
  int redirects = 0;
  bool answered = false;
  for (;;) {
    std::string authorization_value;
    if (hop.home) {
      auto value = authorization(call);
      if (!value) return std::move(value).error();
      authorization_value = std::move(*value);
    }
    auto response = exchange(call, hop, authorization_value, stop);
    if (!response) return response;
    if (response->status == 401 && hop.home && !answered) {
      answered = true;
      auto again = answer_challenge(call, *response, stop);
      if (!again) return std::move(again).error();
      if (*again) continue;
      return response;
    }
    if (!is_redirect(response->status) || (call.method != "GET" && call.method != "HEAD")) return response;
    if (++redirects > options_.redirects) {
      return Error::blocked("oci.redirect", "the registry " + name_ + " redirected more than " +
                                                std::to_string(options_.redirects) + " times");
    }
    auto next = follow(call, hop, *response);
    if (!next) return std::move(next).error();
    hop = std::move(*next);
  }
}

Result<MirrorClient::Hop> MirrorClient::follow(const Call& call, const Hop& from,
                                               const http::Response& response) const {
  const auto bad = [&](const std::string& why) {
    return Error::blocked("oci.redirect", "the registry " + name_ + " redirects " +
                                              base::printable(call.target, 120) + " " + why +
                                              "; it is not followed");
  };
  const std::string location(response.headers.get("Location"));
  if (location.empty()) return bad("without saying where to");
  auto url = resolve(from.url, location);
  if (!url) return bad("to something that is no URL");
  const bool plain_loopback =
      url->origin.scheme == "http" && from.url.origin.scheme == "http" && is_loopback(url->origin);
  if (url->origin.scheme != "https" && !plain_loopback)
    return bad("to plain http on " + url->origin.to_string());
  const bool home = from.home && url->origin == url_.origin;
  return Hop{std::move(*url), home};
}

Result<http::Response> MirrorClient::exchange(const Call& call, const Hop& hop,
                                              const std::string& authorization, const std::stop_token& stop) {
  auto transport = this->transport(hop.url.origin);
  if (!transport) return with_name(std::move(transport).error());
  http::Request request;
  request.method = call.method;
  request.target = hop.url.target;
  request.headers = call.headers;
  request.headers.set("User-Agent", options_.user_agent);
  if (!authorization.empty()) request.headers.set("Authorization", authorization);
  request.body = call.body;
  request.timeout = options_.request_timeout;
  request.idle_timeout = options_.idle_timeout;
  request.max_body = call.max_body;
  auto response = [&] {
    if (!call.sink) return (*transport)->send(request, stop);
    const auto check = [&](const http::Response& head) -> Result<bool> {
      if (is_redirect(head.status) || head.status == 401) return false;
      return call.check(head);
    };
    return (*transport)->stream(request, check, call.sink, stop);
  }();
  if (!response && response.error().code().starts_with("http."))
    return with_name(std::move(response).error());
  return response;
}

Result<std::shared_ptr<http::Transport>> MirrorClient::transport(const http::Origin& origin) {
  http::TlsSettings tls;
  if (mirror_.tls) {
    auto settings = mirror_.tls();
    if (!settings)
      return Error::blocked("oci.ca", "the CA or the client certificate for " + name_ +
                                          " cannot be read: " + settings.error().describe());
    tls = std::move(*settings);
  }
  if (origin.host != url_.origin.host) {
    // Another host: the same anchors, but this host's certificate is not its business.
    tls.client_cert_pem.clear();
    tls.client_key_pem.clear();
    tls.server_name.clear();
  }
  const std::string key = origin.to_string();
  const std::lock_guard lock(mutex_);
  if (const auto it = transports_.find(key); it != transports_.end() && same_tls(it->second.tls, tls))
    return it->second.transport;
  auto transport = outside_.connector.connect(origin, tls);
  if (!transport) return std::move(transport).error();
  if (transports_.size() >= kMaxTransports) transports_.clear();
  transports_[key] = {std::move(tls), *transport};
  return std::move(*transport);
}

Result<std::optional<Credentials>> MirrorClient::credentials() const {
  if (!mirror_.credentials) return std::optional<Credentials>();
  auto credentials = mirror_.credentials();
  if (!credentials) {
    return Error::blocked("oci.credentials", "the credentials for " + name_ +
                                                 " cannot be read: " + credentials.error().describe());
  }
  return credentials;
}

Result<std::string> MirrorClient::basic(const Credentials& credentials) const {
  if (credentials.username.find(':') != std::string::npos)
    return Error::blocked("oci.credentials", "the user name for " + name_ + " holds a colon");
  return "Basic " + base::encode_base64(credentials.username + ":" + credentials.password);
}

Result<std::string> MirrorClient::authorization(const Call& call) {
  {
    const std::lock_guard lock(mutex_);
    const auto it = tokens_.find(scope_of(call));
    if (it != tokens_.end() && outside_.clock.monotonic() < it->second.expires)
      return "Bearer " + it->second.text;
    if (!uses_basic_) return std::string();
  }
  auto credentials = this->credentials();
  if (!credentials) return std::move(credentials).error();
  if (!*credentials) return std::string();
  return basic(**credentials);
}

Result<bool> MirrorClient::answer_challenge(const Call& call, const http::Response& response,
                                            const std::stop_token& stop) {
  const std::string scope = scope_of(call);
  bool had_basic = false;
  {
    const std::lock_guard lock(mutex_);
    tokens_.erase(scope);
    had_basic = uses_basic_;
  }
  std::vector<Challenge> challenges;
  for (const auto field : response.headers.all("WWW-Authenticate"))
    for (auto& challenge : parse_challenges(field)) challenges.push_back(std::move(challenge));
  const auto find = [&](std::string_view scheme) {
    return std::ranges::find(challenges, scheme,
                             [](const Challenge& c) { return std::string_view(c.scheme); });
  };
  if (const auto bearer = find("bearer"); bearer != challenges.end()) {
    auto token = fetch_token(*bearer, call, stop);
    if (!token) return std::move(token).error();
    const std::lock_guard lock(mutex_);
    if (tokens_.size() > 1000) tokens_.clear();
    tokens_.insert_or_assign(scope, std::move(*token));
    return true;
  }
  if (find("basic") == challenges.end() || had_basic) return false;
  auto credentials = this->credentials();
  if (!credentials) return std::move(credentials).error();
  if (!*credentials) return false;
  const std::lock_guard lock(mutex_);
  uses_basic_ = true;
  return true;
}

Result<http::Url> MirrorClient::realm_url(const Challenge& challenge, const Call& call) const {
  const auto bad = [&](const std::string& why) {
    return Error::blocked("oci.token",
                          "the registry " + name_ + " asks for a token from a realm that " + why);
  };
  const auto parameter = [&](const char* name) {
    const auto it = challenge.parameters.find(name);
    return it == challenge.parameters.end() ? std::string() : it->second;
  };
  auto url = http::Url::parse(parameter("realm"));
  if (!url || !is_header_safe(url->target)) return bad("is no URL");
  const bool plain_home = url->origin.scheme == "http" && url_.origin.scheme == "http" &&
                          is_loopback(url->origin) && url->origin.host == url_.origin.host;
  if (url->origin.scheme != "https" && !plain_home)
    return bad("is not https (" + url->origin.to_string() + "); no credentials are sent there");
  std::string query = url->target.find('?') == std::string::npos ? "?" : "&";
  if (const auto service = parameter("service"); !service.empty())
    query += "service=" + percent_encode(service) + "&";
  const auto scope = parameter("scope");
  query += "scope=" + percent_encode(scope.empty() ? scope_of(call) : scope);
  url->target += query;
  return url;
}

Result<MirrorClient::Token> MirrorClient::fetch_token(const Challenge& challenge, const Call& call,
                                                      const std::stop_token& stop) {
  auto url = realm_url(challenge, call);
  if (!url) return std::move(url).error();
  auto credentials = this->credentials();
  if (!credentials) return std::move(credentials).error();
  std::string authorization;
  if (*credentials) {
    auto value = basic(**credentials);
    if (!value) return std::move(value).error();
    authorization = std::move(*value);
  }
  const std::string realm = url->origin.to_string();
  Call ask;
  ask.max_body = kMaxTokenAnswer;
  auto response = exchange(ask, Hop{std::move(*url), false}, authorization, stop);
  if (!response) return std::move(response).error().with_context("no token from " + realm);
  if (response->status == 401 || response->status == 403) {
    return Error::blocked("oci.unauthorized",
                          "the token service " + realm + " of the registry " + name_ +
                              " does not accept the credentials; check user name and password");
  }
  const auto bad = [&](const std::string& why) {
    return Error::blocked("oci.token",
                          "the token service " + realm + " of the registry " + name_ + " " + why);
  };
  if (response->status != 200) return bad("answered " + std::to_string(response->status));
  auto body =
      base::parse_json(response->body, {.max_bytes = kMaxTokenAnswer, .max_depth = 16, .max_values = 1000});
  if (!body || !body->is_object()) return bad("did not answer with a JSON object");
  const std::string* text = base::find_string(*body, "token");
  if (text == nullptr) text = base::find_string(*body, "access_token");
  if (text == nullptr || text->empty() || !is_header_safe(*text)) return bad("gave no usable token");
  const auto life = base::seconds(std::clamp<int64_t>(
      base::find_integer(*body, "expires_in").value_or(kDefaultTokenLife.count()), 0, int64_t{24} * 3600));
  return Token{*text, outside_.clock.monotonic() + std::max(life - kTokenMargin, base::seconds(1))};
}

}  // namespace gridseal::oci
