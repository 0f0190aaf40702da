// The making of trust bundles, for the side that publishes. A host that only verifies signs none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/private_key.hpp"
#include "trust/trust_bundle.hpp"

namespace gridseal::trust {

// Errors: those of PrivateKey::sign.
base::Result<BundleSignature> sign_trust_bundle(const crypto::PrivateKey& key, std::string_view payload);

// The DSSE envelope. Without signatures it is a draft, which no host accepts.
std::string trust_bundle_envelope(std::string_view payload, const std::vector<BundleSignature>& signatures);

// An envelope that may be a draft: what it says and who signed, nothing of it verified. Errors: those of
// parse_trust_bundle.
struct TrustBundleDraft {
  TrustBundleContent content;
  std::vector<BundleSignature> signatures;
};
base::Result<TrustBundleDraft> parse_trust_bundle_draft(std::string_view envelope);

}  // namespace gridseal::trust
