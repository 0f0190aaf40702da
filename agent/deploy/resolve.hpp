// Which tag of a repository a component follows.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "oci/registry.hpp"
#include "oci/semver_range.hpp"

namespace gridseal::deploy {

// The tags of a component that follows a range.
class TagRange {
 public:
  // Errors (refused): oci.semver_range, oci.tag_filter.
  static base::Result<TagRange> of(const config::Component& component);
  std::optional<std::string> newest(const std::vector<std::string>& tags) const;

 private:
  oci::SemverRange range_;
  std::optional<oci::TagFilter> filter_{};
};

// Its own tag, or the newest one in its range. Errors: those of Registry; oci.no_matching_tag (blocked).
base::Result<std::string> tag_of(oci::Registry& registry, const oci::Repository& repository,
                                 const config::Component& component, const std::stop_token& stop);

}  // namespace gridseal::deploy
