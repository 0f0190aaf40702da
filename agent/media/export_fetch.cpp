#include "media/export_fetch.hpp"

#include <algorithm>

#include "oci/image.hpp"
#include "oci/media_types.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr size_t kMaxReferrers = 200;
constexpr int kMaxDepth = 3;

Result<void> fetch_blobs(FetchWork& work, const Remote& from, const oci::Manifest& manifest) {
  std::vector<const oci::Descriptor*> blobs{&manifest.config};
  for (const oci::Descriptor& layer : manifest.layers) blobs.push_back(&layer);
  for (const oci::Descriptor* blob : blobs) {
    if (!work.store.contains(*blob)) work.progress.expect(blob->size);
  }
  for (const oci::Descriptor* blob : blobs) {
    if (work.store.contains(*blob)) continue;
    auto writer = work.store.begin_blob(*blob);
    if (!writer) return std::move(writer).error();
    if (auto r = from.registry.get_blob(from.repository, *blob, **writer, work.stop); !r) return r;
  }
  return {};
}

Result<std::string> manifest_bytes(FetchWork& work, const Remote& from, const base::Digest& digest) {
  if (work.store.contains(digest)) {
    auto bytes = work.store.read_blob(digest, oci::kMaxManifestBytes);
    if (bytes) return bytes;
  }
  auto fetched = from.registry.get_manifest(from.repository, digest, work.stop);
  if (!fetched) return std::move(fetched).error();
  return std::move(fetched->bytes);
}

Result<void> put_fetched(FetchWork& work, const oci::Descriptor& descriptor, std::string_view bytes) {
  return work.store.contains(descriptor) ? Result<void>() : work.store.put_blob(descriptor, bytes);
}

class Referrers {
 public:
  Referrers(FetchWork& work, const Remote& from, std::vector<std::string>& warnings)
      : work_(work), from_(from), warnings_(warnings) {}

  Result<void> take(const base::Digest& subject, int depth) {
    auto list = from_.registry.referrers(from_.repository, subject, work_.stop);
    if (!list) return std::move(list).error();
    std::vector<oci::SignatureEntry> entries;
    for (const oci::Referrer& referrer : list->referrers) {
      if (++count_ > kMaxReferrers) {
        warnings_.push_back("more refers to " + subject.short_form() + " than is copied");
        break;
      }
      auto taken = take_one(referrer.descriptor);
      if (!taken && taken.error().outcome() == base::Outcome::blocked &&
          taken.error().code() != "oci.not_found")
        return std::move(taken).error();
      if (!taken) {
        warnings_.push_back("what refers to " + subject.short_form() +
                            " is left out: " + taken.error().describe());
        continue;
      }
      entries.push_back({referrer.from_api ? oci::Place::referrer : oci::Place::referrer_tag, *taken});
      if (depth >= kMaxDepth) continue;
      if (auto r = take(referrer.descriptor.digest, depth + 1); !r) return r;
    }
    return work_.store.add_signatures(subject, entries);
  }

 private:
  Result<oci::Descriptor> take_one(const oci::Descriptor& named) {
    auto bytes = manifest_bytes(work_, from_, named.digest);
    if (!bytes) return std::move(bytes).error();
    auto manifest = oci::parse_manifest(*bytes);
    if (!manifest) return std::move(manifest).error();
    if (auto r = fetch_blobs(work_, from_, *manifest); !r) return std::move(r).error();
    oci::Descriptor descriptor{manifest->media_type, named.digest, bytes->size(), {}, {}, {}};
    if (auto r = put_fetched(work_, descriptor, *bytes); !r) return std::move(r).error();
    return descriptor;
  }

  FetchWork& work_;
  const Remote& from_;
  std::vector<std::string>& warnings_;
  size_t count_ = 0;
};

bool is_wanted(const oci::Descriptor& entry, const std::vector<oci::Platform>& platforms) {
  if (platforms.empty() || !entry.platform) return true;
  return std::ranges::any_of(platforms, [&](const oci::Platform& wanted) {
    return oci::platform_rank(*entry.platform, wanted).has_value();
  });
}

