// Checkpoints of transparency logs: what is accepted stands in the note word for word.
#include <cstdint>
#include <string_view>

#include "sigstore/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view note(reinterpret_cast<const char*>(data), size);
  const auto checkpoint = gridseal::sigstore::parse_checkpoint(note);
  if (!checkpoint) return 0;
  if (!note.starts_with(checkpoint->signed_text) || checkpoint->tree_size < 0 ||
      checkpoint->root_hash.size() != 32 || checkpoint->signatures.empty())
    __builtin_trap();
  return 0;
}
