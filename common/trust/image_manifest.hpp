// An OCI image manifest as far as trust reads it (OCI image spec 1.1, manifest.md) (internal to trust).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/verified.hpp"

namespace gridseal::trust {

struct ImageManifest {
  std::string media_type;     // may be empty
  std::string artifact_type;  // may be empty
  Content config;
  std::vector<Content> layers;
  std::optional<base::Digest> subject;
  Annotations annotations;
};

// Errors (refused): parse.json, parse.duplicate_key, parse.limit, and `code` for everything else that is
// wrong.
base::Result<ImageManifest> parse_image_manifest(std::string_view bytes, const std::string& code);

}  // namespace gridseal::trust
