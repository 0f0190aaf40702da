// One object: what an apply would do, and the apply (server-side apply; Flux's annotations keep their
// meaning).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/cluster.hpp"

namespace gridseal::kube {

// Annotations of kustomize.toolkit.fluxcd.io, read from declared or live objects.
struct ObjectPolicy {
  bool reconcile_disabled = false;  // …/reconcile: disabled
  bool prune_disabled = false;      // …/prune: disabled
  bool force = false;               // …/force: enabled
  enum class Ssa { override_, merge, if_not_present, ignore } ssa = Ssa::override_;  // …/ssa
};
ObjectPolicy policy_of(const base::Json& object);

// Whose object a live one is.
inline constexpr std::string_view kComponentLabel = "gridseal.dev/component";

enum class Action {
  create,
  configure,
  unchanged,
  skip,      // an annotation says so
  replace,   // an immutable field changes and …/force: enabled allows to delete and create
  deferred,  // its namespace or its kind is not there yet: checked again when its stage begins
};
std::string_view to_string(Action action);

struct PlanItem {
  manifest::ObjectKey key;
  Action action = Action::unchanged;
  std::string reason;               // in words, for skip, replace and deferred
  std::vector<Conflict> conflicts;  // who loses which field
  std::vector<std::string> warnings;
  bool adopted = false;  // it exists and does not carry our label: it becomes ours
  std::string uid;       // of the live object, empty when there is none
  std::string resource_version;
};

struct ApplyResult {
  manifest::ObjectKey key;
  Action action = Action::unchanged;
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;  // readiness must be judged of this generation or a later one
  std::vector<std::string> warnings;
};

// The object as it is sent: Secret stringData becomes data, ports get their default protocol TCP (it is a
// merge key), status (not of CRDs), null creationTimestamp and every server-owned metadata field are dropped.
base::Json normalise(base::Json object);

// Dry run, first without force. `live` is the object as it is now if the caller has read it already.
// Errors: as failure.hpp; kube.not_found and kube.unknown_kind become Action::deferred.
base::Result<PlanItem> plan_object(Cluster& cluster, const base::Json& object, const Limits& limits);

// Applies with force, after having taken over what kubectl's client-side apply owned and having removed the
// left-over half of a changed update strategy. With Action::replace the old body is put back if the new one
// is refused.
base::Result<ApplyResult> apply_object(Cluster& cluster, const base::Json& object, const Limits& limits);

// Whether replacing (delete and create) is ever allowed: not for PVC, PV, Namespace, CRD, StatefulSet.
bool is_replaceable(const manifest::ObjectKey& key);

// The live object as a body that apply can put back: without status, managedFields, uid, resourceVersion,
// generation, creationTimestamp, ownership by others stays theirs.
base::Json preimage(base::Json live);

}  // namespace gridseal::kube
