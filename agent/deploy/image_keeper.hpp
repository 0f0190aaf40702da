// The images of this host's components, kept on this host: the list that gridseal-images serves by, what is
// brought here before a switch, and what may go. Used by the worker alone.
#pragma once

#include <string>
#include <vector>

#include "deploy/image_places.hpp"
#include "deploy/revision.hpp"
#include "images/image_list.hpp"

namespace gridseal::deploy {

// What the store must not lose: of each component the artifact that the registry names, the last good one,
// those of unfinished deployments, and the newest good ones up to storage.keep_revisions. Errors: history.*.
base::Result<std::vector<base::Digest>> artifacts_to_keep(const Site& site);

// Puts the images of a verified revision on the list, as the newest of its component, and takes off what
// belongs to no artifact that is kept. `report` gives tags their digests. Nothing is written when all is said
// already, nor while images.mode is off. Errors: manifest.*, history.*, images.list, files.*.
base::Result<void> list_images(const Site& site, const config::Component& component, const Rendered& rendered,
                               const ImageReport& report);
// The same for what was listed before and is gone back to: of two images with one tag, its own counts again.
// Errors: images.list, files.*.
base::Result<void> list_again(const Site& site, const std::string& component, const base::Digest& artifact);
// What a trust bundle or somebody here denies is on the list. Errors: images.list, files.*.
base::Result<void> list_denials(const Site& site);
// Nothing: it is not listed. Errors: images.list, files.*.
base::Result<std::optional<images::ListedRevision>> listed_revision(const Site& site,
                                                                    const std::string& component,
                                                                    const base::Digest& artifact);

// Fetches what of these images (for this host's platform) is neither in the store nor in the cache of
// gridseal-images; with images.fetch only. Returns a sentence for each that nobody here holds. Errors
// (blocked): image.unreachable, image.missing; image.fetching (it takes longer than a step may; what has
// arrived stays, and the next call goes on with it); store.*.
base::Result<std::vector<std::string>> bring_images(const Site& site, const images::ListedRevision& revision,
                                                    const std::stop_token& stop);

// Listed images, and those in the store that nobody names and that came less than images.keep_unused ago.
// Errors: images.list, files.*.
base::Result<std::vector<base::Digest>> images_to_keep(const Site& site);

}  // namespace gridseal::deploy
