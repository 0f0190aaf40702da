// What of a live object is ours, and who took the rest (metadata.managedFields of server-side apply). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"

namespace gridseal::kube {

// Whether an entry of managedFields is what our own applies left.
bool is_own_apply(const base::Json& entry);

// Names the state of our own Apply entry: its fields, its API version and its time. Whoever changes or
// removes a field that we applied takes it out of that entry, and whoever applies under our name moves its
// time; status, labels and annotations of others leave it alone. Empty: no field of the object is ours.
std::string own_fields_digest(const base::Json& live);

struct FieldChange {
  std::string field;      // as conflicts name it: ".spec.template.spec.containers[name=\"web\"].image"
  std::string manager;    // who owns it now; empty: nobody, so it was removed
  std::string operation;  // "Apply" or "Update"
  std::optional<base::Time> time;  // when that manager last changed something
};

// The fields that our apply would make ours again (`applied`: the answer of its dry run): each was changed,
// removed or taken over since. Where none of them is, the fields whose values would change. At most `limit`.
std::vector<FieldChange> changed_fields(const base::Json& live, const base::Json& applied, size_t limit = 50);

}  // namespace gridseal::kube
