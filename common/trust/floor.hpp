// The release floor of a component: what was once installed is never followed by something older.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "trust/verified.hpp"

namespace gridseal::trust {

struct Floor {
  std::string version;  // compared when both are semantic versions
  base::Time created;
  base::Digest digest;
};

// Passes: no floor yet, the floor's own digest, a digest in `permitted` (recorded permits), a higher version,
// the same version (or versions that cannot be compared) created no earlier than the floor.
// Errors (refused): floor.version, floor.created.
base::Result<void> check_floor(const std::optional<Floor>& floor, const Verified& verified,
                               const std::set<base::Digest>& permitted = {});

// The floor after `verified` became the last good revision. Never lower than before in version or in time;
// what a permit let through leaves it where it was.
Floor raise_floor(const std::optional<Floor>& floor, const Verified& verified);

}  // namespace gridseal::trust
