#include "kubesim/auth.hpp"

#include <algorithm>

namespace gridseal::kubesim {

namespace {

Failure unauthorized() {
  return failure(401, "Unauthorized", "Unauthorized");
}

bool has(const Json& rule, const char* key, const std::string& value) {
  const Json* list = find(rule, {key});
  if (list == nullptr || !list->is_array()) return false;
  return std::any_of(list->begin(), list->end(), [&](const Json& entry) {
    if (!entry.is_string()) return false;
    const std::string& text = entry.get_ref<const std::string&>();
    return text == "*" || text == value ||
           (text.ends_with("/*") && value.starts_with(text.substr(0, text.size() - 1)));
  });
}

bool resource_matches(const Json& rule, const std::string& resource) {
  if (has(rule, "resources", resource)) return true;
  const std::size_t slash = resource.find('/');
  return slash != std::string::npos && has(rule, "resources", "*" + resource.substr(slash));
}

bool rule_allows(const Json& rule, const Access& access) {
  if (!has(rule, "verbs", access.verb)) return false;
  if (!access.path.empty()) {
    const Json* paths = find(rule, {"nonResourceURLs"});
    if (paths == nullptr) return false;
    return std::any_of(paths->begin(), paths->end(),
                       [&](const Json& path) { return glob_matches(path.get<std::string>(), access.path); });
  }
  if (!has(rule, "apiGroups", access.group) || !resource_matches(rule, access.resource)) return false;
  const Json* names = find(rule, {"resourceNames"});
  return names == nullptr || names->empty() ||
         std::find(names->begin(), names->end(), access.name) != names->end();
}

bool subject_matches(const Json& subject, const User& user, const std::string& binding_ns) {
  const std::string kind = text(subject, {"kind"});
  const std::string name = text(subject, {"name"});
  if (kind == "User") return name == user.name;
  if (kind == "Group") return user.in(name);
  std::string ns = text(subject, {"namespace"});
  if (ns.empty()) ns = binding_ns;
  return user.name == "system:serviceaccount:" + ns + ":" + name;
}

const Json* role_rules(Cluster& cluster, const Json& binding, ObjectPtr& keep) {
  const std::string name = text(binding, {"roleRef", "name"});
  const bool cluster_role = text(binding, {"roleRef", "kind"}) == "ClusterRole";
  keep = cluster_role ? cluster.store.get("clusterroles.rbac.authorization.k8s.io", "", name)
                      : cluster.store.get("roles.rbac.authorization.k8s.io",
                                          text(binding, {"metadata", "namespace"}), name);
  return keep != nullptr ? find(*keep, {"rules"}) : nullptr;
}

void collect(Cluster& cluster, const User& user, const std::string& storage, const std::string& ns,
             std::vector<Json>& out) {
  for (const ObjectPtr& binding : cluster.store.list(storage, ns)) {
    const Json* subjects = find(*binding, {"subjects"});
    if (subjects == nullptr || !subjects->is_array()) continue;
    const bool meant = std::any_of(subjects->begin(), subjects->end(),
                                   [&](const Json& s) { return subject_matches(s, user, ns); });
    if (!meant) continue;
    ObjectPtr keep;
    const Json* rules = role_rules(cluster, *binding, keep);
    if (rules != nullptr && rules->is_array()) out.insert(out.end(), rules->begin(), rules->end());
  }
}

Outcome<User> impersonate(Cluster& cluster, const User& real, const HttpRequest& request) {
  User out{request.header("impersonate-user"), request.header_values("impersonate-group")};
  if (out.name.empty()) {
    if (out.groups.empty()) return real;
    std::string groups;
    for (const std::string& group : out.groups) groups += (groups.empty() ? "" : ", ") + compact(Json(group));
    return tl::unexpected(
        bad_request("requested &user.DefaultInfo{Name:\"\", UID:\"\", Groups:[]string{" + groups +
                    "}, Extra:map[string][]string(nil)} without impersonating a user name"));
  }
  Access access{"impersonate", "", "users", "", out.name, ""};
  constexpr std::string_view kServiceAccount = "system:serviceaccount:";
  if (out.name.starts_with(kServiceAccount)) {
    const std::string rest = out.name.substr(kServiceAccount.size());
    const std::size_t colon = rest.find(':');
    access.resource = "serviceaccounts";
    access.ns = rest.substr(0, colon);
    access.name = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (out.groups.empty()) out.groups = {"system:serviceaccounts", "system:serviceaccounts:" + access.ns};
  }
  if (!allowed(cluster, real, access)) return tl::unexpected(denied(real, access));
  for (const std::string& group : out.groups) {
    const Access as_group{"impersonate", "", "groups", "", group, ""};
    if (!group.starts_with("system:serviceaccounts") && !allowed(cluster, real, as_group))
      return tl::unexpected(denied(real, as_group));
  }
  if (!out.in("system:authenticated")) out.groups.emplace_back("system:authenticated");
  return out;
}

}  // namespace

bool User::in(const std::string& group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

Outcome<User> authenticate(Cluster& cluster, const HttpRequest& request) {
  User user{"system:anonymous", {"system:unauthenticated"}};
  const std::string authorization = request.header("authorization");
  if (request.peer.certificate && authorization.empty()) {
    if (!request.peer.trusted) return tl::unexpected(unauthorized());
    user = {request.peer.user, request.peer.groups};
    user.groups.emplace_back("system:authenticated");
  } else if (!authorization.empty()) {
    const auto known = authorization.starts_with("Bearer ")
                           ? cluster.script.user_of_token(authorization.substr(7))
                           : std::nullopt;
    if (!known && authorization.starts_with("Bearer ")) return tl::unexpected(unauthorized());
    const bool account_gone =
        known && !known->account.empty() &&
        cluster.store.get("serviceaccounts.", known->account_ns, known->account) == nullptr;
    if (account_gone) return tl::unexpected(unauthorized());
    if (known) {
      user = {known->name, known->groups};
      user.groups.emplace_back("system:authenticated");
    }
  }
  return impersonate(cluster, user, request);
}

std::vector<Json> rules_for(Cluster& cluster, const User& user, const std::string& ns) {
  std::vector<Json> out;
  collect(cluster, user, "clusterrolebindings.rbac.authorization.k8s.io", "", out);
  if (!ns.empty()) collect(cluster, user, "rolebindings.rbac.authorization.k8s.io", ns, out);
  return out;
}

bool allowed(Cluster& cluster, const User& user, const Access& access) {
  if (user.in("system:masters")) return true;
  const auto rules = rules_for(cluster, user, access.ns);
  return std::any_of(rules.begin(), rules.end(), [&](const Json& rule) { return rule_allows(rule, access); });
}

Failure denied(const User& user, const Access& access) {
  if (!access.path.empty()) {
    return failure(
        403, "Forbidden",
        "forbidden: User \"" + user.name + "\" cannot " + access.verb + " path \"" + access.path + "\"",
        Json::object());
  }
  Resource resource;
  resource.group = access.group;
  resource.plural = access.resource.substr(0, access.resource.find('/'));
  const std::string where =
      access.ns.empty() ? " at the cluster scope" : " in the namespace \"" + access.ns + "\"";
  return forbidden(resource, access.name,
                   "User \"" + user.name + "\" cannot " + access.verb + " resource \"" + access.resource +
                       "\" in API group \"" + access.group + "\"" + where);
}

namespace {

std::string go_list(const Json* list) {
  std::string out;
  if (list != nullptr) {
    for (const Json& entry : *list) out += (out.empty() ? "" : ", ") + compact(entry);
  }
  return "[" + out + "]";
}

std::string rule_text(const Json& rule) {
  if (rule.contains("nonResourceURLs")) {
    return "{NonResourceURLs:" + go_list(find(rule, {"nonResourceURLs"})) +
           ", Verbs:" + go_list(find(rule, {"verbs"})) + "}";
  }
  return "{APIGroups:" + go_list(find(rule, {"apiGroups"})) +
         ", Resources:" + go_list(find(rule, {"resources"})) + ", Verbs:" + go_list(find(rule, {"verbs"})) +
         "}";
}

bool covered(const std::vector<Json>& held, const Json& rule) {
  for (const Json& verb : rule.value("verbs", Json::array())) {
    for (const Json& path : rule.value("nonResourceURLs", Json::array())) {
      const Access access{verb.get<std::string>(), "", "", "", "", path.get<std::string>()};
      if (std::none_of(held.begin(), held.end(), [&](const Json& h) { return rule_allows(h, access); }))
        return false;
    }
    for (const Json& group : rule.value("apiGroups", Json::array())) {
      for (const Json& resource : rule.value("resources", Json::array())) {
        const Access access{
            verb.get<std::string>(), group.get<std::string>(), resource.get<std::string>(), "", "", ""};
        if (std::none_of(held.begin(), held.end(), [&](const Json& h) { return rule_allows(h, access); }))
          return false;
      }
    }
  }
  return true;
}

}  // namespace

Outcome<void> check_escalation(Cluster& cluster, const User& user, const Resource& resource,
                               const std::string& ns, const Json& object) {
  if (resource.group != "rbac.authorization.k8s.io" || user.in("system:masters")) return {};
  const bool binding = resource.plural.ends_with("bindings");
  ObjectPtr keep;
  Json placed = object;
  placed["metadata"]["namespace"] = ns;
  const Json* rules = binding ? role_rules(cluster, placed, keep) : find(object, {"rules"});
  if (rules == nullptr || !rules->is_array()) return {};
  const auto held = rules_for(cluster, user, ns);
  std::string missing;
  for (const Json& rule : *rules) {
    if (!covered(held, rule)) missing += "\n" + rule_text(rule);
  }
  if (missing.empty()) return {};
  std::string groups;
  for (const std::string& group : user.groups) groups += (groups.empty() ? "" : " ") + compact(Json(group));
  return tl::unexpected(
      forbidden(resource, text(object, {"metadata", "name"}),
                "user \"" + user.name + "\" (groups=[" + groups +
                    "]) is attempting to grant RBAC permissions not currently held:" + missing));
}

void create_default_roles(Cluster& cluster) {
  const auto roles = cluster.catalog.by_plural("rbac.authorization.k8s.io", "v1", "clusterroles");
  const auto bindings = cluster.catalog.by_plural("rbac.authorization.k8s.io", "v1", "clusterrolebindings");
  auto rule = [](Json groups, Json resources, Json verbs) {
    return Json{
        {"apiGroups", std::move(groups)}, {"resources", std::move(resources)}, {"verbs", std::move(verbs)}};
  };
  auto add = [&](const Resource& resource, const std::string& name, Json body) {
    body["apiVersion"] = resource.api_version();
    body["kind"] = resource.kind;
    body["metadata"] = {{"name", name}, {"uid", cluster.fresh_uid()}, {"creationTimestamp", Clock::date()}};
    cluster.put(resource, std::move(body));
  };
  const Json everything = Json::array({"*"});
  const Json read = {"get", "list", "watch"};
  const Json write = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  const Json groups = {"", "apps", "batch", "autoscaling", "networking.k8s.io", "policy"};
  add(*roles, "cluster-admin",
      {{"rules", Json::array({rule(everything, everything, everything),
                              Json{{"nonResourceURLs", everything}, {"verbs", everything}}})}});
  add(*roles, "admin",
      {{"rules", Json::array({rule(groups, everything, write),
                              rule({"rbac.authorization.k8s.io"}, {"roles", "rolebindings"}, write)})}});
  add(*roles, "edit", {{"rules", Json::array({rule(groups, everything, write)})}});
  add(*roles, "view",
      {{"rules",
        Json::array({rule(groups, {"configmaps", "services", "pods", "deployments", "statefulsets", "jobs"},
                          read)})}});
  auto bind = [&](const std::string& role, const Json& group_names) {
    Json subjects = Json::array();
    for (const Json& name : group_names) {
      subjects.push_back({{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Group"}, {"name", name}});
    }
    add(*bindings, role,
        {{"subjects", subjects},
         {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", role}}}});
  };
  // 010: /version and the health paths are open to everybody, discovery to those with a name.
  const Json open = {"/healthz", "/livez", "/livez/*", "/readyz", "/readyz/*", "/version", "/version/"};
  const Json discovery = {"/api",     "/api/*",     "/apis",   "/apis/*",  "/healthz", "/livez",
                          "/openapi", "/openapi/*", "/readyz", "/version", "/version/"};
  add(*roles, "system:public-info-viewer",
      {{"rules", Json::array({Json{{"nonResourceURLs", open}, {"verbs", {"get"}}}})}});
  add(*roles, "system:discovery",
      {{"rules", Json::array({Json{{"nonResourceURLs", discovery}, {"verbs", {"get"}}}})}});
  add(*roles, "system:basic-user",
      {{"rules", Json::array({rule({"authorization.k8s.io"},
                                   {"selfsubjectaccessreviews", "selfsubjectrulesreviews"}, {"create"}),
                              rule({"authentication.k8s.io"}, {"selfsubjectreviews"}, {"create"})})}});
  bind("system:public-info-viewer", {"system:authenticated", "system:unauthenticated"});
  bind("system:discovery", {"system:authenticated"});
  bind("system:basic-user", {"system:authenticated"});
  bind("cluster-admin", {"system:masters"});
}

}  // namespace gridseal::kubesim
