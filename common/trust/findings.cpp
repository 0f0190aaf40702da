#include "trust/findings.hpp"

#include "crypto/sha256.hpp"
#include "trust/tally.hpp"

namespace gridseal::trust {
namespace {

Finding counted(const SignatureEvidence& evidence, const std::string& authority, bool attestation) {
  std::string where(to_string(evidence.place));
  if (const auto digest = base::Digest::parse(evidence.signature_manifest))
    where += " " + digest->short_form();
  return {std::move(where), attestation, authority, {}, evidence};
}

}  // namespace

std::vector<Finding> find_all(const TrustState& state, const Policy& policy, const Evidence& evidence,
                              const Circumstances& circumstances) {
  std::vector<Finding> findings;
  if (crypto::sha256(evidence.manifest) != evidence.digest) return findings;
  const Question question{state, policy, evidence, circumstances};
  Tally tally(policy);
  collect(question, tally);
  for (size_t i = 0; i < tally.counted().size(); ++i) {
    if (tally.counted()[i] != nullptr)
      findings.push_back(counted(*tally.counted()[i], policy.authorities()[i].name, false));
  }
  for (const Tally::Attested& attested : tally.attested()) {
    if (!attested.evidence) continue;
    const SignatureEvidence& evidence = attested.evidence->signature;
    findings.push_back(counted(evidence, evidence.authority, true));
    findings.back().rule = attested.evidence->name;
  }
  for (const Tried& tried : tally.tried()) {
    findings.push_back({tried.where, tried.role == Role::attestation});
    findings.back().error = tried.refusal.error;
    findings.back().passed = tried.refusal.passed;
    findings.back().other_kind = tried.refusal.stage == Stage::other_kind;
  }
  return findings;
}

}  // namespace gridseal::trust
