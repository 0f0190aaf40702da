// Whether what lies beside an artifact satisfies the policy, and what is missing when it does not.
#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "trust/candidate.hpp"
#include "trust/verify.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

using Counted = std::vector<std::optional<size_t>>;

size_t count_of(const Counted& counted) {
  return static_cast<size_t>(std::ranges::count_if(counted, [](const auto& one) { return one.has_value(); }));
}

std::string describe(const Tried& tried) {
  return tried.where + ": " + tried.refusal.error.describe() + " [" + tried.refusal.error.code() + "]";
}

// --- attestations ----------------------------------------------------------------------------------------

Result<AttestationEvidence> hold_against(const AttestationRule& rule, const std::string& authority,
                                         const Proof& proof) {
  const sigstore::SignedStatement& statement = *proof.statement;
  const auto json = base::parse_json(statement.payload);
  if (!json) return json.error();
  AttestationEvidence evidence{
      rule.name, rule.type, crypto::sha256(statement.payload).to_string(), proof.evidence, {}};
  evidence.signature.authority = authority;
  for (const Condition& condition : rule.conditions) {
    if (auto holds = condition.check(*json); !holds)
      return std::move(holds).error().with_context("the attestation " + rule.name +
                                                   " is not what is asked for");
    evidence.conditions.push_back(condition.describe());
  }
  return evidence;
}

// Who of those that may attest has signed this statement of the type that is asked for.
std::optional<size_t> attester(const AttestationRule& rule, const Proof& proof) {
  if (!proof.statement || proof.statement->statement.predicate_type != rule.type) return std::nullopt;
  for (const size_t authority : proof.authorities) {
    if (std::ranges::find(rule.authorities, authority) != rule.authorities.end()) return authority;
  }
  return std::nullopt;
}

// One that fits suffices; one that is there and says something else is told of.
Result<AttestationEvidence> find_attestation(const Policy& policy, const AttestationRule& rule,
                                             const std::vector<Proof>& proofs) {
  std::optional<Error> wrong;
  for (const Proof& proof : proofs) {
    const auto authority = attester(rule, proof);
    if (!authority) continue;
    auto evidence = hold_against(rule, policy.authorities()[*authority].name, proof);
    if (evidence) return evidence;
    if (!wrong) wrong = std::move(evidence).error();
  }
  if (wrong) return std::move(*wrong);
  return Error::pending("attestation.missing",
                        "the attestation " + rule.name + " (" + rule.type + ") is not there yet");
}

// --- the answer ------------------------------------------------------------------------------------------

class Answer {
 public:
  Answer(const Question& question, const Collected& collected) : question_(question), collected_(collected) {}

  Result<Satisfied> give() const {
    const Counted counted = match_authorities(question_.policy.authorities().size(), collected_.signatures);
    const size_t number = count_of(counted);
    if (number == 0) return nobody_signed();
    if (number < question_.policy.threshold()) return too_few(counted);
    Satisfied satisfied;
    for (size_t i = 0; i < counted.size(); ++i) {
      if (!counted[i]) continue;
      SignatureEvidence evidence = collected_.signatures[*counted[i]].evidence;
      evidence.authority = question_.policy.authorities()[i].name;
      satisfied.signatures.push_back(std::move(evidence));
    }
    for (const AttestationRule& rule : question_.policy.attestations()) {
      auto attestation = find_attestation(question_.policy, rule, collected_.attestations);
      if (!attestation) return with_remarks(std::move(attestation).error(), nullptr);
      satisfied.attestations.push_back(std::move(*attestation));
    }
    for (const Tried& tried : collected_.tried) satisfied.others.push_back(describe(tried));
    return satisfied;
  }

 private:
  // The most telling failure, with the others behind it.
  Error nobody_signed() const {
    const Tried* best = nullptr;
    for (const Tried& tried : collected_.tried) {
      if (best == nullptr || rank(tried) > rank(*best)) best = &tried;
    }
    if (best == nullptr || best->refusal.stage == Stage::other_kind) {
      const std::string found = best == nullptr ? std::string() : "; found " + best->refusal.error.message();
      return with_remarks(
          Error::pending("registry.no_signature", "there is no signature of this artifact yet" + found),
          best);
    }
    const Error& error = best->refusal.error;
    return with_remarks(Error(error.outcome(), error.code(), best->where + ": " + error.describe()), best);
  }

  Error too_few(const Counted& counted) const {
    std::string have;
    std::string missing;
    for (size_t i = 0; i < counted.size(); ++i) {
      std::string& list = counted[i] ? have : missing;
      list += (list.empty() ? "" : ", ") + question_.policy.authorities()[i].name;
    }
    return with_remarks(Error::pending("policy.threshold", std::to_string(count_of(counted)) + " of " +
                                                               std::to_string(question_.policy.threshold()) +
                                                               " needed authorities have signed: " + have +
                                                               "; missing: " + missing),
                        nullptr);
  }

  // Something wrong says more than something missing; after that the one that got furthest.
  static int rank(const Tried& tried) {
    const int stage = static_cast<int>(tried.refusal.stage);
    const bool counts =
        tried.refusal.stage != Stage::other_kind && tried.refusal.error.outcome() == base::Outcome::refused;
    return counts ? 10 + stage : stage;
  }

  Error with_remarks(const Error& error, const Tried* told) const {
    constexpr size_t kShown = 5;
    std::string text = error.describe();
    size_t shown = 0;
    size_t hidden = 0;
    for (const Tried& tried : collected_.tried) {
      if (&tried == told) continue;
      if (shown == kShown)
        ++hidden;
      else if (++shown != 0)
        text += "; also " + describe(tried);
    }
    if (hidden != 0) text += "; and " + std::to_string(hidden) + " more that do not count";
    const size_t left = question_.evidence.not_tried + collected_.not_tried;
    if (left != 0) text += "; " + std::to_string(left) + " more were not tried, there are too many";
    for (const std::string& note : question_.evidence.notes) text += "; " + base::printable(note);
    return {error.outcome(), error.code(), std::move(text)};
  }

  const Question& question_;
  const Collected& collected_;
};

}  // namespace

Result<Satisfied> verify_signatures(const TrustState& state, const Policy& policy, const Evidence& evidence,
                                    const Circumstances& circumstances) {
  if (crypto::sha256(evidence.manifest) != evidence.digest) {
    return Error::refused("artifact.digest_mismatch",
                          "the manifest is not the one with digest " + evidence.digest.to_string());
  }
  if (auto good = state.denials().check_digest(evidence.digest); !good) return std::move(good).error();
  if (auto good = check_binding(policy, circumstances.repository, circumstances.environment); !good)
    return std::move(good).error();
  const Question question{state, policy, evidence, circumstances};
  const Collected collected =
      collect(question, [&](const Collected& so_far) { return Answer(question, so_far).give().has_value(); });
  return Answer(question, collected).give();
}

}  // namespace gridseal::trust