class ImageFetch {
 public:
  ImageFetch(FetchWork& work, const Remote& from, const std::vector<oci::Platform>& platforms,
             std::vector<std::string>& warnings)
      : work_(work), from_(from), platforms_(platforms), warnings_(warnings) {}

  Result<oci::Descriptor> take(const base::Digest& digest, int depth) {
    if (depth > kMaxDepth) return Error::refused("media.image", "the image's indexes nest too deep");
    auto bytes = manifest_bytes(work_, from_, digest);
    if (!bytes) return std::move(bytes).error();
    auto document = oci::parse_document(*bytes);
    if (!document) return std::move(document).error();
    oci::Descriptor descriptor{{}, digest, bytes->size(), {}, {}, {}};
    if (const auto* index = std::get_if<oci::Index>(&*document)) {
      descriptor.media_type = index->media_type;
      if (auto r = take_platforms(*index, depth); !r) return std::move(r).error();
    } else {
      const auto& manifest = std::get<oci::Manifest>(*document);
      descriptor.media_type = manifest.media_type;
      if (auto r = fetch_blobs(work_, from_, manifest); !r) return std::move(r).error();
    }
    if (auto r = put_fetched(work_, descriptor, *bytes); !r) return std::move(r).error();
    auto signatures =
        oci::fetch_signatures(from_.registry, work_.store, from_.repository, digest, work_.stop);
    if (!signatures) return std::move(signatures).error();
    if (auto r = fetch_referrers(work_, from_, digest, warnings_); !r) return std::move(r).error();
    return descriptor;
  }

 private:
  Result<void> take_platforms(const oci::Index& index, int depth) {
    size_t taken = 0;
    for (const oci::Descriptor& entry : index.manifests) {
      if (!is_wanted(entry, platforms_)) continue;
      ++taken;
      if (auto one = take(entry.digest, depth + 1); !one) return std::move(one).error();
    }
    if (taken > 0) return {};
    return Error::refused("media.image", "the image has no manifest for the platforms asked for");
  }

  FetchWork& work_;
  const Remote& from_;
  const std::vector<oci::Platform>& platforms_;
  std::vector<std::string>& warnings_;
};

}  // namespace

Result<void> fetch_referrers(FetchWork& work, const Remote& from, const base::Digest& subject,
                             std::vector<std::string>& warnings) {
  return Referrers(work, from, warnings).take(subject, 0);
}

Result<oci::FetchedArtifact> fetch_release(FetchWork& work, const Remote& from, const base::Digest& digest) {
  auto bytes = manifest_bytes(work, from, digest);
  if (!bytes) return std::move(bytes).error();
  if (auto manifest = oci::parse_manifest(*bytes)) {
    if (auto r = fetch_blobs(work, from, *manifest); !r) return std::move(r).error();
  }
  return oci::fetch_artifact(from.registry, work.store, from.repository, digest, work.stop);
}

Result<oci::Descriptor> fetch_image(FetchWork& work, const Remote& from, const base::Digest& digest,
                                    const std::vector<oci::Platform>& platforms,
                                    std::vector<std::string>& warnings) {
  return ImageFetch(work, from, platforms, warnings).take(digest, 0);
}

Result<std::optional<oci::Descriptor>> fetch_tagged(FetchWork& work, const Remote& from,
                                                    const std::string& tag) {
  auto found = from.registry.find_manifest(from.repository, tag, work.stop);
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<oci::Descriptor>();
  auto manifest = oci::parse_manifest((*found)->bytes);
  if (!manifest) return std::move(manifest).error();
  if (auto r = fetch_blobs(work, from, *manifest); !r) return std::move(r).error();
  const oci::Descriptor descriptor{
      manifest->media_type, (*found)->digest, (*found)->bytes.size(), {}, {}, {}};
  if (auto r = put_fetched(work, descriptor, (*found)->bytes); !r) return std::move(r).error();
  return std::optional(descriptor);
}

}  // namespace gridseal::media
