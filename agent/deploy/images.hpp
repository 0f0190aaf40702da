// Before the switch: can every image that a revision names be had, and is it signed as the settings ask? Only
// registries and this host's own store are asked: what a node says of itself is no proof.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deploy/revision.hpp"
#include "oci/image.hpp"

namespace gridseal::deploy {

// A registry of the settings that holds an image, and the image's repository in it.
struct ImagePlace {
  std::string registry;  // name in the settings
  oci::Repository repository;

  friend bool operator==(const ImagePlace&, const ImagePlace&) = default;
};

// Every registry that holds the images of this repository: first those it lies on by its name (a prefix of
// the URL is taken off), then those that serve its host.
std::vector<ImagePlace> places_of(const std::map<std::string, config::Registry>& registries,
                                  const oci::Repository& image);

// Containers, init containers and image volumes of every pod in `rendered`. An image whose host no registry
// claims is a warning. Verdicts of the image policy are recorded in the history.
// Errors, blocked: image.missing (some part of it is not there, or damaged), image.unreachable,
//   image.no_registry (its signatures are asked for, and nobody holds it); refused: image.reference,
//   image.not_pinned (a tag can be signed and moved afterwards), image.platform, image.too_many,
//   trust.denied_digest; those of trust::verify_signatures; history.*, store.*.
base::Result<ImageReport> check_images(const Site& site, const config::Component& component,
                                       const Rendered& rendered, const std::stop_token& stop);

}  // namespace gridseal::deploy
