// From a layout directory into a registry, signatures included. The tag is moved last: whoever sees it finds
// everything that belongs to it.
#pragma once

#include <stop_token>
#include <string>

#include "oci/layout.hpp"
#include "oci/push.hpp"
#include "oci/registry.hpp"

namespace gridseal::publish {

struct Pushed {
  oci::Revision revision;
  size_t signatures = 0;  // manifests that speak for it
};

// Errors: those of Layout and Publisher; oci.manifest (refused: an index, which agents do not need here).
base::Result<Pushed> push(oci::Layout& layout, const base::Digest& digest, oci::Publisher& publisher,
                          const oci::Repository& repository, const std::string& tag,
                          const std::stop_token& stop);

// Promotion: the tag now names `digest`, which the registry has already. Errors: those of Registry and
// Publisher.
base::Result<oci::Revision> move_tag(oci::Registry& registry, oci::Publisher& publisher,
                                     const oci::Repository& repository, const base::Digest& digest,
                                     const std::string& tag, const std::stop_token& stop);

}  // namespace gridseal::publish
