// An in-toto statement, and a DSSE envelope as it lies below cosign's tag: the parsers, and the whole of
// verification under a policy that asks for an attestation.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sigstore/verify_legacy.hpp"
#include "verify_input.hpp"

using namespace gridseal;

namespace {

const trust::Policy& policy() {
  static const trust::Policy made = [] {
    trust::PolicySettings settings{"fuzz", {"fuzz.pub"}, {}};
    config::Attestation attestation{"any", "custom", {}, {}};
    attestation.conditions.push_back({});
    attestation.conditions.back().field = "/Data";
    attestation.conditions.back().present = true;
    settings.attestations.push_back(std::move(attestation));
    return *trust::make_policy(fuzz::state(), settings);
  }();
  return made;
}

void add_layer(trust::Evidence& evidence, const std::string& blob) {
  const base::Json manifest = {{"schemaVersion", 2},
                               {"config",
                                {{"mediaType", "application/vnd.oci.image.config.v1+json"},
                                 {"digest", crypto::sha256("{}").to_string()},
                                 {"size", 2}}},
                               {"layers", base::Json::array({{{"mediaType", sigstore::kAttestationMediaType},
                                                              {"digest", crypto::sha256(blob).to_string()},
                                                              {"size", blob.size()}}})}};
  trust::SignatureManifest signature;
  signature.bytes = base::dump_json(manifest);
  signature.blobs.emplace(crypto::sha256(blob), blob);
  evidence.signatures.push_back(std::move(signature));
}

std::string in_envelope(const std::string& payload) {
  return base::dump_json({{"payloadType", sigstore::kInTotoPayloadType},
                          {"payload", base::encode_base64(payload)},
                          {"signatures", base::Json::array({{{"keyid", ""}, {"sig", "MAYCAQECAQE="}}})}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const trust::Evidence artifact = fuzz::artifact();
  if (const auto statement = sigstore::parse_statement(input)) {
    if (statement->subjects.empty()) std::abort();
    const sigstore::Subject* subject = sigstore::find_subject(*statement, artifact.digest);
    if (subject != nullptr && subject->sha256 != artifact.digest.hex()) std::abort();
  }
  for (const std::string& blob : {input, in_envelope(input)}) {
    trust::Evidence evidence = artifact;
    add_layer(evidence, blob);
    if (trust::verify_signatures(fuzz::state(), policy(), evidence)) std::abort();
    if (trust::verify_signatures(fuzz::state(), policy(), evidence).error().code().empty()) std::abort();
  }
  return 0;
}
