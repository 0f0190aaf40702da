// Entries of a transparency log (Rekor v1 and v2), checked against the logs of a trusted root without asking
// any log (sigstore client specification section 4, rekor-v2-spec).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "sigstore/bundle.hpp"
#include "sigstore/log_body.hpp"
#include "sigstore/trusted_root.hpp"

namespace gridseal::sigstore {

// What an entry has proved.
struct VerifiedEntry {
  std::string log_url;
  std::string log_host;
  std::string log_id;     // bytes
  int64_t log_index = 0;  // the entry's when a promise vouches for it, else the proof's
  std::string kind;
  std::string version;
  bool promise = false;  // a signed entry timestamp verified
  bool proof = false;    // an inclusion proof up to a signed checkpoint verified
  // Only when the promise verified: nothing else vouches for the time. Already inside the log key's validity.
  std::optional<base::Time> integrated_time;
  std::optional<int64_t> tree_size;  // of the checkpoint
  Validity log_validity;             // a time from elsewhere (Rekor v2 has none of its own) must lie inside
};

// The bytes that a signed entry timestamp is over (RFC 8785 of body, integratedTime, logID, logIndex).
std::string entry_timestamp_payload(const LogEntry& entry);

// Everything the entry carries must verify: promise, and proof with its checkpoint, each by the key of the
// very log that the entry names. Bundles 0.1 (and the legacy annotation) need the promise, later ones the
// proof. A Rekor v2 entry has one index in entry and proof. Whether the time lies inside the leaf
// certificate's validity is the caller's check.
// Errors (refused): tlog.unknown_log (not in the root, or its key cannot be used), tlog.log_key_expired,
// tlog.set_invalid (also: missing where needed), tlog.proof_missing, tlog.proof_invalid,
// tlog.checkpoint_parse, tlog.checkpoint_signature, tlog.checkpoint_other_log, tlog.checkpoint_mismatch, and
// those of check_log_body.
base::Result<VerifiedEntry> verify_log_entry(const TrustedRoot& root, BundleVersion version,
                                             const LogEntry& entry, const Logged& logged);

inline constexpr std::string_view kRekorBundleAnnotation = "dev.sigstore.cosign/bundle";
inline constexpr size_t kMaxRekorBundle = size_t{256} << 10U;  // bytes

// cosign's legacy annotation {"SignedEntryTimestamp", "Payload"}. The entry has no proof, and kind and
// version are the body's own word; verify it as of a bundle 0.1. Errors (refused): parse.json,
// parse.duplicate_key, parse.base64, parse.limit.
base::Result<LogEntry> parse_rekor_bundle(std::string_view json);

}  // namespace gridseal::sigstore
