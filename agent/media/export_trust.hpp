// What a site will trust once it has taken the bundles of a medium, which come first there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy/site.hpp"

namespace gridseal::media {

struct TrustPlaces {
  std::string state;    // where accepted bundles are kept
  std::string scratch;  // a folder of its own, which somebody removes afterwards
};

// `now` after these bundles, one following the other; without a pinned bundle, or without any, `now` itself.
// Errors (refused): media.would_be_refused (one does not follow the one before it); those of make_generation
// and Files.
base::Result<std::shared_ptr<const deploy::Generation>> trust_after(
    const deploy::Outside& outside, std::shared_ptr<const deploy::Generation> now, const TrustPlaces& places,
    const std::vector<std::string>& envelopes);

}  // namespace gridseal::media
