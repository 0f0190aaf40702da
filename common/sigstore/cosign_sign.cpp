#include "sigstore/cosign_sign.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/hash.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::sigstore {
namespace {

using base::Json;
using base::Result;

constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kOciEmpty = "application/vnd.oci.empty.v1+json";

Json descriptor(std::string_view media_type, std::string_view bytes) {
  return {{"mediaType", media_type}, {"digest", crypto::sha256(bytes).to_string()}, {"size", bytes.size()}};
}

std::string key_hint(const crypto::PublicKey& key) {
  const auto& raw = key.fingerprint().raw();
  return base::encode_base64({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

}  // namespace

std::string simple_signing_payload(std::string_view reference, const base::Digest& artifact,
                                   const std::map<std::string, std::string>& annotations) {
  const Json payload = {{"critical",
                         {{"identity", {{"docker-reference", reference}}},
                          {"image", {{"docker-manifest-digest", artifact.to_string()}}},
                          {"type", "cosign container image signature"}}},
                        {"optional", annotations.empty() ? Json() : Json(annotations)}};
  return base::dump_json(payload);
}

Result<LegacySignature> make_legacy_signature(const crypto::PrivateKey& key, std::string_view reference,
                                              const base::Digest& artifact,
                                              const std::map<std::string, std::string>& annotations) {
  LegacySignature made{simple_signing_payload(reference, artifact, annotations), {}};
  const bool ed25519 = key.public_key().kind() == crypto::KeyKind::ed25519;
  const auto signature = key.sign(ed25519 ? crypto::Scheme::ed25519 : crypto::Scheme::sha256, made.payload);
  if (!signature) return signature.error();
  made.annotations.emplace(kSignatureAnnotation, base::encode_base64(*signature));
  return made;
}

std::string sign_statement(const base::Digest& artifact,
                           const std::map<std::string, std::string>& annotations) {
  Json subject = {{"digest", {{"sha256", artifact.hex()}}}, {"annotations", Json::object()}};
  if (!annotations.empty()) subject["annotations"] = annotations;
  const Json statement = {{"_type", "https://in-toto.io/Statement/v1"},
                          {"subject", Json::array({std::move(subject)})},
                          {"predicateType", kSignPredicateType},
                          {"predicate", Json::object()}};
  return base::dump_json(statement);
}

Result<std::string> make_bundle(const crypto::PrivateKey& key, std::string_view statement) {
  const auto signature =
      key.sign(key.public_key().natural_scheme(), pre_authentication_encoding(kInTotoPayloadType, statement));
  if (!signature) return signature.error();
  const Json bundle = {{"mediaType", kBundleMediaType},
                       {"verificationMaterial", {{"publicKey", {{"hint", key_hint(key.public_key())}}}}},
                       {"dsseEnvelope",
                        {{"payload", base::encode_base64(statement)},
                         {"payloadType", kInTotoPayloadType},
                         {"signatures", Json::array({Json{{"sig", base::encode_base64(*signature)}}})}}}};
  return base::dump_json(bundle);
}

std::map<std::string, std::string> bundle_manifest_annotations(std::string_view predicate_type) {
  return {{"dev.sigstore.bundle.content", "dsse-envelope"},
          {"dev.sigstore.bundle.predicateType", std::string(predicate_type)}};
}

SignatureImage make_legacy_manifest(const std::vector<LegacySignature>& signatures) {
  Json layers = Json::array();
  Json diff_ids = Json::array();
  for (const LegacySignature& signature : signatures) {
    Json layer = descriptor(kSimpleSigningMediaType, signature.payload);
    layer["annotations"] = signature.annotations;
    diff_ids.push_back(layer["digest"]);
    layers.push_back(std::move(layer));
  }
  const Json config = {{"architecture", ""},
                       {"os", ""},
                       {"config", Json::object()},
                       {"rootfs", {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}}}};
  SignatureImage image{{}, base::dump_json(config)};
  image.manifest = base::dump_json({{"schemaVersion", 2},
                                    {"mediaType", kOciManifest},
                                    {"config", descriptor(kOciConfig, image.config)},
                                    {"layers", std::move(layers)}});
  return image;
}

std::string make_bundle_manifest(std::string_view bundle, const base::Digest& subject, uint64_t subject_size,
                                 std::string_view predicate_type) {
  const Json manifest = {
      {"schemaVersion", 2},
      {"mediaType", kOciManifest},
      {"artifactType", kBundleMediaType},
      {"config", descriptor(kOciEmpty, "{}")},
      {"layers", Json::array({descriptor(kBundleMediaType, bundle)})},
      {"subject", {{"mediaType", kOciManifest}, {"digest", subject.to_string()}, {"size", subject_size}}},
      {"annotations", bundle_manifest_annotations(predicate_type)}};
  return base::dump_json(manifest);
}

}  // namespace gridseal::sigstore
