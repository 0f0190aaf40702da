// Whether a live object is still what we applied.
#pragma once

#include "kube/apply.hpp"
#include "kube/ownership.hpp"

namespace gridseal::kube {

struct DriftFinding {
  enum class Kind {
    none,       // it is as declared, and ours
    changed,    // fields were changed, removed or taken over
    deleted,    // it is not there
    left_alone  // an annotation, or that it is a finished Job, says so
  };
  Kind kind = Kind::none;
  std::vector<FieldChange> changes;
  std::string uid;     // of the live object; empty when there is none
  std::string fields;  // own_fields_digest of the live object
  std::string resource_version;
};

// A Job that ran is never run again: neither a finished one nor one that is not there is drift. Pure.
bool is_finished_job(const base::Json& live);
bool is_job(const manifest::ObjectKey& key);

// Annotations that take an object out of what is kept as declared. Pure.
bool is_left_alone(const base::Json& live);

// One read and one dry run (two when others own fields); fields that `rules` leave to others are no drift.
// Errors: those of plan_object; kube.unknown_kind is
// Kind::deleted.
base::Result<DriftFinding> find_drift(Cluster& cluster, const base::Json& declared, const Limits& limits,
                                      const ApplyRules& rules = {});

}  // namespace gridseal::kube
