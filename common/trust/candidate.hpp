// One signature that might count, and why it does or does not (internal to trust).
#pragma once

#include <string_view>

#include "trust/verified.hpp"

namespace gridseal::trust {

// How far a candidate got: the further, the more its failure tells.
enum class Stage {
  other_kind,  // an attestation, or a kind that is not judged: no signature at all
  fetched,     // listed, its bytes missing or not those that were promised
  parsed,      // its bytes, not its form
  formed,      // well formed, not by a trusted key
  signed_by,   // signed by a trusted key, about something else
};

struct Refusal {
  Stage stage;
  base::Error error;
};

using Judgement = tl::expected<SignatureEvidence, Refusal>;

inline tl::unexpected<Refusal> refuse(Stage stage, base::Error error) {
  return tl::unexpected<Refusal>(Refusal{stage, std::move(error)});
}

// What a candidate is held against.
struct Question {
  const TrustState& state;
  const Policy& policy;
  const Evidence& evidence;
};

// Where a candidate lies.
struct Candidate {
  const SignatureManifest& manifest;
  const base::Digest& manifest_digest;
  const Content& layer;
  std::string_view blob;  // already compared with the layer's digest and size
};

// Evidence with the fields filled that every kind has.
SignatureEvidence begin_evidence(const Question& question, const Candidate& candidate, std::string scheme);
void record_key(SignatureEvidence& evidence, const PinnedKey& key, crypto::Scheme scheme);

// The annotations that the policy asks for are among the signed ones.
base::Result<void> check_annotations(const Policy& policy, SignatureEvidence& evidence,
                                     const std::string& code);

Judgement judge_simple_signing(const Question& question, const Candidate& candidate);
Judgement judge_bundle(const Question& question, const Candidate& candidate);

// "ci.pub, release.pub".
std::string key_names(const Policy& policy);

}  // namespace gridseal::trust
