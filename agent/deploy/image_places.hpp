// Which registries of the settings hold an image.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "oci/reference.hpp"

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

}  // namespace gridseal::deploy
