#include "manifest/order.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace gridseal::manifest {
namespace {

constexpr std::array<std::string_view, 23> kFirst = {"CustomResourceDefinition",
                                                     "Namespace",
                                                     "ClusterRole",
                                                     "ClusterClass",
                                                     "RuntimeClass",
                                                     "PriorityClass",
                                                     "StorageClass",
                                                     "VolumeSnapshotClass",
                                                     "IngressClass",
                                                     "GatewayClass",
                                                     "ClusterRoleBinding",
                                                     "ResourceQuota",
                                                     "ServiceAccount",
                                                     "Role",
                                                     "RoleBinding",
                                                     "ConfigMap",
                                                     "Secret",
                                                     "Service",
                                                     "LimitRange",
                                                     "Deployment",
                                                     "StatefulSet",
                                                     "CronJob",
                                                     "PodDisruptionBudget"};

constexpr std::array<std::string_view, 6> kLast = {
    "MutatingWebhookConfiguration",   "ValidatingWebhookConfiguration", "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy",      "ValidatingAdmissionPolicyBinding"};

bool ends_in_class(std::string_view kind) {
  return kind.size() > 5 && kind.substr(kind.size() - 5) == "Class";
}

// A custom kind may share the name of a built-in one ("Service.serving.knative.dev"); it has no rank of its
// own. The names that are no built-in kinds anywhere keep theirs.
bool is_ranked(const ObjectKey& key) {
  return builtin_scope(key.group, key.kind).has_value() || ends_in_class(key.kind);
}

size_t rank(const ObjectKey& key) {
  if (!is_ranked(key)) return kFirst.size();
  const auto first = std::find(kFirst.begin(), kFirst.end(), key.kind);
  if (first != kFirst.end()) return static_cast<size_t>(first - kFirst.begin());
  const auto last = std::find(kLast.begin(), kLast.end(), key.kind);
  return kFirst.size() + (last == kLast.end() ? 0 : static_cast<size_t>(last - kLast.begin()) + 1);
}

}  // namespace

Stage stage(const ObjectKey& key) {
  const bool definition =
      key.kind == "CustomResourceDefinition" || key.kind == "Namespace" || key.kind == "ClusterRole";
  if (definition && is_ranked(key)) return Stage::definitions;
  return ends_in_class(key.kind) ? Stage::classes : Stage::rest;
}

bool applies_before(const ObjectKey& a, const ObjectKey& b) {
  const auto place = [](const ObjectKey& key) { return std::make_pair(stage(key), rank(key)); };
  if (const auto pa = place(a), pb = place(b); pa != pb) return pa < pb;
  return std::tie(a.group, a.kind, a.namespace_, a.name) < std::tie(b.group, b.kind, b.namespace_, b.name);
}

}  // namespace gridseal::manifest
