#include "support/pki/encode.hpp"

namespace gridseal::test::pki {

namespace der = crypto::der;
using crypto::KeyKind;
using crypto::Scheme;

namespace {

std::string_view algorithm_oid(KeyKind kind, Scheme scheme) {
  if (kind == KeyKind::ed25519) return "1.3.101.112";
  const bool rsa = kind == KeyKind::rsa;
  if (scheme == Scheme::sha384) return rsa ? "1.2.840.113549.1.1.12" : "1.2.840.10045.4.3.3";
  if (scheme == Scheme::sha512) return rsa ? "1.2.840.113549.1.1.13" : "1.2.840.10045.4.3.4";
  return rsa ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2";
}

Scheme scheme_of(const CertificateSpec& spec, const crypto::PublicKey& key) {
  return spec.scheme.value_or(key.natural_scheme());
}

std::string stated_algorithm(const CertificateSpec& spec, const crypto::PublicKey& key) {
  if (!spec.signature_algorithm.empty()) return spec.signature_algorithm;
  return signature_algorithm(key, scheme_of(spec, key));
}

}  // namespace

std::string hash_oid(crypto::Hash hash) {
  if (hash == crypto::Hash::sha384) return "2.16.840.1.101.3.4.2.2";
  return hash == crypto::Hash::sha512 ? "2.16.840.1.101.3.4.2.3" : "2.16.840.1.101.3.4.2.1";
}

std::string digest_algorithm(std::string_view oid) {
  return sequence(der::encode_oid(oid));
}

std::string sign(const crypto::PrivateKey& key, Scheme scheme, std::string_view bytes) {
  return must(key.sign(scheme, bytes));
}

std::string signature_algorithm(const crypto::PublicKey& key, Scheme scheme) {
  std::string content = der::encode_oid(algorithm_oid(key.kind(), scheme));
  if (key.kind() == KeyKind::rsa) content += der::encode(der::kNull, "");
  return sequence(content);
}

std::string to_be_signed(const CertificateSpec& spec, const crypto::PublicKey& subject_key,
                         std::string_view issuer_name, const crypto::PublicKey& issuer_key) {
  std::string content;
  if (spec.version > 1) content += der::encode(der::context(0), encode_number(spec.version - 1));
  content += der::encode_unsigned_integer(spec.serial);
  content += stated_algorithm(spec, issuer_key);
  content += issuer_name;
  content += sequence(encode_time(spec.not_before) + encode_time(spec.not_after));
  content += spec.subject;
  content += subject_key.spki_der();
  if (!spec.extensions.empty()) content += der::encode(der::context(3), encode_extensions(spec.extensions));
  return sequence(content);
}

std::string sign_certificate(std::string_view tbs, const CertificateSpec& spec,
                             const crypto::PrivateKey& issuer_key) {
  const crypto::PublicKey& key = issuer_key.public_key();
  std::string content(tbs);
  content +=
      spec.outer_signature_algorithm.empty() ? stated_algorithm(spec, key) : spec.outer_signature_algorithm;
  content += der::encode_bit_string(sign(issuer_key, scheme_of(spec, key), tbs));
  return sequence(content);
}

std::string certificate_der(const CertificateSpec& spec, const crypto::PublicKey& subject_key,
                            std::string_view issuer_name, const crypto::PrivateKey& issuer_key) {
  const std::string tbs = to_be_signed(spec, subject_key, issuer_name, issuer_key.public_key());
  return sign_certificate(tbs, spec, issuer_key);
}

crypto::PrivateKey new_key() {
  return must(crypto::PrivateKey::generate());
}

crypto::Certificate must_parse(std::string_view der) {
  return must(crypto::Certificate::from_der(der));
}

Identity self_signed(const CertificateSpec& spec) {
  auto key = new_key();
  auto certificate = must_parse(certificate_der(spec, key.public_key(), spec.subject, key));
  return {std::move(key), std::move(certificate)};
}

Identity issue(const CertificateSpec& spec, const Identity& issuer) {
  return issue(spec, issuer, new_key());
}

Identity issue(const CertificateSpec& spec, const Identity& issuer, crypto::PrivateKey key) {
  auto certificate = must_parse(certificate_der(spec, key.public_key(), issuer.name(), issuer.key));
  return {std::move(key), std::move(certificate)};
}

CertificateSpec ca_spec(std::string_view text, std::optional<int> path_length) {
  CertificateSpec spec;
  spec.subject = common_name(text);
  spec.extensions = {basic_constraints(true, path_length), key_usage({5, 6})};
  return spec;
}

CertificateSpec code_signing_spec(const std::vector<std::string>& san) {
  CertificateSpec spec;
  spec.subject = name({});
  spec.not_before = at("2026-03-01T12:00:00Z");
  spec.not_after = at("2026-03-01T12:10:00Z");
  spec.extensions = {key_usage({0}), extended_key_usage({std::string(crypto::oid::kCodeSigning)})};
  if (!san.empty()) spec.extensions.push_back(subject_alt_names(san));
  return spec;
}

CertificateSpec time_stamping_spec(std::string_view text) {
  CertificateSpec spec;
  spec.subject = common_name(text);
  spec.extensions = {key_usage({0}), extended_key_usage({std::string(crypto::oid::kTimeStamping)}, true)};
  return spec;
}

std::vector<crypto::Certificate> Chain::authority() const {
  return {intermediate.certificate, root.certificate};
}

std::vector<crypto::Certificate> Chain::certificates() const {
  return {leaf.certificate, intermediate.certificate, root.certificate};
}

Chain code_signing_chain(const std::vector<std::string>& san) {
  Identity root = self_signed(ca_spec("Test root", 1));
  Identity intermediate = issue(ca_spec("Test intermediate", 0), root);
  Identity leaf = issue(code_signing_spec(san), intermediate);
  return {std::move(root), std::move(intermediate), std::move(leaf)};
}

Chain time_stamping_chain() {
  Identity root = self_signed(ca_spec("Test time root", 1));
  Identity intermediate = issue(ca_spec("Test time intermediate", 0), root);
  Identity leaf = issue(time_stamping_spec("Test time stamping"), intermediate);
  return {std::move(root), std::move(intermediate), std::move(leaf)};
}

}  // namespace gridseal::test::pki
