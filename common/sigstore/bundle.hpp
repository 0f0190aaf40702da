// The Sigstore bundle as structure (sigstore/protobuf-specs, sigstore_bundle.proto, in proto-JSON).
// Nothing in it is judged here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "sigstore/envelope.hpp"

namespace gridseal::sigstore {

enum class BundleVersion { v0_1, v0_2, v0_3 };

struct PublicKeyHint {
  std::string hint;  // says which key, proves nothing
};

struct Certificates {
  std::string leaf;  // DER
};

struct InclusionProof {
  int64_t log_index = 0;
  int64_t tree_size = 0;
  std::string root_hash;
  std::vector<std::string> hashes;
  std::string checkpoint;
};

struct LogEntry {
  int64_t log_index = 0;
  std::string log_id;
  std::string kind;
  std::string version;
  int64_t integrated_time = 0;  // seconds since 1970; 0 is none
  std::string signed_entry_timestamp;
  std::optional<InclusionProof> proof;
  std::string body;
};

struct MessageSignature {
  std::string algorithm;  // "SHA2_256"
  std::string digest;
  std::string signature;
};

struct Bundle {
  BundleVersion version = BundleVersion::v0_3;
  std::variant<PublicKeyHint, Certificates> material;
  std::vector<LogEntry> log_entries;
  std::vector<std::string> timestamps;  // RFC 3161 responses
  std::variant<Envelope, MessageSignature> content;
  base::Digest digest{base::Digest::Raw{}};  // of the text it was read from
};

// At most 8 MiB, and of all but an envelope's payload 768 KiB. `fields`: of a statement in the envelope, see
// Statement. Strict: camel-case names only, no unknown members, each oneof exactly once, and what the version
// asks for. Errors (refused): parse.json, parse.duplicate_key, parse.base64, parse.limit, bundle.media_type,
// bundle.version_rule, bundle.oneof, tlog.proof_missing, dsse.signature_count, tlog.duplicate,
// blob.digest_mismatch (the text changed while it was read); those of Blob::read.
base::Result<Bundle> parse_bundle(const base::Blob& text, const StatementFields& fields = {});

}  // namespace gridseal::sigstore
