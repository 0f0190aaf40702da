// A private key file; an accepted one must sign what its public half verifies.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/private_key.hpp"

using namespace gridseal::crypto;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // scrypt costs what the file asks for; its JSON is fuzzed on its own.
  if (bytes.find("ENCRYPTED") != std::string_view::npos) return 0;
  const auto key = PrivateKey::from_pem(bytes);
  if (!key) return 0;
  const auto scheme = key->public_key().natural_scheme();
  const auto signature = key->sign(scheme, "message");
  if (!signature || !key->public_key().verify(scheme, "message", *signature)) std::abort();
  return 0;
}
