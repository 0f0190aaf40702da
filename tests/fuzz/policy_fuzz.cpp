// A trust policy's file: what is accepted asks for somebody's signature, is said in words, and no signature
// of a stranger satisfies it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "config/load.hpp"
#include "verify_input.hpp"

using namespace gridseal;

namespace {

// A root without any authority: identities can be asked for, and nobody has one.
const trust::TrustState& state() {
  static const trust::TrustState state = [] {
    trust::TrustContent content = fuzz::state().content();
    content.sigstore_roots.push_back(
        {"public", R"({"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"})"});
    auto made = trust::TrustState::make(std::move(content));
    if (!made) std::abort();
    return *made;
  }();
  return state;
}

const trust::Evidence& signed_by_a_stranger() {
  static const trust::Evidence evidence = [] {
    trust::Evidence made = fuzz::artifact();
    trust::SignatureManifest manifest;
    const std::string payload = sigstore::simple_signing_payload("r", made.digest);
    manifest.bytes = sigstore::make_legacy_manifest(
                         {{payload, {{std::string(sigstore::kSignatureAnnotation), "MAYCAQECAQE="}}}})
                         .manifest;
    manifest.blobs.emplace(crypto::sha256(payload), payload);
    made.signatures.push_back(std::move(manifest));
    return made;
  }();
  return evidence;
}

void check(const trust::Policy& policy) {
  if (policy.authorities().empty() || policy.threshold() < 1 ||
      policy.threshold() > policy.authorities().size())
    std::abort();
  for (const trust::Authority& authority : policy.authorities())
    if (trust::describe(authority).empty()) std::abort();
  static const base::Json statement = *base::parse_json(
      R"({"_type":"t","predicate":{"a":[1,-2,3.5,"x",null,true,{"b~":{"c/":18446744073709551615}}],"n":0}})");
  for (const trust::AttestationRule& rule : policy.attestations()) {
    if (rule.authorities.empty() || rule.type.empty()) std::abort();
    for (const trust::Condition& condition : rule.conditions) {
      const auto verdict = condition.check(statement);
      if (!verdict && verdict.error().code() != "attestation.condition") std::abort();
      if (condition.describe().empty()) std::abort();
    }
  }
  if (trust::verify_signatures(state(), policy, signed_by_a_stranger())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto settings = config::parse_policy(text, "/etc/gridseal/trust/policies/fuzz.toml");
  if (!settings) {
    if (settings.error().list.empty() || settings.error().to_string().empty()) std::abort();
    return 0;
  }
  if (const auto policy = trust::make_policy(state(), *settings)) check(*policy);
  return 0;
}
