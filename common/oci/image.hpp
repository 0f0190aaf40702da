// Whether a container image can be had: its manifest, for an index the manifest of this host's platform, and
// the config and layers that it names. Nothing is fetched but manifests.
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "oci/registry.hpp"
#include "oci/store.hpp"

namespace gridseal::oci {

// linux and the machine that uname(2) names, in Go's spelling.
Platform host_platform();

// How well what is offered suits `host`, by the rules of containerd: 0 is best; nothing: it does not run
// there.
std::optional<int> platform_rank(const Platform& offered, const Platform& host);

// Of layers whose licence forbids registries to hold them: they come from elsewhere.
bool is_foreign_layer(std::string_view media_type);

// Where images are looked for. Used by one thread.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // By digest when the reference has one, else by tag; only these of it are looked at.
  virtual base::Result<ManifestBytes> manifest(const Reference& image, const std::stop_token& stop) = 0;
  virtual base::Result<void> blob(const Descriptor& blob, const std::stop_token& stop) = 0;
};

// One repository of a registry. What was found once is not asked for again. Errors: those of Registry.
class RegistryImages final : public ImageSource {
 public:
  RegistryImages(Registry& registry, Repository repository)
      : registry_(registry), repository_(std::move(repository)) {}
  base::Result<ManifestBytes> manifest(const Reference& image, const std::stop_token& stop) override;
  base::Result<void> blob(const Descriptor& blob, const std::stop_token& stop) override;

 private:
  Registry& registry_;
  const Repository repository_;
  std::set<base::Digest> there_;
};

// The content store of this host; it knows no tags. Error: store.not_found.
class StoredImages final : public ImageSource {
 public:
  explicit StoredImages(Store& store) : store_(store) {}
  base::Result<ManifestBytes> manifest(const Reference& image, const std::stop_token& stop) override;
  base::Result<void> blob(const Descriptor& blob, const std::stop_token& stop) override;

 private:
  Store& store_;
};

struct FoundImage {
  ManifestBytes named;                       // what the reference names: the index when it is one
  std::optional<ManifestBytes> of_platform;  // what that index names for the host
  const ManifestBytes& manifest() const { return of_platform ? *of_platform : named; }
};

enum class ImageDepth { manifests, whole };

// `requests` is how many questions may still be asked; it is counted down. Errors: those of the source;
// oci.platform (refused: the index names nothing that runs on the host), oci.manifest, oci.limit (refused).
base::Result<FoundImage> find_image(ImageSource& source, const Reference& image, const Platform& host,
                                    ImageDepth depth, size_t& requests, const std::stop_token& stop);

}  // namespace gridseal::oci
