#include "trust/floor.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::trust {
namespace {

using base::Error;

std::optional<std::strong_ordering> compare_versions(const Floor& floor, const Verified& verified) {
  if (!verified.semver()) return std::nullopt;
  const auto recorded = base::Semver::parse(floor.version);
  if (!recorded) return std::nullopt;
  return *verified.semver() <=> *recorded;
}

std::string advice() {
  return "; if going back is meant, record a permit for this digest";
}

}  // namespace

base::Result<void> check_floor(const std::optional<Floor>& floor, const Verified& verified,
                               const std::set<base::Digest>& permitted) {
  if (!floor || floor->digest == verified.digest() || permitted.contains(verified.digest())) return {};
  const auto order = compare_versions(*floor, verified);
  if (order && std::is_gt(*order)) return {};
  if (order && std::is_lt(*order)) {
    return Error::refused("floor.version", "version " + base::printable(verified.version(), 64) +
                                               " is older than the release floor " + floor->version +
                                               advice());
  }
  if (verified.created() >= floor->created) return {};
  return Error::refused("floor.created", "created " + base::format_rfc3339(verified.created()) +
                                             ", before the release floor of " +
                                             base::format_rfc3339(floor->created) + advice());
}

Floor raise_floor(const std::optional<Floor>& floor, const Verified& verified) {
  Floor raised{verified.version(), verified.created(), verified.digest()};
  if (!floor) return raised;
  if (!check_floor(floor, verified)) return *floor;
  // A version that cannot be compared must not take away one that can.
  if (!verified.semver() && base::Semver::parse(floor->version)) raised.version = floor->version;
  raised.created = std::max(raised.created, floor->created);
  return raised;
}

}  // namespace gridseal::trust
