// A trust policy document: what is accepted enforces authenticity by stores and identities.
#include <cstdint>
#include <cstdlib>

#include "notation/trust_policy.hpp"

using namespace gridseal::notation;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto document = TrustPolicyDocument::parse({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  for (const TrustPolicy& policy : document->policies()) {
    if (policy.stores.empty() || policy.scopes.empty()) std::abort();
    if (policy.any_identity == !policy.identities.empty()) std::abort();
    if (policy.expiry == Action::skip || policy.authentic_timestamp == Action::skip) std::abort();
  }
  return 0;
}
