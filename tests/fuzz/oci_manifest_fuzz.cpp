// Manifests and indexes: what parses is written as something that parses to the same.
#include <cstdint>
#include <cstdlib>

#include "oci/manifest.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto document = oci::parse_document(text);
  if (!document) return 0;
  if (const auto* manifest = std::get_if<oci::Manifest>(&*document)) {
    auto again = oci::parse_manifest(oci::serialize(*manifest));
    if (!again || again->layers != manifest->layers || !(again->config == manifest->config)) std::abort();
    (void)oci::select_layer(*manifest);
  } else {
    const auto& index = std::get<oci::Index>(*document);
    auto again = oci::parse_index(oci::serialize(index));
    if (!again || again->manifests != index.manifests) std::abort();
    (void)oci::select_manifest(index, "amd64");
  }
  return 0;
}
