#include "deploy/images.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "deploy/image_policy.hpp"
#include "manifest/images.hpp"
#include "manifest/pods.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxImages = 1'000;     // different ones of one revision
constexpr size_t kMaxRequests = 20'000;  // for all of them

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

// Where an image is first named.
struct Use {
  std::string image;
  std::string where;  // "Deployment shop/web, container app"
};

bool is_absent(const Error& error) {
  return error.code() == "oci.not_found" || error.code() == "store.not_found" ||
         error.code() == "store.corrupt";
}

// Answers that say something of the content, not of the way to it.
bool is_about_content(const Error& error) {
  return is_absent(error) || error.outcome() == base::Outcome::refused;
}

class ImageCheck {
 public:
  ImageCheck(const Site& site, const config::Component& component, const Rendered& rendered,
             const std::stop_token& stop)
      : site_(site), component_(component), rendered_(rendered), stop_(stop), stored_(*site.store) {}

  Result<ImageReport> run() {
    if (!component_.check_images && component_.image_policy.empty()) return std::move(report_);
    auto uses = collect();
    if (!uses) return std::move(uses).error();
    for (const Use& use : *uses) {
      if (auto r = look_at(use); !r) return std::move(r).error();
    }
    return std::move(report_);
  }

 private:
  struct Found {
    oci::FoundImage image;
    std::string from;
  };

  Result<std::vector<Use>> collect() {
    std::vector<Use> uses;
    std::set<std::string> seen;
    for (size_t i = 0; i < rendered_.objects().size(); ++i) {
      if (manifest::pod_spec_pointer(rendered_.objects().entries()[i].key).empty()) continue;
      auto object = rendered_.objects().load(i);
      if (!object) return std::move(object).error();
      for (auto& use : manifest::images_of(*object)) {
        // Nobody declares one: the API adds them to pods that run.
        if (use.path.find(".ephemeralContainers[") != std::string::npos) continue;
        if (!seen.insert(use.image).second) continue;
        const bool volume = use.container.starts_with("volume ");
        uses.push_back({std::move(use.image), object->key.describe() + ", " + (volume ? "" : "container ") +
                                                  base::printable(use.container, 80)});
      }
      if (uses.size() > kMaxImages)
        return Error::refused("image.too_many", "the manifests name more than " + std::to_string(kMaxImages) +
                                                    " different images");
    }
    return uses;
  }

  static std::string describe(const Use& use) {
    return "the image " + base::printable(use.image, 300) + " (" + use.where + ")";
  }

  Result<void> look_at(const Use& use) {
    if (use.image.find("@sha512:") != std::string::npos) {
      report_.warnings.push_back(describe(use) + " cannot be looked for: only sha256 digests are understood");
      return component_.image_policy.empty() ? Result<void>() : not_pinned(use);
    }
    auto reference = oci::parse_image(use.image);
    if (!reference)
      return Error::refused(
          "image.reference",
          describe(use) + " is named in a way that no node understands: " + reference.error().describe());
    if (!component_.image_policy.empty() && !reference->digest) return not_pinned(use);
    if (auto r = check_denied(use, reference->digest); !r) return r;
    const auto places = places_of(site_.generation->settings.registries, reference->repository);
    auto found = find(use, *reference, places);
    if (!found) return std::move(found).error();
    if (!*found) return nobody_serves(use, *reference);
    const oci::FoundImage& image = (*found)->image;
    for (const base::Digest& digest : {image.named.digest, image.manifest().digest}) {
      if (auto r = check_denied(use, digest); !r) return r;
    }
    auto signer = judge(use, *reference, **found, places);
    if (!signer) return std::move(signer).error();
    report_.images.push_back({use.image, image.named.digest, (*found)->from, std::move(*signer)});
    return {};
  }

  static Error not_pinned(const Use& use) {
    return Error::refused("image.not_pinned",
                          describe(use) +
                              " is not named by a sha256 digest, so no signature can speak for "
                              "what will run, and image_policy asks for one");
  }

  Result<void> check_denied(const Use& use, const std::optional<base::Digest>& digest) const {
    if (!digest) return {};
    auto good = site_.generation->trust.denials().check_digest(*digest);
    if (good) return {};
    return std::move(good).error().with_context(describe(use));
  }

