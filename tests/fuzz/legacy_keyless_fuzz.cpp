// cosign's older layers with everything that a keyless signature keeps in their annotations: blocks of text
// with an empty line between them, which are payload, signature, certificate, Rekor bundle and timestamp.
#include <cstdint>
#include <cstdlib>

#include "sigstore/verify_legacy.hpp"
#include "trusted_root_input.hpp"
#include "verify_input.hpp"

using namespace gridseal;

namespace {

// Only these ever signed under the authorities of the seeds.
constexpr std::string_view kSigner =
    "https://github.com/acme/fleet/.github/workflows/release.yml@refs/heads/main";

std::vector<std::string> blocks_of(std::string_view text) {
  std::vector<std::string> blocks;
  for (size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 2)) {
    end = text.find("\n\n");
    blocks.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  return blocks;
}

std::map<std::string, std::string> annotations_of(const std::vector<std::string>& blocks) {
  std::map<std::string, std::string> annotations;
  size_t i = 1;
  for (const char* name : {"dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate",
                           "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp"}) {
    if (i < blocks.size()) annotations.emplace(name, blocks[i]);
    ++i;
  }
  return annotations;
}

// What is signed says what it is about, so that seeds verify.
base::Digest artifact_of(const std::string& payload) {
  const auto claims = sigstore::parse_simple_signing(payload);
  const auto digest = claims ? base::Digest::parse(claims->digest) : fuzz::artifact().digest;
  return digest ? *digest : fuzz::artifact().digest;
}

void verify(std::string_view media_type, const std::string& payload,
            const std::map<std::string, std::string>& annotations) {
  const sigstore::LegacyLayer layer{media_type, payload, annotations};
  const base::Digest artifact = artifact_of(payload);
  const sigstore::CertificateRules least{0, 0, false, {}};
  for (const sigstore::CertificateRules& rules : {sigstore::CertificateRules(), least}) {
    const auto verdict =
        sigstore::verify_legacy_with_certificate(layer, artifact, fuzz::trusted_root(), rules);
    if (verdict && std::get<sigstore::CertificateSigner>(verdict->signer).identity.subject != kSigner)
      std::abort();
  }
  static const std::vector<sigstore::NamedKey> keys{{"fuzz.pub", fuzz::state().keys().front().key}};
  if (sigstore::verify_legacy_with_keys(layer, artifact, keys, &fuzz::trusted_root())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto blocks = blocks_of({reinterpret_cast<const char*>(data), size});
  const auto annotations = annotations_of(blocks);
  verify(sigstore::kSimpleSigningMediaType, blocks.front(), annotations);
  verify(sigstore::kAttestationMediaType, blocks.front(), annotations);
  return 0;
}
