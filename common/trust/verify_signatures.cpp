// Whether what lies beside an artifact satisfies the policy, and what is missing when it does not.
#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "trust/tally.hpp"
#include "trust/verify.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Outcome;
using base::Result;

std::string describe(const Tried& tried) {
  return tried.where + ": " + tried.refusal.error.describe() + " [" + tried.refusal.error.code() + "]";
}

bool is_wrong(const Tried& tried) {
  return tried.refusal.stage != Stage::other_kind && tried.refusal.error.outcome() != Outcome::pending;
}

// What to say of a tally that is not complete. Where something is missing and something wrong lies in its
// place, the answer is what is wrong; where nothing does, it is pending.
class Shortfall {
 public:
  Shortfall(const Question& question, const Tally& tally) : question_(question), tally_(tally) {}

  Error say() const {
    const size_t number = tally_.signed_by();
    if (number == 0) return nobody_signed();
    if (number < question_.policy.threshold()) return too_few();
    for (size_t i = 0; i < tally_.attested().size(); ++i) {
      if (!tally_.attested()[i].evidence) return not_attested(i);
    }
    return nobody_signed();  // not reached: the tally is complete
  }

 private:
  // The failure that tells most: something wrong before something missing, then the one that got furthest.
  template <class Counts>
  const Tried* most_telling(Counts counts) const {
    const auto rank = [](const Tried& tried) {
      return (is_wrong(tried) ? 100 : 0) + static_cast<int>(tried.refusal.stage);
    };
    const Tried* best = nullptr;
    for (const Tried& tried : tally_.tried()) {
      if (counts(tried) && (best == nullptr || rank(tried) > rank(*best))) best = &tried;
    }
    return best;
  }

  // A wrong attestation is no wrong signature: what is missing then is the signature.
  Error nobody_signed() const {
    const Tried* best = most_telling([](const Tried& tried) {
      return tried.role != Role::attestation && tried.refusal.stage != Stage::other_kind;
    });
    if (best != nullptr) return because_of(*best, "");
    best = most_telling([](const Tried&) { return true; });
    const std::string found = best == nullptr ? std::string() : "; found " + best->refusal.error.message();
    return with_remarks(
        Error::pending("registry.no_signature", "there is no signature of this artifact yet" + found), best);
  }

  // A signature of somebody who is not asked for may lie beside others.
  Error too_few() const {
    const Tried* best = most_telling([](const Tried& tried) {
      return tried.role != Role::attestation && tried.refusal.stage != Stage::stranger && is_wrong(tried);
    });
    const std::string lead = how_many();
    return best != nullptr ? because_of(*best, lead + "; ")
                           : with_remarks(Error::pending("policy.threshold", lead), nullptr);
  }

  std::string how_many() const {
    const auto& authorities = question_.policy.authorities();
    std::string have;
    std::string missing;
    for (size_t i = 0; i < authorities.size(); ++i) {
      std::string& list = tally_.counted()[i] != nullptr ? have : missing;
      list += (list.empty() ? "" : ", ") + authorities[i].name;
      if (tally_.signed_by_other(i)) list += " (signed by somebody who counts once already)";
    }
    return std::to_string(tally_.signed_by()) + " of " + std::to_string(question_.policy.threshold()) +
           " needed authorities have signed: " + have + "; missing: " + missing;
  }

  Error not_attested(size_t index) const {
    const AttestationRule& rule = question_.policy.attestations()[index];
    if (const auto& wrong = tally_.attested()[index].wrong) return with_remarks(*wrong, nullptr);
    const Tried* best = most_telling([&](const Tried& tried) {
      const bool about_it = tried.predicate_type.empty() || tried.predicate_type == rule.type;
      return tried.role != Role::signature && about_it && is_wrong(tried);
    });
    const std::string name = "the attestation " + rule.name + " (" + rule.type + ") ";
    return best != nullptr
               ? because_of(*best, name + "does not count: ")
               : with_remarks(Error::pending("attestation.missing", name + "is not there yet"), nullptr);
  }

  Error because_of(const Tried& tried, const std::string& lead) const {
    const Error& error = tried.refusal.error;
    return with_remarks(Error(error.outcome(), error.code(), lead + tried.where + ": " + error.describe()),
                        &tried);
  }

  Error with_remarks(const Error& error, const Tried* told) const {
    constexpr size_t kShown = 5;
    std::string text = error.describe();
    size_t shown = 0;
    size_t hidden = 0;
    for (const Tried& tried : tally_.tried()) {
      if (&tried == told) continue;
      if (shown == kShown)
        ++hidden;
      else if (++shown != 0)
        text += "; also " + describe(tried);
    }
    if (hidden != 0) text += "; and " + std::to_string(hidden) + " more that do not count";
    const size_t left = question_.evidence.not_tried + tally_.not_tried();
    if (left != 0) text += "; " + std::to_string(left) + " more were not tried, there are too many";
    for (const std::string& note : question_.evidence.notes) text += "; " + base::printable(note);
    return {error.outcome(), error.code(), std::move(text)};
  }

  const Question& question_;
  const Tally& tally_;
};

Satisfied satisfied_by(const Tally& tally) {
  Satisfied satisfied;
  for (const SignatureEvidence* evidence : tally.counted()) {
    if (evidence != nullptr) satisfied.signatures.push_back(*evidence);
  }
  for (const Tally::Attested& attested : tally.attested())
    satisfied.attestations.push_back(*attested.evidence);
  for (const Tried& tried : tally.tried()) satisfied.others.push_back(describe(tried));
  return satisfied;
}

}  // namespace

Result<Satisfied> verify_signatures(const TrustState& state, const Policy& policy, const Evidence& evidence,
                                    const Circumstances& circumstances) {
  if (crypto::sha256(evidence.manifest) != evidence.digest) {
    return Error::refused("artifact.digest_mismatch",
                          "the manifest is not the one with digest " + evidence.digest.to_string());
  }
  if (evidence.manifest.size() > kMaxArtifactManifest)
    return Error::refused("parse.limit", "the artifact's manifest is larger than 512 KiB");
  if (auto good = state.denials().check_digest(evidence.digest); !good) return std::move(good).error();
  if (auto good = check_binding(policy, circumstances.repository, circumstances.environment); !good)
    return std::move(good).error();
  const Question question{state, policy, evidence, circumstances};
  Tally tally(policy);
  collect(question, tally);
  if (tally.complete()) return satisfied_by(tally);
  return Shortfall(question, tally).say();
}

}  // namespace gridseal::trust
