#include "k3s/rights.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "manifest/ceiling.hpp"

namespace gridseal::k3s {
namespace {

using base::Json;

const Json kRead = Json::array({"get", "list", "watch"});
const Json kWrite = Json::array({"get", "list", "watch", "create", "patch", "update", "delete"});

Json rule(Json groups, Json resources, Json verbs, const std::vector<std::string>& names = {}) {
  Json out{
      {"apiGroups", std::move(groups)}, {"resources", std::move(resources)}, {"verbs", std::move(verbs)}};
  if (!names.empty()) out["resourceNames"] = names;
  return out;
}

Json rbac(const char* kind, const std::string& name_space, const std::string& name) {
  Json metadata{{"name", name}, {"labels", {{std::string(kManagedLabel), std::string(kManagedValue)}}}};
  if (!name_space.empty()) metadata["namespace"] = name_space;
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

// A role that gives nothing is not made.
class Maker {
 public:
  void cluster_role(const std::string& name, Json rules) {
    Json role = rbac("ClusterRole", {}, name);
    role["rules"] = std::move(rules);
    roles_.push_back(std::move(role));
  }
  void role(const std::string& name_space, const std::string& name, Json rules) {
    Json role = rbac("Role", name_space, name);
    role["rules"] = std::move(rules);
    roles_.push_back(std::move(role));
    bind(name_space, name, "Role");
  }
  // An empty namespace: in all of them.
  void bind(const std::string& name_space, const std::string& name, const char* role_kind = "ClusterRole") {
    Json binding = rbac(name_space.empty() ? "ClusterRoleBinding" : "RoleBinding", name_space, name);
    binding["roleRef"] = {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", role_kind}, {"name", name}};
    binding["subjects"] = Json::array({Json{{"kind", "ServiceAccount"},
                                            {"name", std::string(kAccount)},
                                            {"namespace", std::string(kNamespace)}}});
    bindings_.push_back(std::move(binding));
  }
  void append_to(std::vector<Json>& objects) {
    for (auto* list : {&roles_, &bindings_}) std::ranges::move(*list, std::back_inserter(objects));
  }

 private:
  std::vector<Json> roles_;
  std::vector<Json> bindings_;
};

class Planner {
 public:
  Planner(const config::Settings& settings, const std::vector<kube::Resource>& served)
      : settings_(settings), served_(served) {}

  Rights plan() {
    add_account();
    for (const auto& [name, component] : settings_.components) add_component(component);
    add_watching();
    add_impersonation();
    Rights rights;
    rights.namespaces.emplace_back(kNamespace);
    namespaces_.erase(std::string(kNamespace));
    rights.namespaces.insert(rights.namespaces.end(), namespaces_.begin(), namespaces_.end());
    rights.objects.push_back({{"apiVersion", "v1"},
                              {"kind", "ServiceAccount"},
                              {"metadata",
                               {{"name", std::string(kAccount)},
                                {"namespace", std::string(kNamespace)},
                                {"labels", {{std::string(kManagedLabel), std::string(kManagedValue)}}}}}});
    maker_.append_to(rights.objects);
    rights.remarks = std::move(remarks_);
    return rights;
  }

 private:
  using Kinds = std::map<std::string, std::set<std::string>>;  // plurals by group

  void add_account() {
    maker_.cluster_role("gridseal-read",
                        Json::array({rule({""}, {"nodes", "namespaces"}, kRead),
                                     rule({"authorization.k8s.io"}, {"selfsubjectaccessreviews"}, {"create"}),
                                     rule({"authentication.k8s.io"}, {"selfsubjectreviews"}, {"create"})}));
    maker_.bind({}, "gridseal-read");
    maker_.role(std::string(kNamespace), "gridseal-token",
                Json::array({rule({""}, {"serviceaccounts/token"}, {"create"}, {std::string(kAccount)})}));
  }

  static std::vector<std::string> namespaces_of(const config::Component& component) {
    if (!component.ceiling.namespaces.empty()) return component.ceiling.namespaces;
    if (!component.target_namespace.empty()) return {component.target_namespace};
    return {};
  }

  void add_component(const config::Component& component) {
    const auto namespaces = namespaces_of(component);
    for (const std::string& name : namespaces) {
      if (name == "*")
        everywhere_ = true;
      else
        namespaces_.insert(name);
    }
    if (!component.service_account.empty()) {
      const size_t slash = component.service_account.find('/');
      accounts_[component.service_account.substr(0, slash)].insert(
          component.service_account.substr(slash + 1));
      return;
    }
    if (namespaces.empty())
      remarks_.push_back("component." + component.name +
                         " has neither ceiling.namespaces nor target_namespace: it may touch no namespace");
    add_namespaced(component, namespaces);
    add_cluster_scoped(component, namespaces);
  }

  void add_namespaced(const config::Component& component, const std::vector<std::string>& namespaces) {
    const auto& kinds =
        component.ceiling.kinds.empty() ? manifest::Ceiling::default_kinds() : component.ceiling.kinds;
    Json rules = rules_of(resolve(component.name, kinds, true));
    if (rules.empty() || namespaces.empty()) return;
    const std::string name = "gridseal-component-" + component.name;
    maker_.cluster_role(name, std::move(rules));
    if (std::ranges::find(namespaces, "*") != namespaces.end()) return maker_.bind({}, name);
    for (const std::string& name_space : namespaces) maker_.bind(name_space, name);
  }

  // A Namespace that the ceiling names may come with the release; it is never deleted.
  void add_cluster_scoped(const config::Component& component, const std::vector<std::string>& namespaces) {
    Json rules = rules_of(resolve(component.name, component.ceiling.cluster_scoped, false));
    std::vector<std::string> named = namespaces;
    std::erase(named, "*");
    const bool all = named.size() != namespaces.size();
    if (!namespaces.empty())
      rules.push_back(rule({""}, {"namespaces"}, {"get", "create", "patch", "update"},
                           all ? std::vector<std::string>() : named));
    if (rules.empty()) return;
    const std::string name = "gridseal-cluster-" + component.name;
    maker_.cluster_role(name, std::move(rules));
    maker_.bind({}, name);
  }

  Kinds resolve(const std::string& component, const std::vector<std::string>& kinds, bool namespaced) {
    Kinds out;
    for (const std::string& kind : kinds) {
      bool found = false;
      for (const kube::Resource& resource : served_) {
        if (!means(kind, resource)) continue;
        found = true;  // of the other scope: named in the other list, or nothing to give here
        if (resource.namespaced != namespaced || !resource.can("patch")) continue;
        out[resource.group].insert(resource.plural);
      }
      if (!found) unserved(component, kind, out);
    }
    return out;
  }

  static bool means(const std::string& kind, const kube::Resource& resource) {
    if (kind == "*") return !manifest::is_sensitive(resource.group, resource.kind);
    if (kind == resource.kind + "." + resource.group) return true;
    return kind == resource.kind &&
           (resource.group.empty() || manifest::builtin_scope(resource.group, resource.kind));
  }

  void unserved(const std::string& component, const std::string& kind, Kinds& out) {
    const size_t dot = kind.find('.');
    const std::string group = dot == std::string::npos ? std::string() : kind.substr(dot + 1);
    if (group.empty() || manifest::is_sensitive(group, kind.substr(0, dot))) {
      remarks_.push_back("component." + component + ": the cluster does not serve the kind " + kind +
                         "; run this again when it does");
      return;
    }
    out[group].insert("*");
    remarks_.push_back("component." + component + ": the cluster does not serve the kind " + kind +
                       " yet, so all kinds of " + group + " are allowed; run this again when it does");
  }

  static Json rules_of(const Kinds& kinds) {
    Json rules = Json::array();
    for (const auto& [group, plurals] : kinds)
      rules.push_back(rule(Json::array({group}), Json(plurals), kWrite));
    return rules;
  }

  // What explains a failure, and the pods that a way back has to delete.
  void add_watching() {
    if (namespaces_.empty() && !everywhere_) return;
    const std::string name = "gridseal-watch";
    maker_.cluster_role(
        name, Json::array({rule({""}, {"pods"}, {"get", "list", "watch", "delete"}),
                           rule({""}, {"events", "persistentvolumeclaims", "replicationcontrollers"}, kRead),
                           rule({"events.k8s.io"}, {"events"}, kRead),
                           rule({"apps"}, {"replicasets", "controllerrevisions"}, kRead),
                           rule({"batch"}, {"jobs"}, kRead)}));
    if (everywhere_) return maker_.bind({}, name);
    for (const std::string& name_space : namespaces_) maker_.bind(name_space, name);
  }

  void add_impersonation() {
    for (const auto& [name_space, names] : accounts_) {
      namespaces_.insert(name_space);
      maker_.role(
          name_space, "gridseal-impersonate",
          Json::array({rule({""}, {"serviceaccounts"}, {"impersonate"}, {names.begin(), names.end()})}));
    }
  }

  const config::Settings& settings_;
  const std::vector<kube::Resource>& served_;
  Maker maker_;
  std::set<std::string> namespaces_;
  bool everywhere_ = false;
  std::map<std::string, std::set<std::string>> accounts_;  // names by namespace
  std::vector<std::string> remarks_;
};

}  // namespace

Rights rights_for(const config::Settings& settings, const std::vector<kube::Resource>& served) {
  return Planner(settings, served).plan();
}

}  // namespace gridseal::k3s
