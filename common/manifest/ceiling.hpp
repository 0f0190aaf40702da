// The host's own limit on what a component may bring, checked on what was rendered, before anything reaches
// the cluster. Everything that is not allowed is refused; the host's settings allow, an artifact never can.
//
// Not allowed unless a setting says so:
// - objects in namespaces that are not listed; kube-system, kube-public, kube-node-lease even when "*" is
// listed;
// - kinds that are not listed; cluster-scoped kinds that are not listed (a Namespace listed in `namespaces`
// is
//   allowed); RBAC, admission webhooks, APIService, CustomResourceDefinition and k3s' HelmChart and Addon are
//   only ever allowed by name, never by "*";
// - privileged containers, capabilities beyond the Pod Security Standard "baseline", unmasked /proc, unsafe
//   sysctls, unconfined seccomp, AppArmor or custom SELinux, Windows host processes;
// - hostPath volumes (also as PersistentVolume); host namespaces and host ports;
// - Secrets of type kubernetes.io/service-account-token; Services with externalIPs.
// Custom resources are judged by kind and namespace only: what their controllers make of them is not seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/object.hpp"

namespace gridseal::manifest {

// Names of kinds are written "Deployment" for built-in groups or "Kind.group" ("HelmChart.helm.cattle.io").
struct Ceiling {
  std::vector<std::string> namespaces;               // exact names, or "*"
  std::vector<std::string> kinds = default_kinds();  // namespaced kinds; "*" means all but the sensitive ones
  std::vector<std::string> cluster_kinds;            // cluster-scoped kinds
  bool allow_privileged = false;
  bool allow_host_path = false;
  bool allow_host_namespaces = false;  // hostNetwork, hostPID, hostIPC, hostPort
  bool allow_kube_system = false;      // kube-system, kube-public, kube-node-lease (when listed too)
  bool allow_token_secrets = false;    // Secrets that the server fills with a token
  bool allow_external_ips = false;     // Services with externalIPs

  // ConfigMap, Secret, Service, ServiceAccount, PersistentVolumeClaim, Deployment, StatefulSet, DaemonSet,
  // Job, CronJob, Pod, ReplicaSet, Ingress, NetworkPolicy, PodDisruptionBudget, HorizontalPodAutoscaler, …
  static std::vector<std::string> default_kinds();
};

// Kinds that give power over the cluster: only ever allowed by name, never by "*".
bool is_sensitive(std::string_view group, std::string_view kind);

struct CeilingFinding {
  std::string code;     // ceiling.namespace, ceiling.kind, ceiling.cluster_scoped, ceiling.privileged,
                        // ceiling.host_path, ceiling.host_namespace, ceiling.capability, ceiling.securityXX
  std::string message;  // names object, file, field path and the setting that would allow it
};

// One object; `scope` as known so far. An unknown scope is judged as far as it can be: the kind must be
// listed in `kinds` or `cluster_kinds`; call again when discovery knows it.
std::vector<CeilingFinding> find_above_ceiling(const Ceiling& ceiling, const Object& object,
                                               std::optional<Scope> scope);

// Collects findings over many objects: the error has the first finding's code and names up to five of them.
class CeilingCheck {
 public:
  CeilingCheck(Ceiling ceiling, ScopeLookup scope) : ceiling_(std::move(ceiling)), scope_(std::move(scope)) {}
  void look_at(const Object& object);
  // Errors (refused): a code of CeilingFinding.
  base::Result<void> verdict() const;

 private:
  Ceiling ceiling_;
  ScopeLookup scope_;
  std::vector<CeilingFinding> findings_;  // the first twenty
  size_t count_ = 0;
};

// Errors (refused): as CeilingCheck::verdict.
base::Result<void> check_ceiling(const Ceiling& ceiling, const Object& object, std::optional<Scope> scope);

}  // namespace gridseal::manifest
