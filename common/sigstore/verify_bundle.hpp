// Verification of a Sigstore bundle from bytes alone: no clock, no file, no network (sigstore client
// specification, section 4). Checks run in this order: log entries, timestamps, the certificate's path at
// every verified time, its transparency timestamps, the signature, the artifact. A log or authority that is
// known to the trusted root must be right wherever it appears; unknown ones are passed over and said.
// Identity, predicate type and annotations are the caller's: see identity_matcher.hpp.
#pragma once

#include <vector>

#include "sigstore/bundle.hpp"
#include "sigstore/trusted_root.hpp"
#include "sigstore/verified_signature.hpp"

namespace gridseal::sigstore {

// A refusal tells one failure; `passed`, where it is given, receives the checks before it, for people.
// The artifact is bound: a statement has it as subject (sha256), a message signature is over its bytes.
// Errors (refused), of both: those of verify_log_entry and verify_timestamp; tlog.missing, tsa.missing (fewer
//   than asked for), sig.invalid, sig.alg_unsupported, sig.alg_mismatch,
//   artifact.digest_mismatch, dsse.payload_type, intoto.type, intoto.no_subject, intoto.subject_mismatch,
//   parse.json, parse.duplicate_key, parse.limit.

// Further errors (refused): key.expected_cert_got_key, time.none, time.integrated_outside_cert, those of
//   verify_scts, of read_identity and of certificate paths: cert.parse, cert.untrusted_chain,
//   cert.not_valid_at_signing_time, cert.ca_not_valid_at_signing_time, cert.eku, cert.key_usage,
//   cert.critical_ext, cert.san.
base::Result<VerifiedSignature> verify_with_certificate(const Bundle& bundle, const Artifact& artifact,
                                                        const TrustedRoot& root,
                                                        const CertificateRules& rules = {},
                                                        std::vector<VerificationCheck>* passed = nullptr);

// One of `keys` made the signature. Without `root` (nullptr) log entries and timestamps are ignored, unless
// the rules ask for them. Further errors (refused): key.expected_key_got_cert, key.wrong (well formed, by
// none of the keys).
base::Result<VerifiedSignature> verify_with_keys(const Bundle& bundle, const Artifact& artifact,
                                                 const std::vector<NamedKey>& keys,
                                                 const TrustedRoot* root = nullptr,
                                                 const KeyRules& rules = {},
                                                 std::vector<VerificationCheck>* passed = nullptr);

}  // namespace gridseal::sigstore