  Result<void> nobody_serves(const Use& use, const oci::Reference& reference) {
    const std::string host = reference.repository.registry;
    if (!component_.image_policy.empty()) {
      return Error::blocked("image.no_registry", describe(use) + " must be signed, and no registry serves " +
                                                     host + ": name it in the `serves` of the one that does");
    }
    report_.warnings.push_back(describe(use) + " cannot be looked for: no registry serves " + host);
    return {};
  }

  // Nothing: nobody claims the host, and the store does not hold it.
  Result<std::optional<Found>> find(const Use& use, const oci::Reference& reference,
                                    const std::vector<ImagePlace>& places) {
    const auto depth = component_.check_images ? oci::ImageDepth::whole : oci::ImageDepth::manifests;
    auto stored = oci::find_image(stored_, reference, platform_, depth, requests_, stop_);
    if (stored) return std::optional(Found{std::move(*stored), "store"});
    std::optional<std::pair<std::string, Error>> failure;
    for (const ImagePlace& place : places) {
      auto found = oci::find_image(source(place), reference, platform_, depth, requests_, stop_);
      if (found) return std::optional(Found{std::move(*found), place.registry});
      if (stop_.stop_requested()) return std::move(found).error();
      // One that does not answer may hold it: that is said before the absence elsewhere.
      if (!failure || !is_about_content(found.error()))
        failure.emplace(place.registry, std::move(found).error());
    }
    if (!failure) return std::optional<Found>();
    return say(use, reference, failure->first, failure->second);
  }

  static Error say(const Use& use, const oci::Reference& reference, const std::string& registry,
                   const Error& cause) {
    const std::string what = describe(use);
    if (cause.code() == "oci.limit") return Error::refused("image.too_many", cause.describe());
    if (cause.code() == "oci.platform") {
      const std::string said = what + " cannot run here: " + cause.describe();
      return reference.digest ? Error::refused("image.platform", said)
                              : Error::blocked("image.platform", said);
    }
    if (!is_about_content(cause))
      return Error::blocked("image.unreachable", what + " could not be looked for: the registry '" +
                                                     registry + "' gives no answer: " + cause.describe());
    return Error::blocked("image.missing", what + (is_absent(cause) ? " is not whole in" : " is damaged in") +
                                               " the registry '" + registry + "': " + cause.describe());
  }

  oci::ImageSource& source(const ImagePlace& place) {
    auto& made = sources_[place.registry + " " + place.repository.path];
    if (!made)
      made = std::make_unique<oci::RegistryImages>(*site_.generation->registries.at(place.registry),
                                                   place.repository);
    return *made;
  }

  // Who signed it; empty when nobody asks. Signatures lie beside the image.
  Result<std::string> judge(const Use& use, const oci::Reference& reference, const Found& found,
                            const std::vector<ImagePlace>& places) {
    if (component_.image_policy.empty()) return std::string();
    const auto beside = std::ranges::find(places, found.from, &ImagePlace::registry);
    std::vector<const ImagePlace*> asked;
    if (beside != places.end()) {
      asked = {&*beside};
    } else {
      // What was carried here by hand brought its signatures with it.
      asked = {nullptr};
      for (const ImagePlace& place : places) asked.push_back(&place);
    }
    for (size_t i = 0;; ++i) {
      auto signer = judge_image(site_, component_,
                                {reference, found.image, asked[i], rendered_.verified().digest()}, stop_);
      if (signer || i + 1 == asked.size() || signer.error().code() != "registry.no_signature")
        return signer ? std::move(signer) : std::move(signer).error().with_context(describe(use));
    }
  }

  const Site& site_;
  const config::Component& component_;
  const Rendered& rendered_;
  const std::stop_token& stop_;
  oci::StoredImages stored_;
  std::map<std::string, std::unique_ptr<oci::ImageSource>> sources_;
  const oci::Platform platform_ = oci::host_platform();
  size_t requests_ = kMaxRequests;
  ImageReport report_;
};

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

Result<ImageReport> check_images(const Site& site, const config::Component& component,
                                 const Rendered& rendered, const std::stop_token& stop) {
  return ImageCheck(site, component, rendered, stop).run();
}

}  // namespace gridseal::deploy
