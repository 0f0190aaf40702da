// Header fields of a hostile registry.
#include <cstdint>
#include <cstdlib>

#include "oci/header_fields.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)oci::parse_challenges(text);
  (void)oci::next_link(text);
  if (auto range = oci::parse_content_range(text); range && range->first > range->last) std::abort();
  if (auto wait = oci::parse_retry_after(text, {}); wait && wait->count() < 0) std::abort();
  (void)oci::essence(text);
  (void)oci::percent_encode(text);
  return 0;
}
