// Certificates from registries and tokens: parse, decode, compare, check.
#include <cstdint>
#include <cstdlib>

#include "crypto/certificate_path.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto certificate = crypto::Certificate::from_der(bytes);
  if (!certificate) return 0;
  if (certificate->der() != bytes) std::abort();
  if (certificate->tbs_without_extension("0.0") != certificate->tbs()) std::abort();
  (void)certificate->tbs_without_extension(crypto::oid::kSctList);
  (void)certificate->subject_text();
  (void)certificate->check_signed_by(*certificate);
  // Nothing that is not an anchor may become one.
  if (crypto::validate_path(*certificate, {*certificate}, {}, crypto::Purpose::code_signing,
                            certificate->not_before()))
    std::abort();
  return 0;
}
