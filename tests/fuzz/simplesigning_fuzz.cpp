// A simple signing payload: its parser, and the verification around it. The first line is the annotation.
#include <cstdint>

#include "sigstore/simple_signing.hpp"
#include "verify_input.hpp"

using namespace gridseal;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  (void)sigstore::parse_simple_signing(input);
  const size_t line = input.find('\n');
  const std::string annotation = base::printable(input.substr(0, line), 4096);
  const std::string payload = line == std::string::npos ? std::string() : input.substr(line + 1);
  trust::Evidence evidence = fuzz::artifact();
  trust::SignatureManifest manifest;
  manifest.bytes =
      sigstore::make_legacy_manifest({{payload, {{std::string(sigstore::kSignatureAnnotation), annotation}}}})
          .manifest;
  manifest.blobs.emplace(crypto::sha256(payload), payload);
  evidence.signatures.push_back(std::move(manifest));
  fuzz::judge(evidence);
  return 0;
}
