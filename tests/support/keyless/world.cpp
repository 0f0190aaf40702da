#include "support/keyless/world.hpp"

#include "crypto/der.hpp"
#include "crypto/ecdsa.hpp"

namespace gridseal::sigstore::test {

using pki::at;

namespace {

std::string big_endian(uint64_t value, size_t width) {
  std::string bytes(width, '\0');
  for (size_t i = width; i-- > 0; value >>= 8U) bytes[i] = static_cast<char>(value & 0xFFU);
  return bytes;
}

Authority authority(const std::string& uri, std::vector<crypto::Certificate> chain) {
  return {uri, "", "", std::move(chain), "", {at("2026-01-01T00:00:00Z"), {}}};
}

}  // namespace

void drop(pki::CertificateSpec& spec, std::string_view oid) {
  std::erase_if(spec.extensions, [&](const pki::ExtensionSpec& extension) { return extension.oid == oid; });
}

void replace(pki::CertificateSpec& spec, const pki::ExtensionSpec& extension) {
  drop(spec, extension.oid);
  spec.extensions.push_back(extension);
}

LogMaker log_of_2026(crypto::PrivateKey key, const std::string& url) {
  LogMaker log(std::move(key), url);
  log.log.validity = {at("2026-01-01T00:00:00Z"), {}};
  return log;
}

LogMaker log_of_2026(const std::string& url) {
  return log_of_2026(pki::new_key(), url);
}

std::string side_by_side(const std::string& signature) {
  const auto numbers = crypto::parse_ecdsa_der(signature, 256).value();
  const auto padded = [](std::string_view number) {
    return std::string(32 - number.size(), '\0') + std::string(number);
  };
  return padded(numbers.r) + padded(numbers.s);
}

World::World() {
  trusted.transparency_logs.push_back(rekor2.log);
  trusted.certificate_logs = {ct.log};
  trusted.certificate_authorities = {
      authority("https://fulcio.example", {intermediate.certificate, root.certificate})};
  trusted.timestamp_authorities = {authority("https://tsa.example/api", tsa.certificates())};
}

std::string World::sct(const SctChoice& choice, const std::string& tbs, const pki::Identity& issuer) const {
  const auto time = static_cast<uint64_t>(at(choice.time).time_since_epoch().count());
  const std::string tail = big_endian(choice.extensions.size(), 2) + choice.extensions;
  const std::string& over = choice.over.empty() ? tbs : choice.over;
  const std::string message = std::string("\0\0", 2) + big_endian(time, 8) + big_endian(1, 2) +
                              crypto::hash_of(crypto::Hash::sha256, issuer.certificate.spki_der()) +
                              big_endian(over.size(), 3) + over + tail;
  const std::string signature = ct.sign(message);
  return std::string(1, '\0') + (choice.log_id.empty() ? ct.log.key_id : choice.log_id) +
         big_endian(time, 8) + tail + "\x04\x03" + big_endian(signature.size(), 2) + signature;
}

pki::Identity World::leaf(const Change& change, const SctChoice& choice,
                          const pki::Identity* other_issuer) const {
  const pki::Identity& issuer = other_issuer == nullptr ? intermediate : *other_issuer;
  auto key = pki::new_key();
  auto spec = pki::code_signing_spec({pki::uri(kWorkflow)});
  spec.extensions.push_back(pki::utf8_extension(kIssuerV2, kIssuer));
  if (change) change(spec);
  const std::string tbs = pki::to_be_signed(spec, key.public_key(), issuer.name(), issuer.key.public_key());
  std::string list;
  for (int i = 0; i < choice.copies; ++i) {
    const std::string one = sct(choice, tbs, issuer);
    list += big_endian(one.size(), 2) + one;
  }
  // Not at the end: what follows must be copied too.
  if (choice.copies > 0)
    spec.extensions.insert(
        spec.extensions.begin() + 1,
        pki::raw_extension(crypto::oid::kSctList, crypto::der::encode(crypto::der::kOctetString,
                                                                      big_endian(list.size(), 2) + list)));
  auto certificate = pki::must_parse(pki::certificate_der(spec, key.public_key(), issuer.name(), issuer.key));
  return {std::move(key), std::move(certificate)};
}

LogEntry World::logged(const LogMaker& log, const Sample& sample, bool envelope,
                       const std::string& time) const {
  const auto body = envelope ? sample.dsse_v1() : sample.hashedrekord_v1();
  LogEntry entry = log.entry(envelope ? "dsse" : "hashedrekord", "0.0.1", base::dump_json(body));
  entry.integrated_time = at(time).time_since_epoch().count() / 1000;
  log.sign_again(entry);
  return entry;
}

LogEntry World::logged_v2(const Sample& sample, bool envelope) const {
  return rekor2.entry("hashedrekord", "0.0.2", base::dump_json(sample.hashedrekord_v2(envelope)));
}

Sample World::sample_of_statement(const pki::Identity& signer, const std::string& payload) const {
  Sample sample;
  sample.payload = payload;
  sample.certificate = signer.certificate.der();
  sample.signature =
      signer.key.sign(crypto::Scheme::sha256, pre_authentication_encoding(sample.payload_type, payload))
          .value();
  return sample;
}

Sample World::sample_of_message(const pki::Identity& signer, const std::string& message) const {
  Sample sample;
  sample.message = message;
  sample.digest = crypto::hash_of(crypto::Hash::sha256, message);
  sample.certificate = signer.certificate.der();
  sample.signature = signer.key.sign(crypto::Scheme::sha256, message).value();
  return sample;
}

Bundle World::statement_bundle(const pki::Identity& signer, const std::string& payload,
                               const std::string& time) const {
  const Sample sample = sample_of_statement(signer, payload);
  Bundle bundle;
  bundle.material = Certificates{sample.certificate};
  bundle.log_entries = {logged(rekor, sample, true, time)};
  bundle.content = make_envelope(sample.payload_type, payload, sample.signature);
  return bundle;
}

Bundle World::message_bundle(const pki::Identity& signer, const std::string& message,
                             const std::string& time) const {
  const Sample sample = sample_of_message(signer, message);
  Bundle bundle;
  bundle.material = Certificates{sample.certificate};
  bundle.log_entries = {logged(rekor, sample, false, time)};
  bundle.content = MessageSignature{"SHA2_256", sample.digest, sample.signature};
  return bundle;
}

Bundle World::message_bundle_v2(const pki::Identity& signer, const std::string& message) const {
  const Sample sample = sample_of_message(signer, message);
  Bundle bundle;
  bundle.material = Certificates{sample.certificate};
  bundle.log_entries = {logged_v2(sample, false)};
  bundle.timestamps = {stamp(sample.signature)};
  bundle.content = MessageSignature{"SHA2_256", sample.digest, sample.signature};
  return bundle;
}

std::string World::stamp(const std::string& signature, const std::string& time) const {
  pki::TimestampSpec spec;
  spec.time = at(time);
  return stamp(signature, spec);
}

std::string World::stamp(const std::string& signature, const pki::TimestampSpec& spec, int status) const {
  return pki::timestamp_response(pki::timestamp_token(spec, signature, tsa.leaf), status);
}

}  // namespace gridseal::sigstore::test
