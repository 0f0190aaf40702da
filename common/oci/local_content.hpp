// What can be read on this host without any network: the content store, or a layout directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oci/descriptor.hpp"

namespace gridseal::oci {

// Where a signature manifest was found (see formats: `.sig`/`.att` tag, Referrers API, referrers fallback
// tag).
enum class Place { legacy_tag, referrer, referrer_tag };

std::string_view to_string(Place place);

struct SignatureEntry {
  Place place = Place::legacy_tag;
  Descriptor descriptor;  // of the signature manifest
};

// Thread safe.
class LocalContent {
 public:
  virtual ~LocalContent() = default;
  // The bytes, hashed on the way. Errors: store.not_found, store.too_large (above `limit`); of other bytes
  // than the digest's: store.corrupt (blocked) where this program wrote them, else blob.digest_mismatch
  // (refused).
  virtual base::Result<std::string> read_blob(const base::Digest& digest, uint64_t limit) = 0;
  virtual base::Result<std::vector<SignatureEntry>> signatures(const base::Digest& subject) = 0;
};

}  // namespace gridseal::oci
