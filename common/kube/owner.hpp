// What belongs to a component, and its removal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/apply.hpp"
#include "kube/cluster.hpp"

namespace gridseal::kube {

// Every object of one kind that carries manifest::kComponentLabel=component; in all namespaces when
// `namespace_name` is empty. One object at a time goes to the sink. Errors: kube.unknown_kind when the kind
// is not served, or not any more; those of Client::list.
base::Result<void> list_owned(Cluster& cluster, std::string_view group, std::string_view version,
                              std::string_view kind, std::string_view namespace_name,
                              std::string_view component, const ItemSink& sink, const Limits& limits);

struct OwnedObject {
  manifest::ObjectKey key;
  std::string uid;  // as recorded; an object of the same name with another uid is not ours
};

struct PruneOptions {
  bool include_protected = false;  // PVC, PV, Namespace, CRD
};

enum class Pruned {
  deleted,      // deleted or being deleted; not yet confirmed gone
  gone,         // was not there any more
  left_behind,  // protected, prune: disabled, not ours any more, or another object under the same name
};

struct PruneResult {
  manifest::ObjectKey key;
  Pruned result = Pruned::gone;
  std::string reason;  // why it was left behind
};

// Never deletes anything but the very object (uid precondition) that still carries our label.
base::Result<PruneResult> prune_object(Cluster& cluster, const OwnedObject& object,
                                       std::string_view component, const PruneOptions& options,
                                       const Limits& limits);

// Kinds that hold data or other objects: PVC, PV, Namespace, CRD.
bool is_protected(const manifest::ObjectKey& key);

}  // namespace gridseal::kube
