// k3s' registries.yaml: an accepted edit is its own fixed point, and taking ours out again leaves what there
// was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "k3s/registries.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gridseal::k3s;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const MirrorEntries entries{{"docker.io", "ghcr.io"}, "https://127.0.0.1:5050", "/ca.pem"};
  const auto edit = edit_registries(text, entries);
  if (!edit) return 0;
  const auto again = edit_registries(edit->text, entries);
  if (!again || again->changed) std::abort();
  const auto out = edit_registries(edit->text, {});
  if (!out || out->text.find("127.0.0.1:5050\"") != std::string::npos) {
    // Unless it was there before.
    if (out && text.find("127.0.0.1:5050\"") != std::string_view::npos) return 0;
    std::abort();
  }
  return 0;
}
