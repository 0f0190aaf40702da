// An OCI image manifest as far as trust reads it (OCI image spec 1.1, manifest.md) (internal to trust).
#pragma once

#include <functional>
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
  std::vector<Content> layers;  // unless they were handed over
  std::optional<base::Digest> subject;
  Annotations annotations;
};

inline constexpr size_t kMaxArtifactManifest = size_t{512} << 10U;
inline constexpr size_t kMaxSignatureManifest = size_t{1} << 20U;

// Takes one layer after the other.
using TakeLayer = std::function<void(Content layer)>;

// At most 1 MiB, and 512 KiB of each layer and of all the rest. With `take` layers are handed over and not
// kept, also those in front of something wrong. Errors (refused): parse.json, parse.duplicate_key,
// parse.limit, and `code` for everything else that is wrong.
base::Result<ImageManifest> parse_image_manifest(std::string_view bytes, const std::string& code,
                                                 const TakeLayer& take = {});

}  // namespace gridseal::trust
