#include "manifest/ceiling.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "manifest/security.hpp"

namespace gridseal::manifest {
namespace {

constexpr size_t kMaxFindings = 20;
constexpr size_t kNamedFindings = 5;

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_system_namespace(std::string_view name) {
  return name == "kube-system" || name == "kube-public" || name == "kube-node-lease";
}

std::string written(const ObjectKey& key) {
  return builtin_scope(key.group, key.kind) || key.group.empty() ? key.kind : key.kind + "." + key.group;
}

bool lists(const std::vector<std::string>& kinds, const ObjectKey& key) {
  if (contains(kinds, written(key)) || contains(kinds, key.kind + "." + key.group)) return true;
  return contains(kinds, "*") && !is_sensitive(key.group, key.kind);
}

class Judge {
 public:
  Judge(const Ceiling& ceiling, const Object& object) : ceiling_(ceiling), object_(object) {}
  std::vector<CeilingFinding> run(std::optional<Scope> scope);

 private:
  void cluster_object();
  void namespaced_object();
  void unknown_object();
  void check_namespace(const std::string& name, const std::string& field);
  void check_pods();
  void check_secret();
  void check_service();
  void add(const char* code, const std::string& field, const std::string& what, const std::string& setting) {
    findings_.push_back(
        {code, object_.key.describe() + " (" + object_.origin.describe() + "): " + field + ": " + what +
                   (setting.empty() ? "; no setting allows it"
                                    : "; the host's setting " + setting + " would allow it")});
  }

