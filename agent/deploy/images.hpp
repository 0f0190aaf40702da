// Before the switch: can every image that a revision names be had, and is it signed as the settings ask? Only
// registries and this host's own store are asked: what a node says of itself is no proof.
#pragma once

#include "deploy/image_places.hpp"
#include "deploy/revision.hpp"
#include "oci/image.hpp"

namespace gridseal::deploy {

// An image as the manifests name it, and where they first do.
struct NamedImage {
  std::string image;
  std::string where;  // "Deployment shop/web, container app"
};
// Those of containers, init containers and image volumes of every pod, each once. Errors: image.too_many
// (refused), manifest.*.
base::Result<std::vector<NamedImage>> named_images(const Rendered& rendered);

// Containers, init containers and image volumes of every pod in `rendered`. An image whose host no registry
// claims is a warning. Verdicts of the image policy are recorded in the history.
// Errors, blocked: image.missing (some part of it is not there, or damaged), image.unreachable,
//   image.no_registry (its signatures are asked for, and nobody holds it); refused: image.reference,
//   image.not_pinned (a tag can be signed and moved afterwards), image.platform, image.too_many,
//   trust.denied_digest; those of trust::verify_signatures; history.*, store.*.
base::Result<ImageReport> check_images(const Site& site, const config::Component& component,
                                       const Rendered& rendered, const std::stop_token& stop);

}  // namespace gridseal::deploy
