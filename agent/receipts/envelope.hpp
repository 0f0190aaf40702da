// A signed statement in a DSSE envelope (secure-systems-lab/dsse, envelope.md): JSON with payload,
// payloadType "application/vnd.in-toto+json" and exactly one signature, whose keyid is the key's fingerprint.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "crypto/private_key.hpp"
#include "history/records.hpp"

namespace gridseal::receipts {

inline constexpr size_t kMaxEnvelope = size_t{1} << 20U;

struct Envelope {
  std::string statement;  // the signed bytes
  std::string key_id;     // as written: a hint
  std::string signature;
};

// Errors: those of PrivateKey::sign.
base::Result<history::SealedReceipt> seal(const crypto::PrivateKey& key, std::string_view statement);

// Errors (refused): receipt.form.
base::Result<Envelope> parse_envelope(std::string_view json);
std::string to_json(const Envelope& envelope);

// Errors (refused): sig.alg_mismatch, sig.invalid.
base::Result<void> check_signature(const Envelope& envelope, const crypto::PublicKey& key);

}  // namespace gridseal::receipts
