// What a transparency log has recorded: the canonical bodies of Rekor entries, compared with the signature at
// hand (sigstore/rekor pkg/types, sigstore/rekor-tiles).
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "crypto/hash.hpp"
#include "crypto/public_key.hpp"
#include "sigstore/artifact.hpp"

namespace gridseal::sigstore {

inline constexpr size_t kMaxLogBody = size_t{256} << 10U;  // bytes

// The signed message is known by this hash: a message signature, or the payload of simple signing.
struct LoggedDigest {
  crypto::Hash hash = crypto::Hash::sha256;
  std::string_view digest;  // bytes
};

// The payload of an envelope, and its DSSE encoding, which the signature is over.
struct LoggedEnvelope {
  base::Digest payload;
  Artifact encoding;
};

// The signature that a log entry must be about. The views must outlive the call.
struct Logged {
  std::string_view signature;  // bytes
  std::variant<LoggedDigest, LoggedEnvelope> content;
  crypto::PublicKey key;         // the leaf certificate's or the pinned key
  std::string_view certificate;  // DER of the leaf; empty when a bare key signs
};

// `body` is of `kind` and `version` and records exactly `logged`: the same signature bytes, the same content,
// and the same certificate byte for byte (or the same key). Kinds: hashedrekord 0.0.1 (digest only) and
// 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2 (envelope only). Errors (refused): parse.json, parse.base64,
// parse.duplicate_key, parse.limit, tlog.body_kind (another kind, or not its form), tlog.body_signature,
// tlog.body_digest, tlog.body_key.
base::Result<void> check_log_body(std::string_view body, std::string_view kind, std::string_view version,
                                  const Logged& logged);

}  // namespace gridseal::sigstore
