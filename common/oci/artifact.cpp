#include "oci/artifact.hpp"

#include "oci/signature_collector.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

bool is_missing(const Error& error) {
  return error.code() == "store.not_found" || error.code() == "store.corrupt";
}

struct Found {
  std::string bytes;
  std::string media_type;  // as announced; empty: only the bytes say
};

// The manifest by digest, from the store or the registry.
Result<Found> load_manifest(Registry& registry, Store& store, const Repository& repository,
                            const base::Digest& digest, const std::stop_token& stop) {
  auto bytes = store.read_blob(digest, kMaxManifestBytes);
  if (bytes) return Found{std::move(*bytes), {}};
  if (!is_missing(bytes.error())) return std::move(bytes).error();
  auto manifest = registry.get_manifest(repository, digest, stop);
  if (!manifest) return std::move(manifest).error();
  return Found{std::move(manifest->bytes), std::move(manifest->media_type)};
}

// Turns a document into the manifest it stands for; `load` brings the one that an index names.
template <class Load>
Result<FetchedArtifact> resolve(const base::Digest& digest, Found found, Load&& load) {
  auto document = parse_document(found.bytes, found.media_type);
  if (!document) return std::move(document).error();
  std::optional<base::Digest> index_digest;
  base::Digest manifest_digest = digest;
  if (const auto* index = std::get_if<Index>(&*document)) {
    auto entry = select_manifest(*index, host_architecture());
    if (!entry) return std::move(entry).error();
    index_digest = digest;
    manifest_digest = entry->digest;
    auto loaded = load(entry->digest);
    if (!loaded) return std::move(loaded).error();
    found = std::move(*loaded);
    if (found.bytes.size() != entry->size)
      return Error::refused("oci.size_mismatch", "the index gives another size for the manifest " +
                                                     entry->digest.short_form() + " than it has");
    document = parse_document(found.bytes, entry->media_type);
    if (!document) return std::move(document).error();
  }
  auto* manifest = std::get_if<Manifest>(&*document);
  if (manifest == nullptr)
    return Error::refused("oci.index", "the index names another index; name an image manifest by digest");
  std::string media_type = manifest->media_type;
  return FetchedArtifact{manifest_digest,      std::move(found.bytes), std::move(media_type),
                         std::move(*manifest), index_digest,           {}};
}

Result<void> fetch_blob(Registry& registry, Store& store, const Repository& repository,
                        const Descriptor& blob, const std::stop_token& stop) {
  if (store.contains(blob)) return {};
  auto writer = store.begin_blob(blob);
  if (!writer) return std::move(writer).error();
  return registry.get_blob(repository, blob, **writer, stop);
}

Result<void> fetch_content(Registry& registry, Store& store, const Repository& repository,
                           const Manifest& manifest, const std::stop_token& stop) {
  std::vector<const Descriptor*> blobs{&manifest.config};
  for (const Descriptor& layer : manifest.layers) blobs.push_back(&layer);
  uint64_t missing = 0;
  for (const Descriptor* blob : blobs) {
    if (store.contains(*blob)) continue;
    // Sums of sizes a manifest claims may overflow.
    missing = blob->size > UINT64_MAX - missing ? UINT64_MAX : missing + blob->size;
  }
  if (missing > 0) {
    if (auto r = store.ensure_space(missing); !r) return r;
  }
  for (const Descriptor* blob : blobs) {
    if (auto r = fetch_blob(registry, store, repository, *blob, stop); !r) return r;
  }
  return {};
}

Result<void> put_if_absent(Store& store, const Descriptor& blob, std::string_view bytes) {
  return store.contains(blob) ? Result<void>() : store.put_blob(blob, bytes);
}

}  // namespace

Result<FetchedArtifact> fetch_artifact(Registry& registry, Store& store, const Repository& repository,
                                       const base::Digest& digest, const std::stop_token& stop) {
  const auto load = [&](const base::Digest& wanted) {
    return load_manifest(registry, store, repository, wanted, stop);
  };
  auto found = load(digest);
  if (!found) return std::move(found).error();
  const std::string top = found->bytes;
  auto artifact = resolve(digest, std::move(*found), load);
  if (!artifact) return artifact;
  if (auto r = fetch_content(registry, store, repository, artifact->manifest, stop); !r)
    return std::move(r).error();
  if (auto r = put_if_absent(store, artifact->descriptor(), artifact->manifest_bytes); !r)
    return std::move(r).error();
  if (artifact->index) {
    if (auto r = put_if_absent(store, {{}, *artifact->index, top.size(), {}, {}, {}}, top); !r)
      return std::move(r).error();
  }
  auto signatures = fetch_signatures(registry, store, repository, artifact->digest, stop);
  if (!signatures) return std::move(signatures).error();
  artifact->signatures = std::move(*signatures);
  return artifact;
}

Result<Signatures> fetch_signatures(Registry& registry, Store& store, const Repository& repository,
                                    const base::Digest& digest, const std::stop_token& stop) {
  return SignatureCollector(registry, store, repository, digest, stop).collect();
}

Result<FetchedArtifact> read_artifact(LocalContent& content, const base::Digest& digest) {
  const auto load = [&](const base::Digest& wanted) -> Result<Found> {
    auto bytes = content.read_blob(wanted, kMaxManifestBytes);
    if (!bytes) return std::move(bytes).error();
    return Found{std::move(*bytes), {}};
  };
  auto found = load(digest);
  if (!found) return std::move(found).error();
  auto artifact = resolve(digest, std::move(*found), load);
  if (!artifact) return artifact;
  auto signatures = read_signatures(content, artifact->digest);
  if (!signatures) return std::move(signatures).error();
  artifact->signatures = std::move(*signatures);
  return artifact;
}

}  // namespace gridseal::oci
