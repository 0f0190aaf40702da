#include "manifest/order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace gridseal::manifest {
namespace {

std::vector<ObjectKey> in_order() {
  const std::string rbac = "rbac.authorization.k8s.io";
  const std::string admission = "admissionregistration.k8s.io";
  return {
      {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "", "a.example"},
      {"", "v1", "Namespace", "", "a"},
      {"", "v1", "Namespace", "", "b"},
      {rbac, "v1", "ClusterRole", "", "x"},
      {"cluster.x-k8s.io", "v1", "ClusterClass", "a", "x"},
      {"node.k8s.io", "v1", "RuntimeClass", "", "x"},
      {"scheduling.k8s.io", "v1", "PriorityClass", "", "x"},
      {"storage.k8s.io", "v1", "StorageClass", "", "x"},
      {"snapshot.storage.k8s.io", "v1", "VolumeSnapshotClass", "", "x"},
      {"networking.k8s.io", "v1", "IngressClass", "", "x"},
      {"gateway.networking.k8s.io", "v1", "GatewayClass", "", "x"},
      {"example.com", "v1", "OtherClass", "", "x"},
      {rbac, "v1", "ClusterRoleBinding", "", "x"},
      {"", "v1", "ResourceQuota", "a", "x"},
      {"", "v1", "ServiceAccount", "a", "x"},
      {rbac, "v1", "Role", "a", "x"},
      {rbac, "v1", "RoleBinding", "a", "x"},
      {"", "v1", "ConfigMap", "a", "y"},
      {"", "v1", "ConfigMap", "a", "z"},
      {"", "v1", "ConfigMap", "b", "x"},
      {"", "v1", "Secret", "a", "x"},
      {"", "v1", "Service", "a", "x"},
      {"", "v1", "LimitRange", "a", "x"},
      {"apps", "v1", "Deployment", "a", "x"},
      {"apps", "v1", "StatefulSet", "a", "x"},
      {"batch", "v1", "CronJob", "a", "x"},
      {"policy", "v1", "PodDisruptionBudget", "a", "x"},
      {"", "v1", "Pod", "a", "x"},
      {"apps", "v1", "DaemonSet", "a", "x"},
      {"batch", "v1", "Job", "a", "x"},
      {"networking.k8s.io", "v1", "Ingress", "a", "x"},
      {"networking.k8s.io", "v1", "NetworkPolicy", "a", "x"},
      {"serving.knative.dev", "v1", "Service", "a", "x"},
      {admission, "v1", "MutatingWebhookConfiguration", "", "x"},
      {admission, "v1", "ValidatingWebhookConfiguration", "", "x"},
      {admission, "v1", "MutatingAdmissionPolicy", "", "x"},
      {admission, "v1", "MutatingAdmissionPolicyBinding", "", "x"},
      {admission, "v1", "ValidatingAdmissionPolicy", "", "x"},
      {admission, "v1", "ValidatingAdmissionPolicyBinding", "", "x"},
  };
}

std::string text_of(const std::vector<ObjectKey>& keys) {
  std::string out;
  for (const auto& key : keys) out += key.describe() + "\n";
  return out;
}

// GS-MANIFEST-020: objects are applied in the fixed order of kinds, ties by namespace and name.
TEST(Order, IsTheTable) {
  const auto expected = in_order();
  auto keys = expected;
  std::mt19937 random(1);  // NOLINT: the same shuffles at every run
  for (int round = 0; round < 20; ++round) {
    std::shuffle(keys.begin(), keys.end(), random);
    std::sort(keys.begin(), keys.end(), &applies_before);
    EXPECT_EQ(text_of(keys), text_of(expected));
  }
}

// GS-MANIFEST-021: definitions come first, classes second, everything else in the third stage.
TEST(Order, HasThreeStages) {
  const auto keys = in_order();
  for (size_t at = 0; at < keys.size(); ++at) {
    const Stage expected = at < 4 ? Stage::definitions : at < 12 ? Stage::classes : Stage::rest;
    EXPECT_EQ(stage(keys[at]), expected) << keys[at].describe();
  }
  EXPECT_EQ(stage({"a.example", "v1", "Namespace", "", "x"}), Stage::rest);
}

}  // namespace
}  // namespace gridseal::manifest
