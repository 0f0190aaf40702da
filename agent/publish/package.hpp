// Gridseal's own packages as layers of an artifact (docs/formats/package.md; internal to publish).
#pragma once

#include "publish/build.hpp"

namespace gridseal::publish {

// Reads request.packages into built.layers. Errors: as those of build().
base::Result<void> add_packages(base::Files& files, const BuildRequest& request, Built& built);

}  // namespace gridseal::publish
