// Image manifests and indexes (OCI image spec 1.1, manifest.md and image-index.md; Docker image manifest
// version 2, schema 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/blob.hpp"
#include "oci/descriptor.hpp"

namespace gridseal::oci {

inline constexpr uint64_t kMaxManifestBytes = uint64_t{4} << 20U;
inline constexpr size_t kMaxLayers = 1000;
inline constexpr size_t kMaxIndexEntries = 4096;

struct Manifest {
  std::string media_type;
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  Annotations annotations;

  // artifactType, else the config's media type (image-spec "Guidelines for Artifact Usage").
  const std::string& kind() const { return artifact_type.empty() ? config.media_type : artifact_type; }
};

struct Index {
  std::string media_type;
  std::string artifact_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  Annotations annotations;
};

using Document = std::variant<Manifest, Index>;

// `media_type` is how the bytes were announced (Content-Type or descriptor); empty: only the bytes decide.
// A body that is both manifest and index, or that says another mediaType than announced, is refused
// (CVE-2021-41190). Errors (refused): oci.manifest, parse.json, parse.duplicate_key, parse.limit.
base::Result<Document> parse_document(std::string_view bytes, std::string_view media_type = {});
base::Result<Manifest> parse_manifest(std::string_view bytes, std::string_view media_type = {});
base::Result<Index> parse_index(std::string_view bytes, std::string_view media_type = {});
// The same of a text that is read in pieces. Errors: also those of Blob::read.
base::Result<Index> read_index(const base::Blob& bytes);

std::string serialize(const Manifest& manifest);
std::string serialize(const Index& index);

bool is_manifest_type(std::string_view media_type);
bool is_index_type(std::string_view media_type);

// The one layer that holds the files. `wanted`: the first layer of that media type; empty: Flux's content
// type, else the first tar+gzip or tar+zstd layer. Error (refused): oci.no_content_layer.
base::Result<Descriptor> select_layer(const Manifest& manifest, std::string_view wanted = {});

// Picks the entry an artifact reference means: the only one, or else the only one for linux/`architecture`.
// Error (refused): oci.index.
base::Result<Descriptor> select_manifest(const Index& index, std::string_view architecture);

// The architecture this program was built for, in Go's spelling ("amd64", "arm64", "arm", "riscv64" …).
std::string_view host_architecture();

}  // namespace gridseal::oci
