// Named stores of pinned certificates (trust-store-trust-policy.md, "Trust Store"), and pinned revocation
// lists.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "crypto/certificate.hpp"
#include "crypto/revocation_list.hpp"
#include "notation/trust_policy.hpp"

namespace gridseal::notation {

// Immutable once filled; thread safe then.
class TrustStore {
 public:
  // `bytes` are one DER certificate or PEM CERTIFICATE blocks; `origin` names them in errors (a file name).
  // Stores ca and signingAuthority take CA certificates and self-signed signing certificates, tsa takes
  // self-signed CA certificates. Errors (refused): notary.store.
  base::Result<void> add_certificates(const StoreReference& store, std::string_view bytes,
                                      std::string_view origin);
  // One DER CertificateList or X509 CRL blocks. Errors (refused): notary.store.
  base::Result<void> add_revocation_lists(std::string_view bytes, std::string_view origin);

  // nullptr when there is no such store.
  const std::vector<crypto::Certificate>* find(const StoreReference& store) const;
  const std::vector<crypto::RevocationList>& revocation_lists() const { return revocation_lists_; }

 private:
  struct NamedStore {
    StoreReference reference;
    std::vector<crypto::Certificate> certificates;
  };
  std::vector<NamedStore> stores_;
  std::vector<crypto::RevocationList> revocation_lists_;
};

struct Trust {
  TrustPolicyDocument policy;
  TrustStore store;
};

// Every store that the policy names is there and not empty. Error (refused): notary.store.
base::Result<void> check_stores(const TrustPolicyDocument& policy, const TrustStore& store);

}  // namespace gridseal::notation
