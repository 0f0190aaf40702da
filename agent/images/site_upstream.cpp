#include "images/site_upstream.hpp"

#include "deploy/image_places.hpp"
#include "deploy/registry_access.hpp"

namespace gridseal::images {

namespace {

constexpr base::milliseconds kRequest{15'000};
constexpr int kRounds = 2;

}  // namespace

base::Result<std::shared_ptr<const Upstream>> SiteUpstream::make(
    const std::map<std::string, config::Registry>& registries, base::Files& files,
    const oci::Surroundings& outside, const std::string& credentials_directory) {
  auto upstream = std::make_shared<SiteUpstream>();
  upstream->settings_ = registries;
  for (const auto& [name, registry] : registries) {
    oci::RegistrySettings settings;
    settings.mirrors = deploy::make_mirrors(registry, files, credentials_directory);
    settings.retry.rounds = kRounds;
    settings.request_timeout = kRequest;
    auto made = oci::Registry::create(std::move(settings), outside);
    if (!made) return std::move(made).error().with_context("registry." + name + " cannot be used");
    upstream->registries_.emplace(name, std::move(*made));
  }
  return std::shared_ptr<const Upstream>(std::move(upstream));
}

std::vector<Place> SiteUpstream::places(const oci::Repository& image) const {
  std::vector<Place> places;
  for (deploy::ImagePlace& place : deploy::places_of(settings_, image))
    places.push_back({place.registry, registries_.at(place.registry).get(), std::move(place.repository)});
  return places;
}

}  // namespace gridseal::images
