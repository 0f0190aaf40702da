#include "publish/push.hpp"

#include "crypto/hash.hpp"
#include "oci/media_types.hpp"

namespace gridseal::publish {
namespace {

constexpr uint64_t kMaxLayerBytes = uint64_t{256} << 20U;  // what an agent unpacks at most

class Transfer {
 public:
  Transfer(oci::Layout& layout, oci::Publisher& publisher, const oci::Repository& repository,
           const std::stop_token& stop)
      : layout_(layout), publisher_(publisher), repository_(repository), stop_(stop) {}

  base::Result<std::string> manifest_bytes(const base::Digest& digest) {
    return layout_.read_blob(digest, oci::kMaxManifestBytes);
  }

  base::Result<void> blob(const oci::Descriptor& blob) {
    auto known = publisher_.has_blob(repository_, blob.digest, stop_);
    if (!known) return std::move(known).error();
    if (*known) return {};
    auto bytes = layout_.read_blob(blob.digest, kMaxLayerBytes);
    if (!bytes) return std::move(bytes).error();
    return publisher_.push_blob(repository_, blob, *bytes, stop_);
  }

  base::Result<void> blobs(const oci::Manifest& manifest) {
    if (auto r = blob(manifest.config); !r) return r;
    for (const oci::Descriptor& layer : manifest.layers) {
      if (auto r = blob(layer); !r) return r;
    }
    return {};
  }

  // Where it lies in the layout is where it belongs in the registry.
  base::Result<void> signature(const base::Digest& subject, const oci::SignatureEntry& entry) {
    auto bytes = manifest_bytes(entry.descriptor.digest);
    if (!bytes) return std::move(bytes).error();
    auto manifest = oci::parse_manifest(*bytes, entry.descriptor.media_type);
    if (!manifest) return std::move(manifest).error();
    if (auto r = blobs(*manifest); !r) return r;
    if (entry.place != oci::Place::legacy_tag) return referrer(*manifest);
    const auto name = entry.descriptor.annotations.find(oci::kAnnotationRefName);
    if (name != entry.descriptor.annotations.end() && name->second.ends_with(".att"))
      return named(oci::digest_tag(subject, ".att"), *bytes, manifest->media_type);
    return legacy(subject, *manifest);
  }

  base::Result<void> named(const std::string& name, std::string_view bytes, std::string_view media_type) {
    auto pushed = publisher_.push_manifest(repository_, name, bytes, media_type, stop_);
    if (!pushed) return std::move(pushed).error();
    return {};
  }

 private:
  base::Result<void> referrer(const oci::Manifest& manifest) {
    auto pushed = publisher_.push_referrer(repository_, manifest, stop_);
    if (!pushed) return std::move(pushed).error();
    return {};
  }

  // One by one, so that signatures that others made in the registry stay.
  base::Result<void> legacy(const base::Digest& subject, const oci::Manifest& manifest) {
    for (const oci::Descriptor& layer : manifest.layers) {
      auto pushed = publisher_.append_signature(repository_, subject, layer, stop_);
      if (!pushed) return std::move(pushed).error();
    }
    return {};
  }

  oci::Layout& layout_;
  oci::Publisher& publisher_;
  const oci::Repository& repository_;
  const std::stop_token& stop_;
};

}  // namespace

base::Result<Pushed> push(oci::Layout& layout, const base::Digest& digest, oci::Publisher& publisher,
                          const oci::Repository& repository, const std::string& tag,
                          const std::stop_token& stop) {
  Transfer transfer(layout, publisher, repository, stop);
  auto bytes = transfer.manifest_bytes(digest);
  if (!bytes) return std::move(bytes).error();
  auto manifest = oci::parse_manifest(*bytes);
  if (!manifest) return std::move(manifest).error();
  auto signatures = layout.signatures(digest);
  if (!signatures) return std::move(signatures).error();

  if (auto r = transfer.blobs(*manifest); !r) return std::move(r).error();
  if (auto r = transfer.named("", *bytes, manifest->media_type); !r) return std::move(r).error();
  for (const oci::SignatureEntry& entry : *signatures) {
    if (auto r = transfer.signature(digest, entry); !r) return std::move(r).error();
  }
  if (!tag.empty()) {
    if (auto r = transfer.named(tag, *bytes, manifest->media_type); !r) return std::move(r).error();
  }
  return Pushed{{tag, digest}, signatures->size()};
}

base::Result<oci::Revision> move_tag(oci::Registry& registry, oci::Publisher& publisher,
                                     const oci::Repository& repository, const base::Digest& digest,
                                     const std::string& tag, const std::stop_token& stop) {
  auto manifest = registry.get_manifest(repository, digest, stop);
  if (!manifest) return std::move(manifest).error();
  auto pushed = publisher.push_manifest(repository, tag, manifest->bytes, manifest->media_type, stop);
  if (!pushed) return std::move(pushed).error();
  return oci::Revision{tag, digest};
}

}  // namespace gridseal::publish
