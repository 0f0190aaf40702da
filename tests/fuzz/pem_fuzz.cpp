// What the strict parser accepts must survive being written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/pem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto blocks = gridseal::crypto::parse_pem({reinterpret_cast<const char*>(data), size});
  if (!blocks) return 0;
  for (const auto& block : *blocks) {
    const auto again = gridseal::crypto::parse_single_pem(
        gridseal::crypto::encode_pem(block.label, block.bytes), block.label);
    if (!again || *again != block.bytes) std::abort();
  }
  return 0;
}
