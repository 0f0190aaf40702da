// Which tag of a repository a component follows.
#pragma once

#include <stop_token>
#include <string>

#include "config/settings.hpp"
#include "oci/registry.hpp"

namespace gridseal::deploy {

// Its own tag, or the newest one in its range. Errors: those of Registry; oci.no_matching_tag (blocked).
base::Result<std::string> tag_of(oci::Registry& registry, const oci::Repository& repository,
                                 const config::Component& component, const std::stop_token& stop);

}  // namespace gridseal::deploy
