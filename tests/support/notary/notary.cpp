#include "support/notary/notary.hpp"

#include <cstdlib>
#include <iostream>

#include "base/encoding.hpp"
#include "crypto/der.hpp"
#include "notation/cbor.hpp"
#include "notation/cose.hpp"

namespace gridseal::test::notary {
namespace {

using base::Base64;
using base::Json;
namespace cbor = notation::cbor;

constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kScheme = "io.cncf.notary.signingScheme";
constexpr std::string_view kTimestamp = "io.cncf.notary.timestampSignature";
constexpr std::string_view kTime = "io.cncf.notary.signingTime";

template <class T>
T must(base::Result<T> result) {
  if (result) return std::move(*result);
  std::cerr << result.error().describe() << '\n';
  std::abort();
}

size_t width_of(const crypto::PublicKey& key) {
  return (key.bits() + 7) / 8;
}

std::string padded(std::string_view magnitude, size_t width) {
  return std::string(width - magnitude.size(), '\0').append(magnitude);
}

// ECDSA-Sig-Value to IEEE P1363.
std::string side_by_side(std::string_view der, size_t width) {
  crypto::der::Reader outer(der);
  auto inner = must(outer.enter(crypto::der::kSequence));
  const auto r = must(inner.unsigned_integer());
  const auto s = must(inner.unsigned_integer());
  return padded(r, width) + padded(s, width);
}

std::string jws_algorithm(const crypto::PublicKey& key) {
  switch (key.kind()) {
    case crypto::KeyKind::ecdsa_p384:
      return "ES384";
    case crypto::KeyKind::ecdsa_p521:
      return "ES512";
    default:
      return "ES256";
  }
}

int64_t cose_algorithm(const crypto::PublicKey& key) {
  switch (key.kind()) {
    case crypto::KeyKind::ecdsa_p384:
      return -35;
    case crypto::KeyKind::ecdsa_p521:
      return -36;
    default:
      return -7;
  }
}

std::string encode(const Cose::Map& map) {
  std::string out = cbor::encode_head(cbor::Kind::map, map.size());
  for (const auto& [key, value] : map) out += key + value;
  return out;
}

}  // namespace

std::string acme_name(std::string_view common_name) {
  return pki::name(
      {{"2.5.4.6", "NO"}, {"2.5.4.8", "Oslo"}, {"2.5.4.10", "Acme"}, {"2.5.4.3", std::string(common_name)}});
}

pki::CertificateSpec root_spec() {
  pki::CertificateSpec spec;
  spec.subject = acme_name("Root");
  spec.serial = "\x01";
  spec.extensions = {pki::basic_constraints(true), pki::key_usage({5, 6})};
  return spec;
}

pki::CertificateSpec intermediate_spec() {
  pki::CertificateSpec spec = root_spec();
  spec.subject = acme_name("Intermediate");
  spec.serial = "\x02";
  return spec;
}

pki::CertificateSpec leaf_spec() {
  pki::CertificateSpec spec;
  spec.subject = acme_name("signer");
  spec.serial = "\x03";
  spec.extensions = {pki::basic_constraints(false), pki::key_usage({0}),
                     pki::extended_key_usage({std::string(crypto::oid::kCodeSigning)})};
  return spec;
}

std::string Signer::sign(std::string_view bytes) const {
  const auto& public_key = key.public_key();
  return side_by_side(must(key.sign(public_key.natural_scheme(), bytes)), width_of(public_key));
}

Authority::Authority(const pki::CertificateSpec& root_spec, const pki::CertificateSpec& intermediate_spec)
    : root(pki::self_signed(root_spec)), intermediate(pki::issue(intermediate_spec, root)) {}

Signer Authority::signer(const pki::CertificateSpec& leaf) const {
  return signer(pki::new_key(), leaf);
}

Signer Authority::signer(crypto::PrivateKey key, const pki::CertificateSpec& leaf) const {
  pki::Identity issued = pki::issue(leaf, intermediate, std::move(key));
  return {std::move(issued.key), {issued.certificate, intermediate.certificate, root.certificate}};
}

notation::Request request() {
  return {{std::string(kManifest), must(base::Digest::from_hex(std::string(64, 'a'))), 697},
          "registry.example/fleet/edge",
          {}};
}

std::string payload(const notation::Descriptor& artifact,
                    const std::map<std::string, std::string>& annotations) {
  Json target = {
      {"mediaType", artifact.media_type}, {"digest", artifact.digest.to_string()}, {"size", artifact.size}};
  if (!annotations.empty()) target["annotations"] = annotations;
  return Json{{"targetArtifact", target}}.dump();
}

Jws::Jws(const Signer& by) : signer(by), payload(notary::payload(request().artifact)) {
  protected_header = {{"alg", jws_algorithm(by.key.public_key())},
                      {"cty", "application/vnd.cncf.notary.payload.v1+json"},
                      {"crit", Json::array({kScheme})},
                      {std::string(kScheme), "notary.x509"},
                      {std::string(kTime), "2026-03-01T12:00:00Z"}};
  header = {{"x5c", Json::array()}};
  for (const crypto::Certificate& certificate : by.chain)
    header["x5c"].push_back(base::encode_base64(certificate.der()));
}

std::string Jws::text() const {
  const std::string protected_text = base::encode_base64(protected_header.dump(), Base64::url);
  const std::string payload_text = base::encode_base64(payload, Base64::url);
  const std::string signature = signer.sign(protected_text + "." + payload_text);
  Json unprotected = header;
  if (stamp) unprotected[std::string(kTimestamp)] = base::encode_base64(stamp(signature));
  return Json{{"payload", payload_text},
              {"protected", protected_text},
              {"header", unprotected},
              {"signature", base::encode_base64(signature, Base64::url)}}
      .dump();
}

Cose::Cose(const Signer& by) : signer(by), payload(notary::payload(request().artifact)) {
  protected_header = {
      {cbor::encode_integer(1), cbor::encode_integer(cose_algorithm(by.key.public_key()))},
      {cbor::encode_integer(2), cbor::encode_head(cbor::Kind::array, 1) + cbor::encode_text(kScheme)},
      {cbor::encode_integer(3), cbor::encode_text("application/vnd.cncf.notary.payload.v1+json")},
      {cbor::encode_text(kTime), cbor::encode_head(cbor::Kind::tag, 1) + cbor::encode_integer(1772366400)},
      {cbor::encode_text(kScheme), cbor::encode_text("notary.x509")}};
  std::string chain = cbor::encode_head(cbor::Kind::array, by.chain.size());
  for (const crypto::Certificate& certificate : by.chain) chain += cbor::encode_bytes(certificate.der());
  header = {{cbor::encode_integer(33), chain}};
}

void Cose::set(std::string_view name, const std::string& encoded) {
  erase(name);
  protected_header.emplace_back(cbor::encode_text(name), encoded);
}

void Cose::erase(std::string_view name) {
  std::erase_if(protected_header, [&](const auto& entry) { return entry.first == cbor::encode_text(name); });
}

std::string Cose::bytes() const {
  const std::string protected_bytes = encode(protected_header);
  const std::string signature = signer.sign(notation::cose_signed_bytes(protected_bytes, payload));
  Map unprotected = header;
  if (stamp) unprotected.emplace_back(cbor::encode_text(kTimestamp), cbor::encode_bytes(stamp(signature)));
  return cbor::encode_head(cbor::Kind::tag, 18) + cbor::encode_head(cbor::Kind::array, 4) +
         cbor::encode_bytes(protected_bytes) + encode(unprotected) + cbor::encode_bytes(payload) +
         cbor::encode_bytes(signature);
}

std::string_view media_type_of(std::string_view envelope) {
  return envelope.starts_with('{') ? notation::kJwsMediaType : notation::kCoseMediaType;
}

std::string policy_text(const Json& change) {
  Json policy = {{"name", "p"},
                 {"registryScopes", {"*"}},
                 {"signatureVerification", {{"level", "strict"}}},
                 {"trustStores", {"ca:acme"}},
                 {"trustedIdentities", {"x509.subject: C=NO, ST=Oslo, O=Acme"}}};
  policy.merge_patch(change);
  return Json{{"version", "1.0"}, {"trustPolicies", Json::array({policy})}}.dump();
}

notation::TrustPolicyDocument policy(const Json& change) {
  return must(notation::TrustPolicyDocument::parse(policy_text(change)));
}

}  // namespace gridseal::test::notary
