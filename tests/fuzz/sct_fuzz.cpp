// Lists of certificate timestamps: alone, and as what a certificate carries.
#include <cstdint>
#include <cstdlib>

#include "sigstore/certificate_identity.hpp"
#include "sigstore/sct.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)sigstore::parse_sct_list(bytes);
  const auto certificate = crypto::Certificate::from_der(bytes);
  if (!certificate) return 0;
  (void)sigstore::read_identity(*certificate);
  const sigstore::TrustedRoot nothing{{}, {}, {}, {}, crypto::sha256("")};
  if (sigstore::verify_scts(*certificate, *certificate, nothing)) std::abort();
  return 0;
}
