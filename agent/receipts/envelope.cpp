#include "receipts/envelope.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/hash.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::receipts {

using base::Error;
using base::Json;
using base::Result;

namespace {

Error not_an_envelope(const std::string& why) {
  return Error::refused("receipt.form", "this is no signed receipt: " + why);
}

std::string signed_bytes(std::string_view statement) {
  return sigstore::pre_authentication_encoding(sigstore::kInTotoPayloadType, statement);
}

}  // namespace

Result<history::SealedReceipt> seal(const crypto::PrivateKey& key, std::string_view statement) {
  auto signature = key.sign(key.public_key().natural_scheme(), signed_bytes(statement));
  if (!signature) return std::move(signature).error();
  const Envelope envelope{std::string(statement), key.public_key().key_id(), std::move(*signature)};
  return history::SealedReceipt{crypto::sha256(statement), to_json(envelope)};
}

std::string to_json(const Envelope& envelope) {
  return base::dump_json(
      {{"payload", base::encode_base64(envelope.statement)},
       {"payloadType", sigstore::kInTotoPayloadType},
       {"signatures",
        Json::array({Json{{"keyid", envelope.key_id}, {"sig", base::encode_base64(envelope.signature)}}})}});
}

Result<Envelope> parse_envelope(std::string_view text) {
  const auto json = base::parse_json(text, {kMaxEnvelope, 4, 100});
  if (!json) return not_an_envelope(json.error().message());
  const std::string* type = base::find_string(*json, "payloadType");
  const std::string* payload = base::find_string(*json, "payload");
  const Json* signatures = base::find_array(*json, "signatures");
  if (type == nullptr || payload == nullptr || signatures == nullptr)
    return not_an_envelope("payload, payloadType or signatures are missing");
  if (*type != sigstore::kInTotoPayloadType) return not_an_envelope("its payload is of another type");
  if (signatures->size() != 1) return not_an_envelope("it has not exactly one signature");
  const std::string* signature = base::find_string(signatures->front(), "sig");
  if (signature == nullptr) return not_an_envelope("the signature is missing");
  auto statement = base::decode_base64(*payload, base::Base64::lenient);
  auto bytes = base::decode_base64(*signature, base::Base64::lenient);
  if (!statement || !bytes) return not_an_envelope("it is not in base64");
  const std::string* key = base::find_string(signatures->front(), "keyid");
  return Envelope{std::move(*statement), key == nullptr ? std::string() : *key, std::move(*bytes)};
}

Result<void> check_signature(const Envelope& envelope, const crypto::PublicKey& key) {
  return key.verify(key.natural_scheme(), signed_bytes(envelope.statement), envelope.signature);
}

}  // namespace gridseal::receipts
