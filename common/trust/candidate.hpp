// One signature that might count, and why it does or does not (internal to trust).
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "sigstore/bundle.hpp"
#include "trust/image_manifest.hpp"
#include "trust/verified.hpp"

namespace gridseal::trust {

// How far a candidate got: the further, the more its failure tells.
enum class Stage {
  other_kind,  // no signature at all, or of a kind that nobody is asked for
  fetched,     // listed, its bytes missing or not those that were promised
  parsed,      // its bytes, not its form
  formed,      // well formed, and nobody's who is asked for, as far as can be told
  stranger,    // a good signature of somebody who is not asked for
  signed_by,   // said to be by somebody who is asked for: altered, about something else, no longer trusted
};

struct Refusal {
  Stage stage;
  base::Error error;
  std::vector<Check> passed{};  // before it failed, for people
};

// What a candidate proves for one authority of the policy.
struct Proof {
  size_t authority = 0;             // index in the policy
  std::vector<std::string> signer;  // what makes two signers the same one: keys and identities
  SignatureEvidence evidence;
  std::optional<sigstore::SignedStatement> statement{};  // of an attestation
};

// One proof for each authority that it counts for, never none.
using Judgement = tl::expected<std::vector<Proof>, Refusal>;

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
  base::Blob blob;  // already compared with the layer's digest and size
};

enum class Role { signature, attestation };

// The ids that a denial may name, and those that make two signers the same one.
struct SignerIds {
  std::vector<SignerId> denied;
  std::vector<std::string> same;
  std::optional<std::pair<std::string, std::string>> identity;  // issuer and subject
  // A certificate (DER) of the path: it and its key. The leaf's key also makes signers the same, and its
  // names are the identity unless there is one.
  void add_certificate(std::string_view der, bool leaf);
};

bool is_among(std::string_view code, std::initializer_list<std::string_view> prefixes);
// Evidence with the fields filled that every kind has.
SignatureEvidence begin_evidence(const Question& question, const Candidate& candidate, std::string scheme,
                                 size_t authority);
// What can be said against a good signature of somebody who is asked for: times that have not come yet, and
// denials. Errors: time.in_future (blocked: who is wrong, clock or authority, cannot be told), those of
// Denials::check_signer.
base::Result<void> check_signer(const Question& question, const SignerIds& ids,
                                const std::vector<sigstore::VerifiedTime>& times);

// A bundle; `bundle` is candidate.blob parsed.
Judgement judge_bundle(const Question& question, const Candidate& candidate, const sigstore::Bundle& bundle,
                       Role role);
// A layer of simple signing (a signature) or of a bare DSSE envelope (an attestation).
Judgement judge_legacy(const Question& question, const Candidate& candidate, Role role);
// A Notary Project envelope (a signature).
Judgement judge_notation(const Question& question, const Candidate& candidate);

}  // namespace gridseal::trust
