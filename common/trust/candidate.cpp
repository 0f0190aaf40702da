#include "trust/candidate.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"

namespace gridseal::trust {

using base::Result;

bool is_among(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::any_of(codes, [&](std::string_view prefix) { return code.starts_with(prefix); });
}

std::string spki_id(std::string_view spki) {
  return "key:" + crypto::sha256(spki).to_string();
}

SignatureEvidence begin_evidence(const Question& question, const Candidate& candidate, std::string scheme) {
  SignatureEvidence evidence;
  evidence.scheme = std::move(scheme);
  evidence.policy = question.policy.name();
  evidence.generation = question.state.generation();
  evidence.artifact = question.evidence.digest.to_string();
  evidence.place = candidate.manifest.place;
  evidence.signature_manifest = candidate.manifest_digest.to_string();
  evidence.signature_blob = candidate.layer.digest.to_string();
  evidence.checks.push_back(
      {"content", "manifest, signature manifest and signature have their digests and sizes"});
  return evidence;
}

Result<void> check_denials(const Question& question, const SignerIds& ids, std::optional<base::Time> proven) {
  return question.state.denials().check_signer(ids.denied, question.evidence.digest, proven,
                                               question.circumstances.occasion);
}

}  // namespace gridseal::trust
