// YAML from an artifact: whatever the bytes, documents or a refusal, and the same when read in pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "manifest/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const manifest::YamlLimits limits{.max_bytes = 1U << 16U, .max_nodes = 20'000, .max_documents = 100};
  const auto documents = manifest::parse_yaml(text, limits);
  if (!documents) {
    if (documents.error().outcome() != base::Outcome::refused) std::abort();
    return 0;
  }
  // What was read has a JSON form, and YAML reads that form as the same value.
  for (const auto& document : *documents)
    if (!base::parse_json(base::dump_json(document), {.max_depth = 200})) std::abort();
  return 0;
}
