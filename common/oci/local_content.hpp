// What can be read on this host without any network: the content store, or a layout directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/blob.hpp"
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

// Why a blob of `place` ("the content store") cannot be had: store.not_found (blocked), store.too_large
// (refused), else as files said it.
base::Error unreadable(const base::Digest& digest, const std::string& place, const base::Error& why);

// Thread safe.
class LocalContent {
 public:
  virtual ~LocalContent() = default;
  // The bytes, hashed on the way. Errors: store.not_found, store.too_large (above `limit`); of other bytes
  // than the digest's: store.corrupt (blocked) where this program wrote them, else blob.digest_mismatch
  // (refused).
  virtual base::Result<std::string> read_blob(const base::Digest& digest, uint64_t limit) = 0;
  // The same, hashed but not held. The file may change later: who reads it hashes again.
  virtual base::Result<base::Blob> check_blob(const base::Digest& digest, uint64_t limit) = 0;
  virtual base::Result<std::vector<SignatureEntry>> signatures(const base::Digest& subject) = 0;
};

}  // namespace gridseal::oci
