// What the candidates proved so far, held against one policy (internal to trust).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trust/candidate.hpp"

namespace gridseal::trust {

// A candidate that did not count.
struct Tried {
  std::string where;  // "referrer sha256:12ab…"
  Refusal refusal;
  std::optional<Role> role{};    // absent: cannot be told
  std::string predicate_type{};  // of an attestation; empty: cannot be told
};

class Tally {
 public:
  explicit Tally(const Policy& policy)
      : policy_(policy), counted_(policy.authorities().size()), attested_(policy.attestations().size()) {}

  void add(Role role, std::vector<Proof> proofs);
  void add(Tried tried) { tried_.push_back(std::move(tried)); }
  void add_not_tried() { ++not_tried_; }

  // Threshold and attestations: no more candidates are needed.
  bool complete() const;

  size_t signed_by() const;  // so many authorities
  // For each authority the evidence of the signature that counts for it, or nothing: as many authorities as
  // can be, each by another signer (a maximum matching).
  const std::vector<const SignatureEvidence*>& counted() const { return counted_; }
  // Somebody signed for it, who counts for another authority already.
  bool signed_by_other(size_t authority) const;

  struct Attested {
    std::optional<AttestationEvidence> evidence;  // one that fits
    std::optional<base::Error> wrong;             // else the first one of the type that does not
  };
  const std::vector<Attested>& attested() const { return attested_; }  // one for each of the policy's

  const std::vector<Tried>& tried() const { return tried_; }
  size_t not_tried() const { return not_tried_; }

 private:
  // Everybody who shares a key or an identity is one signer.
  struct Signer {
    std::vector<std::string> ids;
    std::map<size_t, SignatureEvidence> evidence;  // authority → the first signature for it
  };
  void add_signature(Proof proof);
  void add_attestation(const Proof& proof);
  void match();
  bool assign(size_t authority, std::vector<bool>& seen, std::vector<std::optional<size_t>>& taken) const;

  const Policy& policy_;
  std::vector<Signer> signers_;
  std::vector<const SignatureEvidence*> counted_;
  std::vector<Attested> attested_;
  std::vector<Tried> tried_;
  size_t not_tried_ = 0;
};

// Judges the candidates one after the other, until the tally is complete.
void collect(const Question& question, Tally& tally);

}  // namespace gridseal::trust
