// images.mode = "k3s-import": the images of a revision as files in k3s' folder of images, which k3s imports
// by itself. Used by the worker alone.
#pragma once

#include "deploy/image_keeper.hpp"

namespace gridseal::deploy {

// Writes what is not there yet, each file as a whole, out of the store. An image that is named by a tag alone
// and could not be looked up is left out. Errors (blocked): image.k3s_version (this k3s imports at its start
// alone), image.not_here (it is not whole on this host), images.*, files.*, kube.*.
base::Result<void> import_images(const Site& site, const images::ListedRevision& revision,
                                 const std::stop_token& stop);
// Takes out the files of images that are no longer listed; those of others stay. What k3s has imported stays
// with k3s. Errors: images.list, files.*.
base::Result<void> forget_imports(const Site& site);

}  // namespace gridseal::deploy
