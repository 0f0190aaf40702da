// 122: access reviews and token requests. Nothing of them is stored.
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

Outcome<HttpResponse> token(Cluster& cluster, const Call& call, Json body) {
  if (cluster.store.get("serviceaccounts.", call.ns, call.name) == nullptr)
    return tl::unexpected(not_found(*call.resource, call.name));
  const std::string made = "sim." + cluster.random_suffix(40);
  cluster.script.add_token(made, {"system:serviceaccount:" + call.ns + ":" + call.name,
                                  {"system:serviceaccounts", "system:serviceaccounts:" + call.ns}});
  body["metadata"] = {{"name", call.name}, {"namespace", call.ns}, {"creationTimestamp", Clock::date()}};
  body["status"] = {{"token", made}, {"expirationTimestamp", Clock::date()}};
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
