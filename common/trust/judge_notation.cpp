#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "notation/verify.hpp"
#include "trust/candidate.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

SignerIds ids_of(const notation::Verified& verified, const notation::Envelope& envelope) {
  SignerIds ids;
  ids.same.push_back("x509:" + verified.signer());
  for (const std::string& der : envelope.certificate_chain)
    ids.add_certificate(der, &der == &envelope.certificate_chain.front());
  return ids;
}

void record(SignatureEvidence& evidence, const notation::Verified& verified) {
  NotationEvidence notary{verified.policy,
                          std::string(notation::to_string(verified.level)),
                          verified.store,
                          {},
                          {},
                          verified.signing_time,
                          verified.expiry,
                          {}};
  for (const auto& certificate : verified.chain) {
    notary.subjects.push_back(certificate.subject);
    notary.fingerprints.push_back(certificate.fingerprint);
  }
  for (const auto& finding : verified.logged)
    notary.logged.push_back(finding.validation + ": " + finding.error.describe());
  evidence.notation = std::move(notary);
  evidence.algorithm = notation::to_string(verified.algorithm);
  evidence.annotations = verified.annotations;
  if (verified.authentic_time) {
    const bool own_word = verified.scheme == notation::SigningScheme::signing_authority;
    evidence.times.push_back(
        {*verified.authentic_time,
         own_word ? sigstore::TimeSource::signing_authority : sigstore::TimeSource::timestamp_authority,
         verified.store});
  }
  for (const auto& check : verified.checks) evidence.checks.push_back({check.name, check.detail});
}

Stage notation_stage(const std::string& code) {
  if (is_among(code,
               {"notary.descriptor", "notary.expired", "notary.timestamp", "notary.rev", "notary.metadata"}))
    return Stage::signed_by;
  if (is_among(code, {"notary.identity", "notary.policy_none"})) return Stage::stranger;
  return is_among(code, {"parse.", "notary.envelope", "notary.crit", "notary.payload"}) ? Stage::parsed
                                                                                        : Stage::formed;
}

notation::Descriptor descriptor_of(const Evidence& evidence) {
  const auto manifest = parse_image_manifest(evidence.manifest, "artifact.manifest");
  std::string type = manifest ? manifest->media_type : std::string();
  if (type.empty()) type = "application/vnd.oci.image.manifest.v1+json";
  return {std::move(type), evidence.digest, evidence.manifest.size()};
}

Result<void> check_authority(const NotationAuthority& authority, const notation::Verified& verified) {
  if (verified.policy != authority.policy) {
    return Error::refused("notary.policy_none", "the repository's notation policy is " + verified.policy +
                                                    ", asked for is " + authority.policy);
  }
  if (!authority.store.empty() && verified.store != authority.store) {
    return Error::refused("notary.store", "the certificate is of the store " + verified.store +
                                              ", asked for is " + authority.store);
  }
  return {};
}

Result<std::string> envelope_of(const Candidate& candidate) {
  auto bytes = candidate.blob.whole(notation::kMaxEnvelopeBytes);
  if (!bytes && bytes.error().code() == "files.too_large")
    return Error::refused("parse.limit", "a Notary Project signature larger than 512 KiB");
  if (bytes && crypto::sha256(*bytes) != candidate.layer.digest)
    return Error::refused("blob.digest_mismatch", "the signature changed while it was read");
  return bytes;
}

}  // namespace

Judgement judge_notation(const Question& question, const Candidate& candidate) {
  const auto bytes = envelope_of(candidate);
  if (!bytes) return refuse(Stage::parsed, bytes.error());
  notation::Request request{descriptor_of(question.evidence), question.circumstances.repository,
                            question.policy.annotations()};
  const notation::Trust& trust = question.state.notation();
  std::vector<notation::Check> passed;
  auto verified = notation::verify(candidate.layer.media_type, *bytes, request, trust.policy, trust.store,
                                   question.circumstances.now, &passed);
  if (!verified) {
    Refusal refusal{notation_stage(verified.error().code()), std::move(verified).error()};
    for (const auto& check : passed) refusal.passed.push_back({check.name, check.detail});
    return tl::unexpected<Refusal>(std::move(refusal));
  }
  const auto envelope = notation::parse_envelope(candidate.layer.media_type, *bytes);
  if (!envelope) return refuse(Stage::parsed, envelope.error());
  const SignerIds ids = ids_of(*verified, *envelope);
  SignatureEvidence evidence = begin_evidence(question, candidate, "notary", 0);
  record(evidence, *verified);
  std::vector<Proof> proofs;
  std::optional<Error> other;
  const auto& authorities = question.policy.authorities();
  for (size_t i = 0; i < authorities.size(); ++i) {
    const auto* authority = std::get_if<NotationAuthority>(&authorities[i].rule);
    if (authority == nullptr) continue;
    if (auto fits = check_authority(*authority, *verified); !fits) {
      other = std::move(fits).error();
      continue;
    }
    evidence.authority = authorities[i].name;
    proofs.push_back({i, ids.same, evidence});
  }
  if (proofs.empty()) {
    return refuse(
        Stage::stranger,
        other ? std::move(*other) : Error::refused("notary.policy_none", "no notation policy is asked for"));
  }
  if (auto trusted = check_signer(question, ids, evidence.times); !trusted)
    return refuse(Stage::signed_by, std::move(trusted).error());
  return proofs;
}

}  // namespace gridseal::trust
