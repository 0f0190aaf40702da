// Envelope and payload of trust bundles, and local denials: what is accepted has one text.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "trust/trust_bundle_sign.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto content = trust::parse_trust_bundle_content(text)) {
    if (trust::canonical_text(*content) != text) std::abort();
  }
  if (const auto bundle = trust::parse_trust_bundle(text)) {
    (void)trust::check_first(*bundle);
    if (!trust::check_succession(*bundle, *bundle) && bundle->version() < 1) std::abort();
    const auto again =
        trust::parse_trust_bundle(trust::trust_bundle_envelope(bundle->payload(), bundle->signatures()));
    if (!again || again->fingerprint() != bundle->fingerprint()) std::abort();
  }
  (void)trust::parse_trust_bundle_draft(text);
  if (const auto json = base::parse_json(text)) {
    if (const auto entries = trust::parse_denials(*json, "denials", "fuzz")) {
      const trust::Denials denials(*entries);
      const auto again = trust::parse_denials(trust::to_json(denials.entries()), "denials", "fuzz");
      if (!again || trust::Denials(*again).canonical() != denials.canonical()) std::abort();
    }
  }
  return 0;
}
