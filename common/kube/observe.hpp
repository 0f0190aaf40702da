// Reads one object and everything that its health depends on.
#pragma once

#include <cstdint>

#include "kube/cluster.hpp"
#include "kube/health.hpp"

namespace gridseal::kube {

// `declared` names the object; `applied_generation` is what the apply answered. Pods are only looked at when
// the object has some. Errors: as failure.hpp (an object that is not there is a Reading, not an error).
base::Result<Reading> observe(Cluster& cluster, const base::Json& declared, int64_t applied_generation,
                              const Limits& limits, const ReadinessRules& rules = {});

// The same for an object that was read already, from a list for instance.
base::Result<Reading> observe_live(Cluster& cluster, const base::Json& live, int64_t applied_generation,
                                   const Limits& limits, const ReadinessRules& rules = {});

}  // namespace gridseal::kube
