// What is trusted on this host, as people and scripts see it. docs/cli.md describes every member.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "config/settings.hpp"
#include "trust/effective_trust.hpp"

namespace gridseal::report {

// {"bundle", "anchor", "keys", "sigstore_roots", "notation_stores", "policies", "denials", "warnings"}.
base::Json trust(const config::Settings& settings, const trust::TrustState& state,
                 const trust::TrustChain& chain, const std::vector<std::string>& warnings);

// Who must have signed, in sentences: one line each.
std::vector<std::string> policy_in_words(const config::TrustPolicy& policy);
// What of a policy is allowed and yet likely a mistake: expressions without ^ and $, and so on.
std::vector<std::string> policy_warnings(const config::TrustPolicy& policy);

// {"bundles": [{"version", "fingerprint", "created", "signers", …}]}, oldest first.
base::Json trust_history(const trust::TrustChain& chain);

}  // namespace gridseal::report
