// One signature that might count, and why it does or does not (internal to trust).
#pragma once

#include <functional>
#include <string_view>

#include "sigstore/bundle.hpp"
#include "trust/image_manifest.hpp"
#include "trust/verified.hpp"

namespace gridseal::trust {

// How far a candidate got: the further, the more its failure tells.
enum class Stage {
  other_kind,  // an attestation, or a kind that is not judged: no signature at all
  fetched,     // listed, its bytes missing or not those that were promised
  parsed,      // its bytes, not its form
  formed,      // well formed, not by anybody who is asked for
  signed_by,   // signed by one of them, about something else or no longer trusted
};

struct Refusal {
  Stage stage;
  base::Error error;
};

// What a candidate proves.
struct Proof {
  std::vector<size_t> authorities;  // whose signature it is: indices in the policy, never empty
  std::vector<std::string> signer;  // what makes two signers the same one: keys and identities
  SignatureEvidence evidence;
  std::optional<sigstore::SignedStatement> statement;  // of an attestation
};

using Judgement = tl::expected<Proof, Refusal>;

inline tl::unexpected<Refusal> refuse(Stage stage, base::Error error) {
  return tl::unexpected<Refusal>(Refusal{stage, std::move(error)});
}

// What a candidate is held against.
struct Question {
  const TrustState& state;
  const Policy& policy;
  const Evidence& evidence;
  const Circumstances& circumstances;
};

// Where a candidate lies.
struct Candidate {
  const SignatureManifest& manifest;
  const base::Digest& manifest_digest;
  const Content& layer;
  std::string_view blob;  // already compared with the layer's digest and size
};

enum class Role { signature, attestation };

// The ids that a denial may name, and those that make two signers the same one.
struct SignerIds {
  std::vector<SignerId> denied;
  std::vector<std::string> same;
};

bool is_among(std::string_view code, std::initializer_list<std::string_view> prefixes);
std::string spki_id(std::string_view spki);
// Evidence with the fields filled that every kind has.
SignatureEvidence begin_evidence(const Question& question, const Candidate& candidate, std::string scheme);
base::Result<void> check_denials(const Question& question, const SignerIds& ids,
                                 std::optional<base::Time> proven);

// A bundle; `bundle` is candidate.blob parsed.
Judgement judge_bundle(const Question& question, const Candidate& candidate, const sigstore::Bundle& bundle,
                       Role role);
// A layer of simple signing (a signature) or of a bare DSSE envelope (an attestation).
Judgement judge_legacy(const Question& question, const Candidate& candidate, Role role);
// A Notary Project envelope (a signature).
Judgement judge_notation(const Question& question, const Candidate& candidate);

// A candidate that did not count.
struct Tried {
  std::string where;  // "referrer sha256:12ab…"
  Refusal refusal;
};

struct Collected {
  std::vector<Proof> signatures;
  std::vector<Proof> attestations;
  std::vector<Tried> tried;
  size_t not_tried = 0;  // there were too many
};

// Judges the candidates one after the other, until `enough` says that no more are needed.
Collected collect(const Question& question, const std::function<bool(const Collected&)>& enough);

// Which of the policy's authorities have signed, each by another signer: as many as can be (a maximum
// matching). The result names for each authority the proof that counts for it, or nothing.
std::vector<std::optional<size_t>> match_authorities(size_t authorities, const std::vector<Proof>& proofs);

}  // namespace gridseal::trust
