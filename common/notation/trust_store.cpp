#include "notation/trust_store.hpp"

#include <algorithm>

#include "crypto/pem.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxPerStore = 64;
constexpr size_t kMaxLists = 64;

Error store_error(std::string_view origin, const std::string& what) {
  return Error::refused("notary.store", std::string(origin) + " " + what);
}

// The DER of a file that holds either that or PEM blocks of `label`.
Result<std::vector<std::string>> der_of(std::string_view bytes, std::string_view label,
                                        std::string_view origin, size_t max) {
  if (bytes.starts_with('\x30')) return std::vector<std::string>{std::string(bytes)};
  auto blocks = crypto::parse_pem(bytes, max);
  if (!blocks) return store_error(origin, "is neither DER nor PEM: " + blocks.error().describe_with_code());
  std::vector<std::string> all;
  for (crypto::PemBlock& block : *blocks) {
    if (block.label != label)
      return store_error(origin, "holds a PEM block that is no " + std::string(label));
    all.push_back(std::move(block.bytes));
  }
  return all;
}

// trust-store-trust-policy.md, "Trust Store": roots; a certificate that could not end any chain is a mistake.
Result<void> check_anchor(const crypto::Certificate& certificate, StoreType type, std::string_view origin) {
  const auto self_signed = certificate.check_signed_by(certificate);
  if (type == StoreType::tsa) {
    if (certificate.is_ca() && self_signed) return {};
    return store_error(origin, "is not a self-signed CA certificate, as a timestamping root must be");
  }
  if (certificate.is_ca() || self_signed) return {};
  return store_error(origin, "is neither a CA certificate nor a self-signed signing certificate");
}

}  // namespace

Result<void> TrustStore::add_certificates(const StoreReference& store, std::string_view bytes,
                                          std::string_view origin) {
  const auto all = der_of(bytes, "CERTIFICATE", origin, kMaxPerStore);
  if (!all) return all.error();
  auto named = std::ranges::find(stores_, store, &NamedStore::reference);
  std::vector<crypto::Certificate> certificates;
  for (const std::string& der : *all) {
    auto certificate = crypto::Certificate::from_der(der);
    if (!certificate)
      return store_error(origin, "is not a usable certificate: " + certificate.error().describe_with_code());
    if (auto fit = check_anchor(*certificate, store.type, origin); !fit) return fit;
    certificates.push_back(std::move(*certificate));
  }
  if (named == stores_.end()) named = stores_.insert(stores_.end(), NamedStore{store, {}});
  if (named->certificates.size() + certificates.size() > kMaxPerStore)
    return store_error(to_string(store), "has more than " + std::to_string(kMaxPerStore) + " certificates");
  std::ranges::move(certificates, std::back_inserter(named->certificates));
  return {};
}

Result<void> TrustStore::add_revocation_lists(std::string_view bytes, std::string_view origin) {
  const auto all = der_of(bytes, "X509 CRL", origin, kMaxLists);
  if (!all) return all.error();
  std::vector<crypto::RevocationList> lists;
  for (const std::string& der : *all) {
    auto list = crypto::RevocationList::from_der(der);
    if (!list)
      return store_error(origin, "is not a usable revocation list: " + list.error().describe_with_code());
    lists.push_back(std::move(*list));
  }
  if (revocation_lists_.size() + lists.size() > kMaxLists)
    return store_error(origin, "is one revocation list too many; the limit is " + std::to_string(kMaxLists));
  std::ranges::move(lists, std::back_inserter(revocation_lists_));
  return {};
}

const std::vector<crypto::Certificate>* TrustStore::find(const StoreReference& store) const {
  const auto found = std::ranges::find(stores_, store, &NamedStore::reference);
  return found == stores_.end() ? nullptr : &found->certificates;
}

Result<void> check_stores(const TrustPolicyDocument& policy, const TrustStore& store) {
  for (const TrustPolicy& one : policy.policies()) {
    for (const StoreReference& reference : one.stores) {
      if (store.find(reference) == nullptr)
        return store_error("the trust store " + to_string(reference),
                           "that the trust policy names holds no certificate");
    }
  }
  return {};
}

}  // namespace gridseal::notation
