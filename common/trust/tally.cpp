#include "trust/tally.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

bool share(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::ranges::find_first_of(some, others) != some.end();
}

Result<AttestationEvidence> hold_against(const AttestationRule& rule, const Policy& policy,
                                         const Proof& proof) {
  const std::string who = "the attestation " + rule.name;
  if (std::ranges::find(rule.authorities, proof.authority) == rule.authorities.end()) {
    std::string wanted;
    for (const size_t authority : rule.authorities)
      wanted += (wanted.empty() ? "" : ", ") + policy.authorities()[authority].name;
    return Error::refused("attestation.authority",
                          who + " is signed by " + proof.evidence.authority + "; asked for is " + wanted);
  }
  AttestationEvidence evidence{
      rule.name, rule.type, proof.statement->payload.to_string(), proof.evidence, {}};
  for (const Condition& condition : rule.conditions) {
    if (auto holds = condition.check(proof.statement->statement->fields); !holds)
      return std::move(holds).error().with_context(who + " is not what is asked for");
    evidence.conditions.push_back(condition.describe());
  }
  return evidence;
}

}  // namespace

void Tally::add(Role role, std::vector<Proof> proofs) {
  if (role == Role::signature) {
    for (Proof& proof : proofs) add_signature(std::move(proof));
    return match();
  }
  for (const Proof& proof : proofs) {
    if (proof.statement) add_attestation(proof);
  }
}

void Tally::add_signature(Proof proof) {
  Signer one{std::move(proof.signer), {}};
  one.evidence.emplace(proof.authority, std::move(proof.evidence));
  // What two signers were before may turn out to be one.
  for (size_t i = 0; i < signers_.size();) {
    Signer& known = signers_[i];
    if (!share(known.ids, one.ids)) {
      ++i;
      continue;
    }
    for (std::string& id : one.ids) {
      if (std::ranges::find(known.ids, id) == known.ids.end()) known.ids.push_back(std::move(id));
    }
    known.evidence.merge(one.evidence);
    one = std::move(known);
    signers_.erase(signers_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  signers_.push_back(std::move(one));
}

void Tally::add_attestation(const Proof& proof) {
  for (size_t i = 0; i < attested_.size(); ++i) {
    const AttestationRule& rule = policy_.attestations()[i];
    Attested& attested = attested_[i];
    if (attested.evidence || proof.statement->statement->predicate_type != rule.type) continue;
    auto evidence = hold_against(rule, policy_, proof);
    if (evidence)
      attested.evidence = std::move(*evidence);
    else if (!attested.wrong || attested.wrong->code() == "attestation.authority")
      attested.wrong = std::move(evidence).error();
  }
}

bool Tally::assign(size_t authority, std::vector<bool>& seen,
                   std::vector<std::optional<size_t>>& taken) const {
  for (size_t i = 0; i < signers_.size(); ++i) {
    if (seen[i] || !signers_[i].evidence.contains(authority)) continue;
    seen[i] = true;
    if (taken[i] && !assign(*taken[i], seen, taken)) continue;
    taken[i] = authority;
    return true;
  }
  return false;
}

void Tally::match() {
  std::vector<std::optional<size_t>> taken(signers_.size());  // signer → authority
  for (size_t authority = 0; authority < counted_.size(); ++authority) {
    std::vector<bool> seen(signers_.size());
    assign(authority, seen, taken);
  }
  std::ranges::fill(counted_, nullptr);
  for (size_t i = 0; i < signers_.size(); ++i) {
    if (taken[i]) counted_[*taken[i]] = &signers_[i].evidence.at(*taken[i]);
  }
}

size_t Tally::signed_by() const {
  return counted_.size() - static_cast<size_t>(std::ranges::count(counted_, nullptr));
}

bool Tally::signed_by_other(size_t authority) const {
  return counted_[authority] == nullptr && std::ranges::any_of(signers_, [&](const Signer& signer) {
           return signer.evidence.contains(authority);
         });
}

bool Tally::complete() const {
  return signed_by() >= policy_.threshold() &&
         std::ranges::all_of(attested_, [](const Attested& one) { return one.evidence.has_value(); });
}

}  // namespace gridseal::trust
