// RFC 3161 answers and tokens.
#include <cstdint>
#include <cstdlib>

#include "crypto/timestamp.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& token : {crypto::parse_timestamp_response(bytes), crypto::parse_timestamp_token(bytes)}) {
    if (!token) continue;
    if (crypto::verify_timestamp_with_anchors(*token, "stamped", {})) std::abort();
    (void)crypto::verify_timestamp_with_anchors(*token, "stamped", token->certificates);
  }
  return 0;
}
