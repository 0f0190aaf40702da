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

struct Envelope {
  std::string payload_type;
  std::string payload;
  std::string signature;
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
};

// Strict: camel-case names only, no unknown members, each oneof exactly once, and what the version asks for.
// Errors (refused): parse.json, parse.duplicate_key, parse.base64, parse.limit, bundle.media_type,
// bundle.version_rule, bundle.oneof, tlog.proof_missing, dsse.signature_count, tlog.duplicate.
base::Result<Bundle> parse_bundle(std::string_view json);

}  // namespace gridseal::sigstore
