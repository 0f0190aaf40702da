// Revocation by pinned lists (trust-store-trust-policy.md, "Certificate Revocation Evaluation"; internal to
// notation).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/revocation_list.hpp"

namespace gridseal::notation {

// Every certificate of an ordered chain but its last one. A certificate that names neither a list nor a
// responder, and of whose issuer no list is pinned, has nothing to be checked. `signed_before`: a time that
// is proven to lie after the signature; a revocation for compromise that began later does not matter.
// Returns how many certificates were looked up. Errors (refused): notary.revoked,
// notary.revocation_unavailable (no list that is current).
base::Result<size_t> check_revocation(const std::vector<crypto::Certificate>& chain,
                                      const std::vector<crypto::RevocationList>& lists,
                                      std::optional<base::Time> signed_before, base::Time now);

}  // namespace gridseal::notation
