#include "trust/candidate.hpp"

#include "base/encoding.hpp"

namespace gridseal::trust {

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

void record_key(SignatureEvidence& evidence, const PinnedKey& key, crypto::Scheme scheme) {
  evidence.key_name = key.name;
  evidence.key_id = key.key.key_id();
  const std::string kind(crypto::to_string(key.key.kind()));
  const std::string how(crypto::to_string(scheme));
  evidence.algorithm = key.key.kind() == crypto::KeyKind::ed25519 ? how : kind + "-" + how;
  evidence.checks.push_back({"signature", evidence.algorithm + " by the pinned key " + key.name});
}

base::Result<void> check_annotations(const Policy& policy, SignatureEvidence& evidence,
                                     const std::string& code) {
  for (const auto& [name, wanted] : policy.annotations()) {
    const auto found = evidence.annotations.find(name);
    if (found != evidence.annotations.end() && found->second == wanted) continue;
    std::string why = "policy " + policy.name() + " asks for the annotation " + name + "=" + wanted;
    why += found == evidence.annotations.end()
               ? "; the signature does not carry it"
               : "; the signature says '" + base::printable(found->second, 80) + "'";
    return base::Error::refused(code, std::move(why));
  }
  if (!policy.annotations().empty())
    evidence.checks.push_back({"annotations", "all that the policy asks for are signed"});
  return {};
}

std::string key_names(const Policy& policy) {
  std::string names;
  for (const PinnedKey& key : policy.keys()) {
    if (!names.empty()) names += ", ";
    names += key.name;
  }
  return names;
}

}  // namespace gridseal::trust
