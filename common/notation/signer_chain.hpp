// The signer's certificate chain (internal to notation): what signature-specification.md asks of it
// whatever the trust store says, and its place in one.
#pragma once

#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "notation/envelope.hpp"
#include "notation/trust_policy.hpp"
#include "notation/trust_store.hpp"

namespace gridseal::notation {

using Chain = std::vector<crypto::Certificate>;

// Errors (refused): those of Certificate::from_der.
base::Result<Chain> parse_chain(const Envelope& envelope);

// The one algorithm that fits the leaf's key. Error (refused): notary.alg.
base::Result<Algorithm> algorithm_of(const crypto::Certificate& leaf);

// Errors (refused): sig.invalid.
base::Result<void> check_signature(const crypto::Certificate& leaf, Algorithm algorithm,
                                   const Envelope& envelope);

// Complete, in order, self-signed at its end, nothing besides. Error (refused): notary.chain.
base::Result<void> check_links(const Chain& chain);

// "Certificate Requirements". Error (refused): notary.cert_requirements.
base::Result<void> check_requirements(const Chain& chain);

// The store of the policy, of the type that the scheme asks for, in which a certificate of the chain stands.
// Error (refused): notary.store.
base::Result<StoreReference> find_in_stores(const Chain& chain, SigningScheme scheme,
                                            const TrustPolicy& policy, const TrustStore& store);

// Which identity of the policy the leaf's subject matches, as text. Error (refused): notary.identity.
base::Result<std::string> match_identity(const crypto::Certificate& leaf, const TrustPolicy& policy);

}  // namespace gridseal::notation
