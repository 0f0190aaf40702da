// trusted_root.json.
#include <cstdint>
#include <string_view>

#include "sigstore/trusted_root.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto root = gridseal::sigstore::parse_trusted_root(text);
  if (!root) return 0;
  // Whatever is accepted can be told apart by its key ids.
  for (const auto* logs : {&root->transparency_logs, &root->certificate_logs})
    for (const auto& log : *logs)
      if (gridseal::sigstore::find_log(*logs, log.key_id) != &log) __builtin_trap();
  return 0;
}
