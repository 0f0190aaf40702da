// Fields that kubectl owns are taken over once, so that what leaves the manifest also leaves the object
// (server-side apply, "Migration from client-side apply").
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"

namespace gridseal::kube {

// The JSON patch (RFC 6902), guarded by the resourceVersion of `live`, that merges the Update entries of
// kubectl, of before-first-apply and of our own merge patches into our Apply entry, and drops kubectl's
// last-applied annotation. Nothing when there is nothing to take over.
std::optional<base::Json> takeover_patch(const base::Json& live);

// Union of two FieldsV1 sets: a set is an object of paths, each again a set.
void unite_fields(base::Json& into, const base::Json& other);

}  // namespace gridseal::kube
