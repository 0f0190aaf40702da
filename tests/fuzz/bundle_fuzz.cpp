// A Sigstore bundle through the whole verification: as trust does, and each way by itself.
#include <cstdint>

#include "sigstore/verify_bundle.hpp"
#include "trusted_root_input.hpp"
#include "verify_input.hpp"

using namespace gridseal;

namespace {

// With certificates and with a key, under logs and authorities that may well have signed parts of it.
void verify(const std::string& text, const std::string& manifest) {
  const auto bundle = sigstore::parse_bundle(text);
  if (!bundle) return;
  const auto artifact = sigstore::Artifact::of_bytes(manifest);
  const sigstore::CertificateRules least{0, 0, false, {}};
  if (sigstore::verify_with_certificate(*bundle, artifact, fuzz::trusted_root())) std::abort();
  if (sigstore::verify_with_certificate(*bundle, artifact, fuzz::trusted_root(), least)) std::abort();
  static const std::vector<sigstore::NamedKey> keys{{"fuzz.pub", fuzz::state().keys().front().key}};
  if (sigstore::verify_with_keys(*bundle, artifact, keys, &fuzz::trusted_root())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bundle(reinterpret_cast<const char*>(data), size);
  trust::Evidence evidence = fuzz::artifact();
  trust::SignatureManifest manifest;
  manifest.place = trust::Place::referrer;
  manifest.bytes = sigstore::make_bundle_manifest(bundle, evidence.digest, evidence.manifest.size());
  manifest.blobs.emplace(crypto::sha256(bundle), bundle);
  evidence.signatures.push_back(std::move(manifest));
  fuzz::judge(evidence);
  verify(bundle, evidence.manifest);
  return 0;
}
