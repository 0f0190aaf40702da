#include <algorithm>
#include <array>

#include "manifest/object.hpp"

namespace gridseal::manifest {
namespace {

struct Row {
  std::string_view group;
  std::string_view kind;
  Scope scope;
};

constexpr Scope kIn = Scope::namespaced;
constexpr Scope kOut = Scope::cluster;

constexpr std::array kKinds = {
    Row{"", "Binding", kIn},
    Row{"", "ComponentStatus", kOut},
    Row{"", "ConfigMap", kIn},
    Row{"", "Endpoints", kIn},
    Row{"", "Event", kIn},
    Row{"", "LimitRange", kIn},
    Row{"", "Namespace", kOut},
    Row{"", "Node", kOut},
    Row{"", "PersistentVolume", kOut},
    Row{"", "PersistentVolumeClaim", kIn},
    Row{"", "Pod", kIn},
    Row{"", "PodTemplate", kIn},
    Row{"", "ReplicationController", kIn},
    Row{"", "ResourceQuota", kIn},
    Row{"", "Secret", kIn},
    Row{"", "Service", kIn},
    Row{"", "ServiceAccount", kIn},
    Row{"admissionregistration.k8s.io", "MutatingAdmissionPolicy", kOut},
    Row{"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", kOut},
    Row{"admissionregistration.k8s.io", "MutatingWebhookConfiguration", kOut},
    Row{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", kOut},
    Row{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", kOut},
    Row{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", kOut},
    Row{"apiextensions.k8s.io", "CustomResourceDefinition", kOut},
    Row{"apiregistration.k8s.io", "APIService", kOut},
    Row{"apps", "ControllerRevision", kIn},
    Row{"apps", "DaemonSet", kIn},
    Row{"apps", "Deployment", kIn},
    Row{"apps", "ReplicaSet", kIn},
    Row{"apps", "StatefulSet", kIn},
    Row{"autoscaling", "HorizontalPodAutoscaler", kIn},
    Row{"batch", "CronJob", kIn},
    Row{"batch", "Job", kIn},
    Row{"certificates.k8s.io", "CertificateSigningRequest", kOut},
    Row{"coordination.k8s.io", "Lease", kIn},
    Row{"discovery.k8s.io", "EndpointSlice", kIn},
    Row{"events.k8s.io", "Event", kIn},
    Row{"flowcontrol.apiserver.k8s.io", "FlowSchema", kOut},
    Row{"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", kOut},
    Row{"networking.k8s.io", "IPAddress", kOut},
    Row{"networking.k8s.io", "Ingress", kIn},
    Row{"networking.k8s.io", "IngressClass", kOut},
    Row{"networking.k8s.io", "NetworkPolicy", kIn},
    Row{"networking.k8s.io", "ServiceCIDR", kOut},
    Row{"node.k8s.io", "RuntimeClass", kOut},
    Row{"policy", "PodDisruptionBudget", kIn},
    Row{"rbac.authorization.k8s.io", "ClusterRole", kOut},
    Row{"rbac.authorization.k8s.io", "ClusterRoleBinding", kOut},
    Row{"rbac.authorization.k8s.io", "Role", kIn},
    Row{"rbac.authorization.k8s.io", "RoleBinding", kIn},
    Row{"scheduling.k8s.io", "PriorityClass", kOut},
    Row{"storage.k8s.io", "CSIDriver", kOut},
    Row{"storage.k8s.io", "CSINode", kOut},
    Row{"storage.k8s.io", "CSIStorageCapacity", kIn},
    Row{"storage.k8s.io", "StorageClass", kOut},
    Row{"storage.k8s.io", "VolumeAttachment", kOut},
};

}  // namespace

std::optional<Scope> builtin_scope(std::string_view group, std::string_view kind) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const Row& row) { return row.group == group && row.kind == kind; });
  return found == kKinds.end() ? std::nullopt : std::optional<Scope>(found->scope);
}

}  // namespace gridseal::manifest