  const Ceiling& ceiling_;
  const Object& object_;
  std::vector<CeilingFinding> findings_;
};

std::vector<CeilingFinding> Judge::run(std::optional<Scope> scope) {
  if (!scope) scope = builtin_scope(object_.key.group, object_.key.kind);
  if (!scope)
    unknown_object();
  else if (*scope == Scope::cluster)
    cluster_object();
  else
    namespaced_object();
  check_pods();
  check_secret();
  check_service();
  return std::move(findings_);
}

void Judge::cluster_object() {
  const ObjectKey& key = object_.key;
  if (key.group.empty() && key.kind == "Namespace" && !contains(ceiling_.cluster_kinds, key.kind))
    return check_namespace(key.name, "metadata.name");
  if (!lists(ceiling_.cluster_kinds, key))
    add("ceiling.cluster_scoped", "kind", written(key) + " belongs to the whole cluster",
        "ceiling.cluster_kinds = [\"" + written(key) + "\"]");
}

void Judge::namespaced_object() {
  const ObjectKey& key = object_.key;
  if (!lists(ceiling_.kinds, key))
    add("ceiling.kind", "kind", written(key) + " is not among the kinds this component may bring",
        "ceiling.kinds = [..., \"" + written(key) + "\"]");
  check_namespace(key.namespace_, "metadata.namespace");
}

void Judge::unknown_object() {
  const ObjectKey& key = object_.key;
  if (!lists(ceiling_.kinds, key) && !lists(ceiling_.cluster_kinds, key))
    add("ceiling.kind", "kind", written(key) + " is not among the kinds this component may bring",
        "ceiling.kinds = [..., \"" + written(key) + "\"]");
  if (!key.namespace_.empty()) check_namespace(key.namespace_, "metadata.namespace");
}

void Judge::check_namespace(const std::string& name, const std::string& field) {
  const std::string shown = name.empty() ? "no namespace" : "namespace \"" + base::printable(name, 63) + "\"";
  const bool listed =
      contains(ceiling_.namespaces, name) || (!name.empty() && contains(ceiling_.namespaces, "*"));
  if (is_system_namespace(name) && !ceiling_.allow_kube_system)
    return add("ceiling.namespace", field, shown + " belongs to Kubernetes itself",
               "ceiling.namespaces = [..., \"" + base::printable(name, 63) + "\"]");
  if (!listed)
    add("ceiling.namespace", field, shown + " is not among those this component may use",
        "ceiling.namespaces = [..., \"" + base::printable(name, 63) + "\"]");
}

void Judge::check_pods() {
  find_host_needs(object_, [&](HostNeed need, const std::string& path, const std::string& what) {
    switch (need) {
      case HostNeed::host_path:
        if (!ceiling_.allow_host_path) add("ceiling.host_path", path, what, "ceiling.host_path = true");
        return;
      case HostNeed::host_namespace:
        if (!ceiling_.allow_host_namespaces)
          add("ceiling.host_namespace", path, what, "ceiling.host_network = true");
        return;
      default:
        break;
    }
    if (ceiling_.allow_privileged) return;
    const char* code = need == HostNeed::privileged   ? "ceiling.privileged"
                       : need == HostNeed::capability ? "ceiling.capability"
                                                      : "ceiling.security";
    add(code, path, what, "ceiling.privileged = true");
  });
}

void Judge::check_secret() {
  if (!object_.key.group.empty() || object_.key.kind != "Secret" || ceiling_.allow_token_secrets) return;
  const auto* type = base::find_string(object_.body, "type");
  if (type == nullptr) return;
  if (*type == "kubernetes.io/service-account-token" || *type == "bootstrap.kubernetes.io/token")
    add("ceiling.token_secret", "type", "the server fills it with a lasting token", "");
}

void Judge::check_service() {
  if (!object_.key.group.empty() || object_.key.kind != "Service" || ceiling_.allow_external_ips) return;
  const auto* spec = base::find_object(object_.body, "spec");
  if (spec == nullptr || !spec->contains("externalIPs")) return;
  const Json& addresses = (*spec)["externalIPs"];
  if (!addresses.is_null() && !addresses.empty())
    add("ceiling.external_ip", "spec.externalIPs", "takes over addresses of others", "");
}

base::Error error_of(const std::vector<CeilingFinding>& findings, size_t count) {
  std::string message = "above what this host allows: ";
  for (size_t at = 0; at < std::min(findings.size(), kNamedFindings); ++at)
    message += (at == 0 ? "" : " | ") + findings[at].message;
  if (count > kNamedFindings) message += " | and " + std::to_string(count - kNamedFindings) + " more";
  return base::Error::refused(findings.front().code, message);
}

}  // namespace

bool is_sensitive(std::string_view group, std::string_view kind) {
  static constexpr std::array<std::string_view, 8> kGroups = {"rbac.authorization.k8s.io",
                                                              "admissionregistration.k8s.io",
                                                              "apiregistration.k8s.io",
                                                              "apiextensions.k8s.io",
                                                              "certificates.k8s.io",
                                                              "flowcontrol.apiserver.k8s.io",
                                                              "helm.cattle.io",
                                                              "k3s.cattle.io"};
  if (std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end()) return true;
  return group.empty() && (kind == "Node" || kind == "PersistentVolume");
}

std::vector<std::string> Ceiling::default_kinds() {
  return {"ConfigMap",   "CronJob", "DaemonSet",     "Deployment",          "HorizontalPodAutoscaler",
          "Ingress",     "Job",     "LimitRange",    "NetworkPolicy",       "PersistentVolumeClaim",
          "Pod",         "Secret",  "PodTemplate",   "PodDisruptionBudget", "ReplicaSet",
          "StatefulSet", "Service", "ResourceQuota", "ServiceAccount",      "ReplicationController"};
}

std::vector<CeilingFinding> find_above_ceiling(const Ceiling& ceiling, const Object& object,
                                               std::optional<Scope> scope) {
  return Judge(ceiling, object).run(scope);
}

void CeilingCheck::look_at(const Object& object) {
  const auto scope = scope_ ? scope_(object.key.group, object.key.kind) : std::nullopt;
  for (auto& finding : find_above_ceiling(ceiling_, object, scope)) {
    ++count_;
    if (findings_.size() < kMaxFindings) findings_.push_back(std::move(finding));
  }
}

base::Result<void> CeilingCheck::verdict() const {
  if (findings_.empty()) return {};
  return error_of(findings_, count_);
}

base::Result<void> check_ceiling(const Ceiling& ceiling, const Object& object, std::optional<Scope> scope) {
  const auto findings = find_above_ceiling(ceiling, object, scope);
  if (findings.empty()) return {};
  return error_of(findings, findings.size());
}

}  // namespace gridseal::manifest
