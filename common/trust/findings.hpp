// Each thing that was found beside an artifact and what came of it, for people who ask why. verify() answers
// the question itself; this looks at the same candidates again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trust/verified.hpp"

namespace gridseal::trust {

struct Finding {
  std::string where;                            // "referrer sha256:12ab…"
  bool attestation = false;                     // else a signature, or it cannot be told
  std::string authority{};                      // of the policy, that it counts for; empty: it does not count
  std::string rule{};                           // of an attestation that counts: what the policy calls it
  std::optional<SignatureEvidence> evidence{};  // of what counts
  std::vector<Check> passed{};                  // before it failed; those of evidence are in it
  std::optional<base::Error> error{};           // why it does not count
  bool other_kind = false;                      // no signature at all, or of a kind that nobody is asked for
};

// Empty when the manifest is not the one that was resolved: then nothing beside it is looked at. Candidates
// that verify() did not need are not looked at either.
std::vector<Finding> find_all(const TrustState& state, const Policy& policy, const Evidence& evidence,
                              const Circumstances& circumstances = {});

}  // namespace gridseal::trust
