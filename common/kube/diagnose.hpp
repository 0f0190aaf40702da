// The cause behind a workload that does not become ready: its pods, containers and their own words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kube/cluster.hpp"

namespace gridseal::kube {

enum class Fault {
  none,            // nothing wrong with this container; only its restart count is of interest
  image,           // the image cannot be pulled
  config,          // a ConfigMap, Secret or key that it names is missing
  crash,           // it exits, or is killed, again and again
  unready,         // runs, its readiness probe does not succeed
  unschedulable,   // no node takes the pod
  not_created,     // the controller cannot create the pod (quota, ServiceAccount, policy)
  node_not_ready,  // the node is at fault, not the workload
  surroundings,    // an image cannot be pulled, and not for its own sake: registry, network, a full disk
  pod_failed,      // the pod itself ended Failed (evicted, deadline)
};

struct PodFinding {
  std::string pod;        // name; empty for not_created
  std::string container;  // empty when the pod as a whole is meant
  Fault fault = Fault::none;
  std::string reason;   // Kubernetes' word: "ErrImagePull", "CrashLoopBackOff", "Unschedulable"
  std::string message;  // one sentence: "image not found: registry.test/nonesuch (ErrImagePull)"
  int64_t restarts = 0;
  bool vague = false;            // a pull that failed before is waited for; why it failed is not said again
  bool of_old_revision = false;  // explains a delay, but is not the fault of what was applied
};

// What one pod shows; a finding for each container (also healthy ones, for their restart counts). Pure.
std::vector<PodFinding> examine_pod(const base::Json& pod);

// The pods of a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or Pod (by selector and owner
// references). Of a Deployment only those of its newest ReplicaSet; of others those of an older revision are
// marked. Nodes of pods in trouble are looked at. Other kinds: empty.
base::Result<std::vector<PodFinding>> diagnose(Cluster& cluster, const base::Json& workload,
                                               const Limits& limits);

// The finding that explains most, as a sentence ("pod web-7f...: container app: image ..."); empty when there
// is none.
std::string worst_cause(const std::vector<PodFinding>& findings);

// Deletes the pods of a StatefulSet that are not ready and of another revision than the one it is updating
// to: the controller does not replace them by itself. Nothing is deleted while the controller has not seen
// the newest generation; call it again while settling. Returns their names.
base::Result<std::vector<std::string>> delete_stuck_pods(Cluster& cluster,
                                                         const manifest::ObjectKey& stateful_set,
                                                         const Limits& limits);

}  // namespace gridseal::kube
