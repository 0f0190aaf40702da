// A Sigstore bundle through the whole verification.
#include <cstdint>

#include "verify_input.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bundle(reinterpret_cast<const char*>(data), size);
  trust::Evidence evidence = fuzz::artifact();
  trust::SignatureManifest manifest;
  manifest.place = trust::Place::referrer;
  manifest.bytes = sigstore::make_bundle_manifest(bundle, evidence.digest, evidence.manifest.size());
  manifest.blobs.emplace(crypto::sha256(bundle), bundle);
  evidence.signatures.push_back(std::move(manifest));
  fuzz::judge(evidence);
  return 0;
}
