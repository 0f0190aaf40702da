// References to variables from an artifact: whatever the text, a bounded result that is UTF-8 or a refusal;
// what is left over is the same when it is written out with its dollars doubled.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "manifest/substitution.hpp"
#include "manifest/yaml.hpp"

namespace {

using namespace gridseal;

const manifest::Variables kSite = {{"a", "abcABC/123"},           {"n", "3"},      {"e", ""},
                                   {"u", "\xC3\xBC\xE2\x82\xAC"}, {"r", "${a}$$"}, {"y", "x: [1]"}};

void expand(std::string_view text) {
  manifest::ExpandLimits limits;
  limits.max_result = 1U << 16U;
  manifest::Expander expander(kSite, limits);
  const auto once = expander.expand(text);
  if (!once) {
    if (once.error().outcome() != base::Outcome::refused) std::abort();
    return;
  }
  if (once->size() > limits.max_result || !base::is_utf8(*once)) std::abort();
  if (!manifest::Expander::concerns(text) && *once != text) std::abort();
  std::string escaped;
  for (const char c : *once) escaped += c == '$' ? std::string("$$") : std::string(1, c);
  manifest::Expander again(kSite);
  const auto same = again.expand(escaped);
  if (!same || *same != *once) std::abort();
}

bool has_binary(const base::Json& value) {
  if (value.is_binary()) return true;
  for (const auto& child : value)
    if (child.is_structured() ? has_binary(child) : child.is_binary()) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expand(text);
  auto documents = manifest::parse_yaml(text, {.max_bytes = 1U << 16U, .max_nodes = 20'000}, {},
                                        manifest::PlainReferences::marked);
  if (!documents) return 0;
  manifest::Substitution substitution(kSite);
  for (auto& document : *documents) {
    if (!substitution.apply(document, {"fuzz.yaml", 1})) continue;
    if (manifest::is_list(document)) document = document["items"];
    if (has_binary(document)) std::abort();
  }
  return 0;
}
