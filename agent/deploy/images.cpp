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

using Use = NamedImage;

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
    auto uses = named_images(rendered_);
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

Result<std::vector<NamedImage>> named_images(const Rendered& rendered) {
  std::vector<Use> uses;
  std::set<std::string> seen;
  for (size_t i = 0; i < rendered.objects().size(); ++i) {
    if (manifest::pod_spec_pointer(rendered.objects().entries()[i].key).empty()) continue;
    auto object = rendered.objects().load(i);
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

Result<ImageReport> check_images(const Site& site, const config::Component& component,
                                 const Rendered& rendered, const std::stop_token& stop) {
  return ImageCheck(site, component, rendered, stop).run();
}

}  // namespace gridseal::deploy
