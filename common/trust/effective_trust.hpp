// What is trusted in the end: the pinned files, what the trust bundle in force adds and takes back, and what
// this host denies of its own.
#pragma once

#include <string>
#include <vector>

#include "trust/policy.hpp"
#include "trust/trust_chain.hpp"

namespace gridseal::trust {

struct EffectiveTrust {
  TrustContent content;
  // What of the bundle was left out, and why. A document of it that cannot be used must not take the rest
  // away: the bundle is accepted, and only its successor can mend it.
  std::vector<std::string> left_out;
};

// A pure function. `bundle` may be nullptr. Where a name or a key is both pinned as a file and in the bundle,
// the file counts. Denials are those of all three together.
EffectiveTrust fold_trust(TrustContent pinned, const TrustBundle* bundle, const DenialEntries& local);

}  // namespace gridseal::trust
