#include "deploy/image_places.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gridseal::deploy {
namespace {

// "mirror.example:5000" and "/prefix" of a registry's URL.
struct Location {
  std::string host;
  std::string prefix;
};

std::string canonical_host(std::string host) {
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
}

Location location_of(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  while (url.ends_with('/')) url.remove_suffix(1);
  const size_t slash = url.find('/');
  if (slash == std::string_view::npos) return {canonical_host(std::string(url)), {}};
  return {canonical_host(std::string(url.substr(0, slash))), std::string(url.substr(slash + 1))};
}

// The image's repository below a URL of its own host.
std::optional<std::string> path_below(const config::Registry& registry, const oci::Repository& image) {
  for (const std::string& url : registry.urls) {
    const Location location = location_of(url);
    if (location.host != canonical_host(image.registry)) continue;
    if (location.prefix.empty()) return image.path;
    if (image.path.starts_with(location.prefix + "/")) return image.path.substr(location.prefix.size() + 1);
  }
  return std::nullopt;
}

bool serves(const config::Registry& registry, const oci::Repository& image) {
  return std::ranges::any_of(registry.serves, [&](const std::string& host) {
    return canonical_host(host) == canonical_host(image.registry);
  });
}

}  // namespace

std::vector<ImagePlace> places_of(const std::map<std::string, config::Registry>& registries,
                                  const oci::Repository& image) {
  std::vector<ImagePlace> places;
  for (const auto& [name, registry] : registries) {
    if (auto path = path_below(registry, image)) places.push_back({name, {name, std::move(*path)}});
  }
  for (const auto& [name, registry] : registries) {
    if (!path_below(registry, image) && serves(registry, image)) places.push_back({name, {name, image.path}});
  }
  return places;
}

}  // namespace gridseal::deploy
