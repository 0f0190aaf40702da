// A signature manifest, in each place where one may lie.
#include <cstdint>

#include "verify_input.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  trust::Evidence evidence = fuzz::artifact();
  for (const auto place : {trust::Place::legacy_tag, trust::Place::referrer}) {
    trust::SignatureManifest manifest;
    manifest.place = place;
    manifest.bytes = std::string(reinterpret_cast<const char*>(data), size);
    manifest.blobs.emplace(crypto::sha256("{}"), "{}");
    evidence.signatures.push_back(std::move(manifest));
  }
  fuzz::judge(evidence);
  return 0;
}
