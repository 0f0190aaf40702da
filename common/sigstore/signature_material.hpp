// A signature with everything that came along, whatever form it was stored in (internal to sigstore).
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sigstore/log_entry.hpp"
#include "sigstore/verified_signature.hpp"

namespace gridseal::sigstore {

// Which hash a signer takes for a key.
enum class SignerHabit {
  bundle,          // the curve's own hash, older clients SHA-256; Ed25519 prehashed or pure
  simple_signing,  // SHA-256 whatever the curve; Ed25519 pure
};

struct SignatureMaterial {
  BundleVersion version = BundleVersion::v0_3;  // what a log entry must carry
  const std::vector<LogEntry>& log_entries;
  const std::vector<std::string>& timestamps;
  std::string_view signature;
  Artifact stamped;  // what timestamps are over
  std::variant<LoggedDigest, LoggedEnvelope> logged;
  Artifact message;  // what is signed
  SignerHabit habit = SignerHabit::bundle;
};

// Everything but the content, which the caller adds. Errors: those of verify_bundle.hpp; `verified` then
// holds the checks that passed before, and nothing else of it counts.
base::Result<void> verify_certificate_material(const SignatureMaterial& material,
                                               const crypto::Certificate& leaf, const TrustedRoot& root,
                                               const CertificateRules& rules, VerifiedSignature& verified);
// `hint` may name the key; it decides only how a refusal is called.
base::Result<void> verify_key_material(const SignatureMaterial& material, std::string_view hint,
                                       const std::vector<NamedKey>& keys, const TrustedRoot* root,
                                       const KeyRules& rules, VerifiedSignature& verified);

// The scheme by which `key` made the signature. Errors (refused): sig.invalid,
// sig.alg_mismatch (only a digest is known, and not the one that such a key signs).
base::Result<crypto::Scheme> check_signature(const SignatureMaterial& material, const crypto::PublicKey& key);

// "ecdsa-p256-sha256", "rsa-sha256", "ed25519ph".
std::string algorithm_name(const crypto::PublicKey& key, crypto::Scheme scheme);

// Log entries and timestamps into `verified`: times, entries, checks, and what was passed over.
base::Result<void> check_log_entries(const SignatureMaterial& material, const TrustedRoot& root,
                                     const crypto::PublicKey& key, std::string_view certificate,
                                     unsigned needed, VerifiedSignature& verified);
// Gives back what is wrong with a timestamp of an unknown authority, which is passed over.
base::Result<std::optional<base::Error>> check_timestamps(const SignatureMaterial& material,
                                                          const TrustedRoot& root, unsigned needed,
                                                          VerifiedSignature& verified);

// The issuers of `leaf` up to an authority of `root`, at each of `times` (not empty).
base::Result<std::vector<crypto::Certificate>> check_path(const crypto::Certificate& leaf,
                                                          const TrustedRoot& root,
                                                          const std::vector<VerifiedTime>& times);

// A DSSE payload: its type and the statement in it. Errors (refused): dsse.payload_type and those of
// parse_statement.
base::Result<void> check_payload_type(std::string_view payload_type);
// Adds the statement and that it is about `artifact`.
base::Result<void> bind_statement(const Envelope& envelope, const base::Digest& artifact,
                                  VerifiedSignature& verified);

}  // namespace gridseal::sigstore
