#include "support/keyless/documents.hpp"

#include "base/encoding.hpp"

namespace gridseal::sigstore::test {

using base::encode_base64;
using base::Json;

namespace {

Json raw_bytes(std::string_view der) {
  return {{"rawBytes", encode_base64(der)}};
}

Json entry_json(const LogEntry& entry) {
  Json json = {{"logIndex", std::to_string(entry.log_index)},
               {"logId", {{"keyId", encode_base64(entry.log_id)}}},
               {"kindVersion", {{"kind", entry.kind}, {"version", entry.version}}},
               {"canonicalizedBody", encode_base64(entry.body)}};
  if (entry.integrated_time != 0) json["integratedTime"] = std::to_string(entry.integrated_time);
  if (!entry.signed_entry_timestamp.empty())
    json["inclusionPromise"] = {{"signedEntryTimestamp", encode_base64(entry.signed_entry_timestamp)}};
  if (!entry.proof) return json;
  Json hashes = Json::array();
  for (const std::string& hash : entry.proof->hashes) hashes.push_back(encode_base64(hash));
  json["inclusionProof"] = {{"logIndex", std::to_string(entry.proof->log_index)},
                            {"treeSize", std::to_string(entry.proof->tree_size)},
                            {"rootHash", encode_base64(entry.proof->root_hash)},
                            {"hashes", hashes},
                            {"checkpoint", {{"envelope", entry.proof->checkpoint}}}};
  return json;
}

Json material_json(const Bundle& bundle) {
  Json json;
  const auto* certificates = std::get_if<Certificates>(&bundle.material);
  if (certificates == nullptr)
    json["publicKey"] = {{"hint", std::get<PublicKeyHint>(bundle.material).hint}};
  else if (bundle.version == BundleVersion::v0_3)
    json["certificate"] = raw_bytes(certificates->leaf);
  else
    json["x509CertificateChain"] = {{"certificates", Json::array({raw_bytes(certificates->leaf)})}};
  json["tlogEntries"] = Json::array();
  for (const LogEntry& entry : bundle.log_entries) json["tlogEntries"].push_back(entry_json(entry));
  json["timestampVerificationData"]["rfc3161Timestamps"] = Json::array();
  for (const std::string& stamp : bundle.timestamps)
    json["timestampVerificationData"]["rfc3161Timestamps"].push_back(
        {{"signedTimestamp", encode_base64(stamp)}});
  return json;
}

std::string media_type(BundleVersion version) {
  if (version == BundleVersion::v0_3) return "application/vnd.dev.sigstore.bundle.v0.3+json";
  return std::string("application/vnd.dev.sigstore.bundle+json;version=0.") +
         (version == BundleVersion::v0_1 ? "1" : "2");
}

Json validity_json(const Validity& validity) {
  Json json = {{"start", base::format_rfc3339(validity.start)}};
  if (validity.end) json["end"] = base::format_rfc3339(*validity.end);
  return json;
}

Json log_json(const Log& log) {
  const bool edwards = log.key->key.kind() == crypto::KeyKind::ed25519;
  return {{"baseUrl", log.base_url},
          {"hashAlgorithm", "SHA2_256"},
          {"publicKey",
           {{"rawBytes", encode_base64(log.key->key.spki_der())},
            {"keyDetails", edwards ? "PKIX_ED25519" : "PKIX_ECDSA_P256_SHA_256"},
            {"validFor", validity_json(log.validity)}}},
          {"logId", {{"keyId", encode_base64(log.key_id)}}}};
}

Json authority_json(const Authority& authority) {
  Json chain = Json::array();
  for (const auto& certificate : authority.chain) chain.push_back(raw_bytes(certificate.der()));
  return {{"subject", {{"organization", authority.organization}, {"commonName", authority.common_name}}},
          {"uri", authority.uri},
          {"certChain", {{"certificates", chain}}},
          {"validFor", validity_json(authority.validity)}};
}

template <class List, class Write>
Json list_json(const List& list, Write write) {
  Json json = Json::array();
  for (const auto& one : list) json.push_back(write(one));
  return json;
}

// Behind the head of the encoding, whose fourth word is the payload's length.
std::string_view payload_of(const Envelope& envelope) {
  const std::string_view encoding = envelope.encoding.bytes().value();
  const size_t behind_type = pre_authentication_head(envelope.payload_type, 0).size() - 2;
  return encoding.substr(encoding.find(' ', behind_type) + 1);
}

}  // namespace

Json bundle_json(const Bundle& bundle) {
  Json json = {{"mediaType", media_type(bundle.version)}, {"verificationMaterial", material_json(bundle)}};
  if (const auto* envelope = std::get_if<Envelope>(&bundle.content)) {
    json["dsseEnvelope"] = {{"payload", encode_base64(payload_of(*envelope))},
                            {"payloadType", envelope->payload_type},
                            {"signatures", Json::array({{{"sig", encode_base64(envelope->signature)}}})}};
  } else {
    const auto& message = std::get<MessageSignature>(bundle.content);
    json["messageSignature"] = {
        {"messageDigest", {{"algorithm", message.algorithm}, {"digest", encode_base64(message.digest)}}},
        {"signature", encode_base64(message.signature)}};
  }
  return json;
}

Json trusted_root_json(const TrustedRoot& root) {
  return {{"mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
          {"tlogs", list_json(root.transparency_logs, log_json)},
          {"ctlogs", list_json(root.certificate_logs, log_json)},
          {"certificateAuthorities", list_json(root.certificate_authorities, authority_json)},
          {"timestampAuthorities", list_json(root.timestamp_authorities, authority_json)}};
}

Json rekor_bundle_json(const LogEntry& entry) {
  return {{"SignedEntryTimestamp", encode_base64(entry.signed_entry_timestamp)},
          {"Payload",
           {{"body", encode_base64(entry.body)},
            {"integratedTime", entry.integrated_time},
            {"logIndex", entry.log_index},
            {"logID", base::encode_hex(entry.log_id)}}}};
}

std::map<std::string, std::string> keyless_annotations(const std::string& signature,
                                                       const crypto::Certificate& leaf,
                                                       const LogEntry& entry) {
  return {{"dev.cosignproject.cosign/signature", encode_base64(signature)},
          {"dev.sigstore.cosign/certificate", leaf.to_pem()},
          {"dev.sigstore.cosign/bundle", base::dump_json(rekor_bundle_json(entry))}};
}

}  // namespace gridseal::sigstore::test
