#include "support/sized/sized.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/hash.hpp"

namespace gridseal::test {
namespace {

using base::Json;
using trust::Evidence;

// Bytes that, in base64, take `size`.
size_t in_base64(size_t size) {
  return size / 4 * 3;
}

size_t missing(size_t size, size_t bare) {
  return size > bare ? size - bare : 0;
}

Json layer(const std::string& type, const std::string& bytes) {
  return {{"mediaType", type}, {"digest", crypto::sha256(bytes).to_string()}, {"size", bytes.size()}};
}

Json manifest_of(const std::string& type, const std::string& bytes) {
  return {{"schemaVersion", 2},
          {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
          {"config", layer("application/vnd.cncf.notary.signature", "{}")},
          {"layers", Json::array({layer(type, bytes)})}};
}

base::Blob in_file(const base::Blob& blob, const std::string& directory) {
  const std::string bytes = text_of(blob);
  const std::string path = directory + "/" + crypto::sha256(bytes).hex();
  if (!base::write_file(base::system_files(), path, bytes, 0600)) std::abort();
  return base::Blob::open(base::system_files(), path).value();
}

}  // namespace

Evidence in_files(Evidence evidence, const std::string& directory) {
  for (trust::SignatureManifest& manifest : evidence.signatures) {
    manifest.bytes = in_file(manifest.bytes, directory);
    for (auto& [digest, blob] : manifest.blobs) blob = in_file(blob, directory);
  }
  return evidence;
}

std::string SizedSignatures::statement(const std::string& type, size_t fill) const {
  return base::dump_json({{"_type", "https://in-toto.io/Statement/v1"},
                          {"subject", Json::array({{{"digest", {{"sha256", artifact_.digest.hex()}}}}})},
                          {"predicateType", type},
                          {"predicate", {{"fill", std::string(fill, 'x')}, {"result", "passed"}}}});
}

std::string SizedSignatures::bundle_text(const std::string& type, size_t size) const {
  const auto make = [&](size_t fill) { return *sigstore::make_bundle(key_, statement(type, fill)); };
  return make(in_base64(missing(size, make(0).size() + 8)));
}

Evidence SizedSignatures::with_bundle(const std::string& text) const {
  Evidence evidence = artifact_;
  add_bundle(evidence, text);
  return evidence;
}

Evidence SizedSignatures::bundle(const std::string& type, size_t size) const {
  return with_bundle(bundle_text(type, size));
}

Evidence SizedSignatures::attached(size_t size) const {
  const std::string text = base::dump_json(Json::parse(bundle_text(kScan, size))["dsseEnvelope"]);
  trust::SignatureManifest manifest;
  manifest.bytes = base::dump_json(manifest_of("application/vnd.dsse.envelope.v1+json", text));
  manifest.blobs.emplace(crypto::sha256(text), text);
  Evidence evidence = artifact_;
  evidence.signatures.push_back(std::move(manifest));
  return evidence;
}

Evidence SizedSignatures::simple_signing(size_t size) const {
  Json json = Json::parse(sigstore::simple_signing_payload("r", artifact_.digest));
  // Members of `optional` that are no texts are passed over.
  json["optional"] = {{"fill", Json::array({std::string(missing(size, json.dump().size() + 16), 'x')})}};
  const std::string payload = json.dump();
  const auto signature = *key_.sign(crypto::Scheme::sha256, payload);
  Evidence evidence = artifact_;
  add_legacy(evidence,
             {{payload, {{std::string(sigstore::kSignatureAnnotation), base::encode_base64(signature)}}}});
  return evidence;
}

Evidence SizedSignatures::message(size_t size) const {
  const auto& raw = artifact_.digest.raw();
  const std::string digest(raw.begin(), raw.end());
  const std::string signature = *key_.sign(crypto::Scheme::sha256, artifact_.manifest);
  Json bundle = {{"mediaType", sigstore::kBundleMediaType},
                 {"verificationMaterial", {{"publicKey", {{"hint", ""}}}}},
                 {"messageSignature",
                  {{"messageDigest", {{"algorithm", "SHA2_256"}, {"digest", base::encode_base64(digest)}}},
                   {"signature", base::encode_base64(signature)}}}};
  bundle["verificationMaterial"]["publicKey"]["hint"] = std::string(missing(size, bundle.dump().size()), 'x');
  return with_bundle(bundle.dump());
}

std::string SizedSignatures::notation_payload(size_t fill) const {
  return notary::payload(
      {"application/vnd.oci.image.manifest.v1+json", artifact_.digest, artifact_.manifest.size()},
      {{"fill", std::string(fill, 'x')}});
}

Evidence SizedSignatures::with_notation(const std::string& envelope) const {
  Json json = manifest_of(std::string(notary::media_type_of(envelope)), envelope);
  json["subject"] = layer("application/vnd.oci.image.manifest.v1+json", artifact_.manifest);
  trust::SignatureManifest manifest;
  manifest.place = trust::Place::referrer;
  manifest.bytes = json.dump();
  manifest.digest = crypto::sha256(json.dump());
  manifest.blobs.emplace(crypto::sha256(envelope), envelope);
  Evidence evidence = artifact_;
  evidence.signatures.push_back(std::move(manifest));
  return evidence;
}

Evidence SizedSignatures::jws(size_t size) const {
  notary::Jws jws(signer_);
  jws.payload = notation_payload(0);
  jws.payload = notation_payload(in_base64(missing(size, jws.text().size() + 8)));
  return with_notation(jws.text());
}

Evidence SizedSignatures::cose(size_t size) const {
  notary::Cose cose(signer_);
  cose.payload = notation_payload(0);
  cose.payload = notation_payload(missing(size, cose.bytes().size() + 8));
  return with_notation(cose.bytes());
}

}  // namespace gridseal::test
