// What a caller gathered about one artifact: bytes, nothing of it checked yet. Trust parses and checks all of
// it itself and reads nothing more. Signatures may lie in files: trust reads them one after the other, holds
// little of each, and refuses one that changes while it is read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.hpp"
#include "base/digest.hpp"

namespace gridseal::trust {

// Where a signature manifest was found (cosign's tags; OCI distribution spec 1.1, "Listing Referrers").
enum class Place {
  legacy_tag,    // sha256-<hex>.sig or sha256-<hex>.att
  referrer,      // named by the Referrers API
  referrer_tag,  // named by the fallback index sha256-<hex>
};

std::string_view to_string(Place place);

struct SignatureManifest {
  Place place = Place::legacy_tag;
  std::optional<base::Digest> digest;        // of the descriptor that named it; a legacy tag has none
  base::Blob bytes;                          // the manifest
  std::map<base::Digest, base::Blob> blobs;  // its layers; one that could not be had is absent
};

struct Evidence {
  explicit Evidence(const base::Digest& artifact) : digest(artifact) {}

  base::Digest digest;   // of the artifact, as resolved
  std::string manifest;  // its bytes
  std::vector<SignatureManifest> signatures;
  size_t not_tried = 0;            // signature manifests beyond the caller's cap; said in the reason
  std::vector<std::string> notes;  // what the caller could not read; said in the reason
};

}  // namespace gridseal::trust
