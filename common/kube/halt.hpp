// Stops one workload without deleting anything, and takes that back. What is stopped is held by a field
// manager of its own, so that an apply of the whole object wins over it and nothing is left of it afterwards.
#pragma once

#include <string>
#include <string_view>

#include "kube/owner.hpp"

namespace gridseal::kube {

inline constexpr std::string_view kHaltManager = "gridseal-halt";

// Deployments, StatefulSets, ReplicaSets and ReplicationControllers go to no replicas; Jobs and CronJobs are
// suspended; DaemonSets ask for a node that does not exist. A bare Pod cannot be stopped without deleting it.
bool can_halt(const manifest::ObjectKey& key);

enum class Halted {
  halted,
  gone,        // was not there
  not_ours,    // another object under the same name, or without the component's label
  impossible,  // of a kind that has nothing to stop, or that cannot be stopped
};

// Writes nothing when it is stopped already. Errors: as failure.hpp.
base::Result<Halted> halt_object(Cluster& cluster, const OwnedObject& object, std::string_view component,
                                 const Limits& limits);

// Gives up what halt_object holds: fields that nobody else declares go back to the API's defaults. An object
// that is not there is no error. Errors: as failure.hpp.
base::Result<void> release_object(Cluster& cluster, const OwnedObject& object, const Limits& limits);

}  // namespace gridseal::kube
