// One object: what an apply would do, and the apply (server-side apply; Flux's annotations keep their
// meaning).
#pragma once

#include <functional>
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

enum class Action {
  create,
  configure,
  unchanged,
  skip,      // an annotation says so
  replace,   // an immutable field changes and …/force: enabled allows to delete and create
  deferred,  // its namespace, its kind or the kind's definition comes first: checked when its stage begins
};
std::string_view to_string(Action action);

struct PlanItem {
  manifest::ObjectKey key;
  Action action = Action::unchanged;
  std::string reason;               // in words, for skip, replace and deferred
  bool unserved = false;            // deferred: the API server does not serve the kind, in this version
  bool homeless = false;            // deferred: its namespace is not there
  std::vector<Conflict> conflicts;  // who loses which field
  std::vector<std::string> warnings;
  bool adopted = false;  // it exists and its owner label is not that of the declared object: it becomes ours
  std::string owner;     // owner label (manifest::kComponentLabel) of the live object; empty: nobody's
  std::string uid;       // of the live object, empty when there is none
  std::string resource_version;
};

// What a component's settings and its revision say about one object.
struct ApplyRules {
  std::vector<std::string> ignore;  // JSON pointers: set at creation, left to others afterwards (ignore.hpp)
  // The revision changes the definition of its kind: what the API server refuses by the present one is
  // Action::deferred. Of the plan alone.
  bool definition_changes = false;
  // Likely not there: tried before it is looked for, which is one request instead of two when it is so.
  bool absent = false;
};

struct ApplyResult {
  manifest::ObjectKey key;
  Action action = Action::unchanged;
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;  // readiness must be judged of this generation or a later one
  std::string fields;      // own_fields_digest (ownership.hpp) of what the API server answered
  std::vector<std::string> warnings;
};

// Sees the live object beside what the dry run made of it.
using DryRunSink = std::function<void(const base::Json& live, const base::Json& applied)>;

// Dry run, first without force. `object` is a declared body, normalised (manifest/normalise.hpp).
// Errors: as failure.hpp; kube.not_found and kube.unknown_kind become Action::deferred. kube.terminating: the
// object is being deleted, an apply now would be lost.
base::Result<PlanItem> plan_object(Cluster& cluster, const base::Json& object, const Limits& limits,
                                   const ApplyRules& rules = {}, const DryRunSink& seen = {});

// Applies with force, after having taken over what kubectl's client-side apply owned and having removed the
// left-over half of a changed update strategy. Where a replacement is needed the old object is deleted; when
// it is gone at once the new one is created, and the old body put back if that is refused. Else the error is
// kube.terminating, as for every object that is being deleted: call again later, nothing is waited for here.
base::Result<ApplyResult> apply_object(Cluster& cluster, const base::Json& object, const Limits& limits,
                                       const ApplyRules& rules = {});

// The same on the way back to an earlier revision: what the later one replaced by its annotation is replaced
// again, except Jobs, which would run once more (kube.immutable then).
base::Result<ApplyResult> put_back_object(Cluster& cluster, const base::Json& object, const Limits& limits,
                                          const ApplyRules& rules = {});

// Whether replacing (delete and create) is ever allowed: not for PVC, PV, Namespace, CRD, StatefulSet.
bool is_replaceable(const manifest::ObjectKey& key);

// The live object as a body that apply can put back: without status and without what only the server writes.
// Applying it makes every field of it ours.
base::Json preimage(base::Json live);

}  // namespace gridseal::kube
