// What a verified Sigstore signature says, whatever form it was stored in. Everything in it comes from bytes
// that were verified; what was present and did not count is told in words only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/public_key.hpp"
#include "sigstore/artifact.hpp"
#include "sigstore/certificate_identity.hpp"
#include "sigstore/simple_signing.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::sigstore {

// A pinned key and what the operator calls it.
struct NamedKey {
  std::string name;
  crypto::PublicKey key;
};

struct CertificateSigner {
  CertificateIdentity identity;
  std::string certificate;  // DER
  std::string fingerprint;  // "sha256:<hex>" of it
  std::string serial;       // hex
  base::Time not_before;
  base::Time not_after;
  std::vector<std::string> chain;    // subjects of the issuers, the trusted one last
  std::vector<std::string> issuers;  // DER of the same
};

struct KeySigner {
  std::string name;
  std::string key_id;  // "sha256:<hex>" of the SubjectPublicKeyInfo
};

// The last two are somebody's word: of a Notary Project signing authority, which signs the time with the very
// key that signs the artifact, and of the caller.
enum class TimeSource { log, timestamp_authority, signing_authority, caller };

std::string_view to_string(TimeSource source);  // "log", "timestamp authority", "signing authority", "caller"
// True where somebody else than the signer says when it was signed.
bool is_proof(TimeSource source);

struct VerifiedTime {
  base::Time time;
  TimeSource source = TimeSource::log;
  std::string authority;  // host; empty for the caller
};

struct VerifiedLogEntry {
  std::string log;  // host
  int64_t index = 0;
  std::optional<base::Time> integrated_time;  // only where the log's signature covers it
};

// The signed payload of a DSSE envelope.
struct SignedStatement {
  std::string payload_type;
  base::Digest payload;                        // of its bytes
  std::shared_ptr<const Statement> statement;  // parsed from them; never null
};

// A signature over the artifact's own bytes.
struct SignedMessage {
  crypto::Hash hash = crypto::Hash::sha256;
  std::string digest;  // raw
};

struct VerificationCheck {
  std::string name;    // "log", "timestamp", "chain", "sct", "signature", "artifact"
  std::string detail;  // one clause for people
};

struct VerifiedSignature {
  std::variant<CertificateSigner, KeySigner> signer;
  std::string algorithm;  // "ecdsa-p256-sha256", "rsa-3072-sha256", "ed25519ph"
  std::vector<VerifiedTime> times;
  std::vector<VerifiedLogEntry> log_entries;
  std::variant<SignedMessage, SignedStatement, SimpleSigning> content;
  std::vector<VerificationCheck> checks;  // passed, in the order they were made
  std::vector<std::string> ignored;       // present and not counted, with the reason
};

// What verification with a certificate asks for. The defaults are Sigstore's; less must be said aloud.
struct CertificateRules {
  unsigned log_entries = 1;  // at least so many from known logs
  unsigned timestamps = 0;   // at least so many from distinct known authorities
  bool scts = true;          // the certificate shows that it was logged
  // Where neither log nor authority gives a time, the chain is judged at this one (private authorities with
  // long-lived certificates). Without it such a signature is refused.
  std::optional<base::Time> otherwise_at;
};

// What verification with a pinned key asks for beyond the signature.
struct KeyRules {
  unsigned log_entries = 0;
  unsigned timestamps = 0;
};

// The subject of `statement` that is this artifact. Only digests of kind sha256 count. Error (refused):
// intoto.subject_mismatch.
base::Result<const Subject*> check_statement_subject(const Statement& statement,
                                                     const base::Digest& artifact);

}  // namespace gridseal::sigstore
