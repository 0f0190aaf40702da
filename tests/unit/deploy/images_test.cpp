#include "deploy/images.hpp"

#include <gtest/gtest.h>

namespace gridseal::deploy {
namespace {

config::Registry registry(std::vector<std::string> urls, std::vector<std::string> serves = {}) {
  config::Registry registry;
  registry.urls = std::move(urls);
  registry.serves = std::move(serves);
  return registry;
}

std::vector<ImagePlace> places(const std::map<std::string, config::Registry>& registries,
                               const std::string& image) {
  return places_of(registries, oci::parse_image(image).value().repository);
}

// GS-IMAGE-001: A registry holds the images of its own hosts, without the prefix of its URL, and those of the
// hosts it serves; docker.io counts under all its names.
TEST(ImagePlaces, OwnHostsAndServedOnes) {
  const std::map<std::string, config::Registry> registries = {
      {"hub", registry({"https://registry-1.docker.io"})},
      {"mirror", registry({"https://mirror.example:5000/plant", "https://two.example/"},
                          {"GHCR.io", "index.docker.io"})}};
  using Places = std::vector<ImagePlace>;
  EXPECT_EQ(places(registries, "mirror.example:5000/plant/pump"), (Places{{"mirror", {"mirror", "pump"}}}));
  EXPECT_EQ(places(registries, "mirror.example:5000/other/pump"), Places());
  EXPECT_EQ(places(registries, "mirror.example/plant/pump"), Places());
  EXPECT_EQ(places(registries, "two.example/plant/pump"), (Places{{"mirror", {"mirror", "plant/pump"}}}));
  EXPECT_EQ(places(registries, "ghcr.io/acme/pump:v1"), (Places{{"mirror", {"mirror", "acme/pump"}}}));
  EXPECT_EQ(places(registries, "nginx"),
            (Places{{"hub", {"hub", "library/nginx"}}, {"mirror", {"mirror", "library/nginx"}}}));
  EXPECT_EQ(places(registries, "quay.io/acme/pump"), Places());
}

}  // namespace
}  // namespace gridseal::deploy
