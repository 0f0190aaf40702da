#include "kube/token.hpp"

#include <algorithm>
#include <chrono>

#include "base/encoding.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxToken = 16 * 1024;
constexpr base::JsonLimits kLimits{kMaxToken, 16, 1'000};
constexpr int64_t kLatest = 253'402'300'799;  // the year 9999
constexpr std::string_view kServiceAccount = "system:serviceaccount:";

Error bad(const std::string& what) {
  return Error::refused("kube.token", "the token is not one of a ServiceAccount: " + what);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

Result<Json> claims_of(std::string_view token) {
  if (token.size() > kMaxToken) return bad("it is too long");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return bad("it has not three parts");
  for (const std::string_view part : {token.substr(0, first), token.substr(second + 1)}) {
    if (part.empty() || !base::decode_base64(part, base::Base64::url)) return bad("a part is not base64url");
  }
  const auto payload = base::decode_base64(token.substr(first + 1, second - first - 1), base::Base64::url);
  if (!payload) return bad("a part is not base64url");
  auto json = base::parse_json(*payload, kLimits);
  // The parser's sentence could quote a claim.
  if (!json || !json->is_object()) return bad("its claims are not a JSON object");
  return std::move(*json);
}

Result<base::Time> time_claim(const Json& claims, std::string_view name) {
  const auto seconds = base::find_integer(claims, name);
  if (!seconds || *seconds < 0 || *seconds > kLatest) return bad("claim " + std::string(name));
  return base::Time(std::chrono::seconds(*seconds));
}

}  // namespace

Result<TokenClaims> read_token_claims(std::string_view token) {
  const auto json = claims_of(token);
  if (!json) return json.error();
  const std::string* subject = base::find_string(*json, "sub");
  if (subject == nullptr || !subject->starts_with(kServiceAccount)) return bad("claim sub");
  const std::string_view account = std::string_view(*subject).substr(kServiceAccount.size());
  const size_t colon = account.find(':');
  if (colon == std::string_view::npos) return bad("claim sub");
  TokenClaims claims{std::string(account.substr(0, colon)), std::string(account.substr(colon + 1)), {}, {}};
  if (!is_name(claims.namespace_) || !is_name(claims.name)) return bad("claim sub");
  auto issued = time_claim(*json, "iat");
  if (!issued) return std::move(issued).error();
  auto expires = time_claim(*json, "exp");
  if (!expires) return std::move(expires).error();
  if (*expires <= *issued) return bad("it ends before it begins");
  claims.issued = *issued;
  claims.expires = *expires;
  return claims;
}

base::Time renewal_time(const TokenClaims& claims) {
  return claims.issued + (claims.expires - claims.issued) * 2 / 3;
}

Result<IssuedToken> request_token(Client& client, const std::string& namespace_name, const std::string& name,
                                  base::milliseconds lifetime, const Limits& limits) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  const Json body{{"apiVersion", "authentication.k8s.io/v1"},
                  {"kind", "TokenRequest"},
                  {"spec", {{"expirationSeconds", seconds}}}};
  ClientRequest request;
  request.method = "POST";
  request.path = "/api/v1/namespaces/" + percent_encode(namespace_name) + "/serviceaccounts/" +
                 percent_encode(name) + "/token";
  request.content_type = "application/json";
  request.body = base::dump_json(body);
  request.subject = "token for ServiceAccount " + namespace_name + "/" + name;
  request.secret = true;
  request.max_body = 64 * 1024;
  auto answer = client.request(request, limits);
  if (!answer) return std::move(answer).error().error;
  const auto json = base::parse_json(answer->body, {64 * 1024, 16, 2'000});
  const Json* status = json ? base::find_object(*json, "status") : nullptr;
  const std::string* token = status == nullptr ? nullptr : base::find_string(*status, "token");
  if (token == nullptr)
    return Error::blocked("kube.protocol",
                          "the answer to the request of a " + request.subject + " holds no token");
  auto claims = read_token_claims(*token);
  if (!claims) return std::move(claims).error();
  return IssuedToken{*token, std::move(*claims)};
}

}  // namespace gridseal::kube
