#include <algorithm>

#include "base/encoding.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/simple_signing.hpp"
#include "trust/candidate.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;
using sigstore::SimpleSigning;

constexpr std::string_view kType = "cosign container image signature";
constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
constexpr std::string_view kRekorAnnotation = "dev.sigstore.cosign/bundle";
constexpr std::string_view kTimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";

const std::string* annotation(const Content& layer, std::string_view name) {
  const auto found = layer.annotations.find(std::string(name));
  return found == layer.annotations.end() ? nullptr : &found->second;
}

// cosign signs with SHA-256 whatever the curve, and pure with Ed25519.
crypto::Scheme legacy_scheme(const crypto::PublicKey& key) {
  return key.kind() == crypto::KeyKind::ed25519 ? crypto::Scheme::ed25519 : crypto::Scheme::sha256;
}

Error no_key_fits(const Question& question, const Content& layer, const std::optional<Error>& malformed) {
  if (annotation(layer, kCertificateAnnotation) != nullptr) {
    return Error::refused(
        "key.expected_key_got_cert",
        "signed with a certificate, not with a pinned key of policy " + question.policy.name());
  }
  if (malformed) return *malformed;
  return Error::refused("key.wrong", "not a signature by any key of policy " + question.policy.name() + " (" +
                                         key_names(question.policy) + ") over this payload");
}

// The pinned key that made the signature.
tl::expected<const PinnedKey*, Error> find_signer(const Question& question, const Candidate& candidate,
                                                  std::string_view signature) {
  std::optional<Error> malformed;
  bool well_formed = false;
  for (const PinnedKey& pinned : question.policy.keys()) {
    auto verified = pinned.key.verify(legacy_scheme(pinned.key), candidate.blob, signature);
    if (verified) return &pinned;
    if (verified.error().code() == "sig.malformed")
      malformed = std::move(verified).error();
    else
      well_formed = true;
  }
  if (well_formed) malformed.reset();
  return tl::unexpected<Error>(no_key_fits(question, candidate.layer, malformed));
}

Result<void> check_claims(const Question& question, const SimpleSigning& claims,
                          SignatureEvidence& evidence) {
  if (claims.type != kType)
    return Error::refused("simplesigning.type",
                          "the signed payload is of type '" + base::printable(claims.type, 60) + "'");
  if (claims.digest != question.evidence.digest.to_string()) {
    return Error::refused("simplesigning.digest", "the signature is about " +
                                                      base::printable(claims.digest, 80) +
                                                      ", not about this artifact: it was moved here");
  }
  evidence.checks.push_back({"claims", "the signed payload names this artifact's digest"});
  evidence.reference = claims.reference;
  evidence.annotations = claims.annotations;
  return check_annotations(question.policy, evidence, "simplesigning.annotation");
}

}  // namespace

Judgement judge_simple_signing(const Question& question, const Candidate& candidate) {
  const std::string* encoded = annotation(candidate.layer, sigstore::kSignatureAnnotation);
  if (encoded == nullptr || encoded->empty()) {
    return refuse(Stage::parsed,
                  Error::refused("registry.manifest", "the layer carries no signature annotation"));
  }
  if (candidate.blob.size() > sigstore::kMaxSimpleSigning)
    return refuse(Stage::parsed, Error::refused("parse.limit", "a simple signing payload larger than 1 MiB"));
  const auto signature = base::decode_base64(*encoded);
  if (!signature) return refuse(Stage::parsed, signature.error());
  const auto signer = find_signer(question, candidate, *signature);
  if (!signer) return refuse(Stage::formed, signer.error());
  SignatureEvidence evidence = begin_evidence(question, candidate, "cosign-simplesigning");
  record_key(evidence, **signer, legacy_scheme((*signer)->key));
  const auto claims = sigstore::parse_simple_signing(candidate.blob);
  if (!claims) return refuse(Stage::signed_by, claims.error());
  if (auto checked = check_claims(question, *claims, evidence); !checked)
    return refuse(Stage::signed_by, std::move(checked).error());
  evidence.log_entries = annotation(candidate.layer, kRekorAnnotation) != nullptr;
  evidence.timestamps = annotation(candidate.layer, kTimestampAnnotation) != nullptr;
  return evidence;
}

}  // namespace gridseal::trust
