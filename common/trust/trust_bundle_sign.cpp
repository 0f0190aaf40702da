#include "trust/trust_bundle_sign.hpp"

#include "base/encoding.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::trust {

using base::Json;
using base::Result;

Result<BundleSignature> sign_trust_bundle(const crypto::PrivateKey& key, std::string_view payload) {
  const crypto::PublicKey& verifier = key.public_key();
  auto signature = key.sign(verifier.natural_scheme(),
                            sigstore::pre_authentication_encoding(kTrustBundlePayloadType, payload));
  if (!signature) return std::move(signature).error();
  return BundleSignature{verifier.fingerprint(), std::move(*signature)};
}

std::string trust_bundle_envelope(std::string_view payload, const std::vector<BundleSignature>& signatures) {
  Json list = Json::array();
  for (const BundleSignature& signature : signatures)
    list.push_back({{"keyid", signature.key.to_string()}, {"sig", base::encode_base64(signature.signature)}});
  return base::dump_json({{"payload", base::encode_base64(payload)},
                          {"payloadType", kTrustBundlePayloadType},
                          {"signatures", std::move(list)}});
}

Result<TrustBundleDraft> parse_trust_bundle_draft(std::string_view envelope) {
  const auto json = base::parse_json(envelope, {kMaxTrustBundleBytes, 4, 1'000});
  const Json* signatures = json ? base::find_array(*json, "signatures") : nullptr;
  const std::string* payload = json ? base::find_string(*json, "payload") : nullptr;
  if (payload == nullptr || signatures == nullptr || !signatures->empty()) {
    auto bundle = parse_trust_bundle(envelope);
    if (!bundle) return std::move(bundle).error();
    return TrustBundleDraft{bundle->content(), bundle->signatures()};
  }
  auto bytes = base::decode_base64(*payload);
  if (!bytes) return std::move(bytes).error();
  auto content = parse_trust_bundle_content(*bytes);
  if (!content) return std::move(content).error();
  return TrustBundleDraft{std::move(*content), {}};
}

}  // namespace gridseal::trust
