// An artifact with everything that speaks for it: fetched into the store, or read again from it.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/blob.hpp"
#include "oci/local_content.hpp"
#include "oci/manifest.hpp"
#include "oci/registry.hpp"
#include "oci/store.hpp"

namespace gridseal::oci {

inline constexpr size_t kMaxSignatureManifests = 200;                  // tried for one artifact
inline constexpr uint64_t kMaxSignatureManifest = uint64_t{1} << 20U;  // a larger one is not looked into
inline constexpr uint64_t kMaxSignatureBlob = uint64_t{8} << 20U;
inline constexpr uint64_t kMaxSignatureBytes = uint64_t{16} << 20U;  // read for one artifact

struct SignatureManifest {
  Place place = Place::legacy_tag;
  std::optional<base::Digest> digest;  // of the descriptor that named it; none for a tag
  base::Blob bytes;  // the manifest; empty where something else lies there than its descriptor promises
  // Its layers, by digest; each hashes to it, but empty where something else lies there. One that is not
  // there at all is absent.
  std::map<base::Digest, base::Blob> blobs;
};

struct Signatures {
  std::vector<SignatureManifest> manifests;
  size_t not_tried = 0;            // beyond the limits above
  std::vector<std::string> notes;  // what could not be read and why; for the reason shown to people
};

struct FetchedArtifact {
  base::Digest digest;  // of `manifest_bytes`: what must be signed
  std::string manifest_bytes;
  std::string media_type;
  Manifest manifest;
  std::optional<base::Digest> index;  // the index that was asked for, when it was one
  Signatures signatures;

  Descriptor descriptor() const { return {media_type, digest, manifest_bytes.size(), {}, {}, {}}; }
};

// Brings manifest, config, layers and signatures into the store; what is there already is not fetched again.
// An index resolves to its only manifest, or its only one for linux/<this architecture>; the digest is then
// that of the manifest, and it is the manifest that must be signed. Errors: those of Registry, Store and
// parse_document, oci.index.
base::Result<FetchedArtifact> fetch_artifact(Registry& registry, Store& store, const Repository& repository,
                                             const base::Digest& digest, const std::stop_token& stop);

// Only what speaks for the artifact: `.sig` and `.att` tags, Referrers API, fallback tag. Looked at again
// while something is pending. A place that cannot be read because it is junk becomes a note; a mirror that
// cannot be reached is an error.
base::Result<Signatures> fetch_signatures(Registry& registry, Store& store, const Repository& repository,
                                          const base::Digest& digest, const std::stop_token& stop);

// The artifact from this host alone. `digest` is that of a manifest (or of an index in `content`). Layers are
// not read, only signatures. Errors: store.not_found, store.corrupt, oci.manifest.
base::Result<FetchedArtifact> read_artifact(LocalContent& content, const base::Digest& digest);
base::Result<Signatures> read_signatures(LocalContent& content, const base::Digest& digest);

}  // namespace gridseal::oci
