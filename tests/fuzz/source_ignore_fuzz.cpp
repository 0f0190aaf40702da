// A .sourceignore from an artifact: whatever the patterns, an answer or a refusal, and what comes after them
// wins.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "manifest/ignore.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* folder : {"", "x/"}) {
    manifest::IgnoreRules rules;
    if (!rules.add_lines(text, folder)) return 0;
    for (const char* path : {"a.yaml", "x/b.yaml", "x/y/x/docs/aaab.yaml", "x"}) {
      const auto first = rules.ignores(path);
      const auto again = rules.ignores(path);
      if (first && again && *first != *again) std::abort();
    }
    if (!rules.add("*") || !rules.add("!/x/b.yaml")) return 0;
    const auto out = rules.ignores("a.yaml");
    const auto in = rules.ignores("x/b.yaml");
    if ((out && !*out) || (in && *in)) std::abort();
  }
  return 0;
}
