// 122: access reviews and token requests. Nothing of them is stored.
#include <algorithm>

#include "kubesim/api/api.hpp"

namespace gridseal::kubesim {

namespace {

HttpResponse self_access(Cluster& cluster, const User& user, Json body) {
  Access access;
  if (const Json* attributes = find(body, {"spec", "resourceAttributes"}); attributes != nullptr) {
    access = {text(*attributes, {"verb"}),      text(*attributes, {"group"}), text(*attributes, {"resource"}),
              text(*attributes, {"namespace"}), text(*attributes, {"name"}),  ""};
    const std::string sub = text(*attributes, {"subresource"});
    if (!sub.empty()) access.resource += "/" + sub;
  } else {
    access.verb = text(body, {"spec", "nonResourceAttributes", "verb"});
    access.path = text(body, {"spec", "nonResourceAttributes", "path"});
  }
  body["status"] = {{"allowed", allowed(cluster, user, access)}};
  if (body["status"]["allowed"] == true) body["status"]["reason"] = "RBAC: allowed";
  return json_response(201, body);
}

HttpResponse self_rules(Cluster& cluster, const User& user, Json body) {
  Json resources = Json::array();
  Json paths = Json::array();
  for (const Json& rule : rules_for(cluster, user, text(body, {"spec", "namespace"}))) {
    (rule.contains("nonResourceURLs") ? paths : resources).push_back(rule);
  }
  body["status"] = {{"resourceRules", resources}, {"nonResourceRules", paths}, {"incomplete", false}};
  return json_response(201, body);
}

std::string base64url(const std::string& bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4 && i + j <= bytes.size(); ++j)
      out += kAlphabet[group >> (18 - 6 * j) & 63U];
  }
  return out;
}

// A token that reads like a real one; the signature is a random text.
std::string made_token(Cluster& cluster, const Call& call, const Json& audiences, std::int64_t lifetime) {
  const std::int64_t now = Clock::unix_seconds();
  const Json claims{{"aud", audiences},
                    {"exp", now + lifetime},
                    {"iat", now},
                    {"nbf", now},
                    {"iss", "https://kubernetes.default.svc.cluster.local"},
                    {"jti", cluster.fresh_uid()},
                    {"kubernetes.io", {{"namespace", call.ns}, {"serviceaccount", {{"name", call.name}}}}},
                    {"sub", "system:serviceaccount:" + call.ns + ":" + call.name}};
  return base64url(R"({"alg":"RS256","kid":"simulated"})") + "." + base64url(claims.dump()) + "." +
         base64url(cluster.random_suffix(48));
}

Outcome<HttpResponse> token(Cluster& cluster, const Call& call, Json body) {
  constexpr std::int64_t kShortest = 600;
  const ObjectPtr account = cluster.store.get("serviceaccounts.", call.ns, call.name);
  if (account == nullptr) return tl::unexpected(not_found(*call.resource, call.name));
  Json& spec = body["spec"];
  if (!spec.is_object()) spec = Json::object();
  const std::int64_t lifetime = spec.value("expirationSeconds", std::int64_t{3600});
  if (lifetime < kShortest) {
    return tl::unexpected(invalid("authentication.k8s.io", "TokenRequest", "",
                                  {{"FieldValueInvalid", "spec.expirationSeconds",
                                    "Invalid value: " + std::to_string(lifetime) +
                                        ": may not specify a duration less than 10 minutes"}}));
  }
  const std::string own_audience = "https://kubernetes.default.svc.cluster.local";
  const Json audiences = spec.value("audiences", Json::array({own_audience}));
  const std::string made = made_token(cluster, call, audiences, lifetime);
  const bool for_us = std::find(audiences.begin(), audiences.end(), Json(own_audience)) != audiences.end();
  if (for_us)
    cluster.script.add_token(made, {"system:serviceaccount:" + call.ns + ":" + call.name,
                                    {"system:serviceaccounts", "system:serviceaccounts:" + call.ns},
                                    Clock::unix_seconds() + lifetime,
                                    call.ns,
                                    call.name});
  body["metadata"] = {{"name", call.name},
                      {"namespace", call.ns},
                      {"uid", text(*account, {"metadata", "uid"})},
                      {"creationTimestamp", Clock::date()}};
  spec["audiences"] = audiences;
  spec["expirationSeconds"] = lifetime;
  spec["boundObjectRef"] = nullptr;
  body["status"] = {{"token", made}, {"expirationTimestamp", Clock::date(lifetime)}};
  return json_response(201, body);
}

}  // namespace

std::optional<Outcome<HttpResponse>> review(Cluster& cluster, const Call& call) {
  if (call.verb != "create") return std::nullopt;
  Json body = Json::parse(call.request->body, nullptr, false);
  if (!body.is_object()) body = Json::object();
  if (call.plural == "selfsubjectaccessreviews") return self_access(cluster, call.user, std::move(body));
  if (call.plural == "selfsubjectrulesreviews") return self_rules(cluster, call.user, std::move(body));
  if (call.plural == "selfsubjectreviews") {
    body["status"] = {{"userInfo", {{"username", call.user.name}, {"groups", call.user.groups}}}};
    return json_response(201, body);
  }
  if (call.plural == "serviceaccounts" && call.subresource == "token")
    return token(cluster, call, std::move(body));
  return std::nullopt;
}

}  // namespace gridseal::kubesim
