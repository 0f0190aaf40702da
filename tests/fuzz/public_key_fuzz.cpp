// A public key as PEM or as SubjectPublicKeyInfo; an accepted one must verify without crashing and read back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "crypto/public_key.hpp"

using namespace gridseal::crypto;

namespace {

void use(const PublicKey& key) {
  const auto again = PublicKey::from_pem(key.to_pem());
  if (!again || !(*again == key)) std::abort();
  if (key.verify(key.natural_scheme(), "message", std::string(64, '\1'))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto key = PublicKey::from_pem(bytes)) use(*key);
  if (const auto key = PublicKey::from_spki(bytes)) use(*key);
  return 0;
}
