// Verification of cosign's older forms: a layer of simple signing (cosign SIGNATURE_SPEC) or of a bare DSSE
// envelope (".att"), whose signature, certificate, log entry and timestamp lie in the layer's annotations.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sigstore/envelope.hpp"
#include "sigstore/trusted_root.hpp"
#include "sigstore/verified_signature.hpp"

namespace gridseal::sigstore {

inline constexpr std::string_view kAttestationMediaType = "application/vnd.dsse.envelope.v1+json";

// References: valid for the call.
struct LegacyLayer {
  std::string_view media_type;  // kSimpleSigningMediaType or kAttestationMediaType
  base::Blob blob;              // at most 1 MiB of simple signing, 8 MiB of an envelope
  const std::map<std::string, std::string>& annotations;
  std::optional<base::Digest> digest{};  // of the blob: what is read must still have it
  StatementFields fields{};              // of the statement in an envelope, see Statement
};

// True when the layer carries a certificate: signed by an identity, not by a long-lived key.
bool has_certificate(const LegacyLayer& layer);

// `passed`: see verify_bundle.hpp. The artifact is bound: simple signing names its digest and is of cosign's
// type; a statement has it as subject. `chain` annotations are never used: authorities come from `root`.
// Errors (refused), of both: those of verify_bundle.hpp, and registry.media_type (no such layer),
//   parse.json (also an annotation or payload of another form), parse.base64,
//   simplesigning.type, simplesigning.digest, dsse.signature_count, blob.digest_mismatch (the blob changed
//   while it was read); those of Blob::read.
base::Result<VerifiedSignature> verify_legacy_with_certificate(
    const LegacyLayer& layer, const base::Digest& artifact, const TrustedRoot& root,
    const CertificateRules& rules = {}, std::vector<VerificationCheck>* passed = nullptr);

base::Result<VerifiedSignature> verify_legacy_with_keys(const LegacyLayer& layer,
                                                        const base::Digest& artifact,
                                                        const std::vector<NamedKey>& keys,
                                                        const TrustedRoot* root = nullptr,
                                                        const KeyRules& rules = {},
                                                        std::vector<VerificationCheck>* passed = nullptr);

}  // namespace gridseal::sigstore
