// A content descriptor (OCI image spec 1.1, descriptor.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace gridseal::oci {

using Annotations = std::map<std::string, std::string, std::less<>>;

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;

  friend bool operator==(const Platform&, const Platform&) = default;
};

struct Descriptor {
  std::string media_type;
  base::Digest digest;
  uint64_t size = 0;
  Annotations annotations;
  std::string artifact_type;
  std::optional<Platform> platform;

  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

// Of content in memory: its SHA-256 and its size.
Descriptor describe(std::string_view media_type, std::string_view bytes);

// Strict: types as in the spec, sha256 only, size within 0 … 2^63-1. Unknown members are ignored, as the spec
// asks; `urls` and `data` among them. Error (refused): oci.descriptor.
base::Result<Descriptor> parse_descriptor(const base::Json& value);
base::Json to_json(const Descriptor& descriptor);

// Error (refused): oci.descriptor.
base::Result<Annotations> parse_annotations(const base::Json& owner);

}  // namespace gridseal::oci
