// The mirrors of the settings, as the image registry asks them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/files.hpp"
#include "config/settings.hpp"
#include "images/upstream.hpp"

namespace gridseal::images {

class SiteUpstream final : public Upstream {
 public:
  // Somebody waits for the answer, so fewer and shorter tries than the agent's. Errors: oci.settings.
  static base::Result<std::shared_ptr<const Upstream>> make(
      const std::map<std::string, config::Registry>& registries, base::Files& files,
      const oci::Surroundings& outside, const std::string& credentials_directory);

  std::vector<Place> places(const oci::Repository& image) const override;

 private:
  std::map<std::string, config::Registry> settings_;
  std::map<std::string, std::unique_ptr<oci::Registry>> registries_;
};

}  // namespace gridseal::images
