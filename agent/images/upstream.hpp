// Where images that are not on this host come from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "oci/registry.hpp"

namespace gridseal::images {

// A mirror of the site, and the image's repository in it.
struct Place {
  std::string name;
  oci::Registry* registry;  // the Upstream's
  oci::Repository repository;
};

// Immutable; thread safe.
class Upstream {
 public:
  virtual ~Upstream() = default;
  // In the order in which they are asked; empty: nobody holds such images.
  virtual std::vector<Place> places(const oci::Repository& image) const = 0;
};

}  // namespace gridseal::images
