// An object that was somebody else's before we took it: put back with its values and with their owners.
#pragma once

#include "kube/apply.hpp"

namespace gridseal::kube {

// The live object as restore_object takes it: preimage() with the entries of who owns which field.
base::Json owned_preimage(base::Json live);

// Puts the values back, then gives every field back to whom it belonged (managedFields, guarded by
// resourceVersion). What others own now and did not own then stays theirs. May be repeated after a cut.
// Without entries in `image` all fields become ours. Errors: as failure.hpp.
base::Result<ApplyResult> restore_object(Cluster& cluster, const base::Json& image, const Limits& limits,
                                         const ApplyRules& rules = {});

// managedFields of `live` with the entries of `image` given back: ours go, unless they were there before.
// Pure.
base::Json owners_given_back(const base::Json& live, const base::Json& image);

}  // namespace gridseal::kube
