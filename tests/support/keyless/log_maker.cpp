#include "support/keyless/log_maker.hpp"

#include <bit>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "crypto/hash.hpp"
#include "crypto/pem.hpp"
#include "crypto/random.hpp"
#include "sigstore/statement.hpp"

namespace gridseal::sigstore::test {

using base::encode_base64;
using base::encode_hex;
using base::Json;

namespace {

std::string sha256(std::string_view bytes) {
  return crypto::hash_of(crypto::Hash::sha256, bytes);
}

Json entry_json(const char* kind, const char* version, Json spec) {
  return {{"apiVersion", version}, {"kind", kind}, {"spec", std::move(spec)}};
}

std::vector<std::string> part(const std::vector<std::string>& entries, size_t begin, size_t end) {
  return {entries.begin() + static_cast<std::ptrdiff_t>(begin),
          entries.begin() + static_cast<std::ptrdiff_t>(end)};
}

// The largest power of two smaller than n.
size_t split(size_t n) {
  return std::bit_floor(n - 1);
}

}  // namespace

std::string fixture(const std::string& name) {
  return base::read_file(base::system_files(), GRIDSEAL_FIXTURES "/sigstore/" + name).value();
}

Json json_fixture(const std::string& name) {
  return base::parse_json(fixture(name)).value();
}

crypto::PrivateKey new_ed25519_key() {
  const std::string prefix("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
  return crypto::PrivateKey::from_pem(crypto::encode_pem("PRIVATE KEY", prefix + crypto::random_bytes(32)))
      .value();
}

std::string flipped(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1U << (bit % 8)));
  return bytes;
}

std::string reference_root(const std::vector<std::string>& entries) {
  if (entries.size() == 1) return sha256(std::string(1, '\0') + entries.front());
  const size_t k = split(entries.size());
  return sha256("\x01" + reference_root(part(entries, 0, k)) +
                reference_root(part(entries, k, entries.size())));
}

std::vector<std::string> reference_path(size_t index, const std::vector<std::string>& entries) {
  if (entries.size() == 1) return {};
  const size_t k = split(entries.size());
  const auto left = part(entries, 0, k);
  const auto right = part(entries, k, entries.size());
  auto path = index < k ? reference_path(index, left) : reference_path(index - k, right);
  path.push_back(reference_root(index < k ? right : left));
  return path;
}

LogMaker::LogMaker(crypto::PrivateKey key, const std::string& base_url) : key_(std::move(key)) {
  log.base_url = base_url;
  log.host = log.host_and_port = base_url.substr(base_url.find("//") + 2);
  const crypto::PublicKey& own = key_.public_key();
  const std::string& spki = own.spki_der();
  log.key = LogKey{own, own.natural_scheme()};
  log.key_id = own.kind() == crypto::KeyKind::ed25519
                   ? sha256(log.host + "\n\x01" + spki.substr(spki.size() - 32))
                   : sha256(spki);
  log.validity = {base::parse_rfc3339("2023-01-01T00:00:00Z").value(),
                  base::parse_rfc3339("2023-12-31T23:59:59Z").value()};
}

TrustedRoot LogMaker::root() const {
  return {{log}, {}, {}, {}, crypto::sha256("")};
}

std::string LogMaker::sign(std::string_view message) const {
  return key_.sign(log.key->scheme, message).value();
}

std::string LogMaker::signature_line(std::string_view text, std::string_view name) const {
  return "\xE2\x80\x94 " + std::string(name) + " " +
         encode_base64(note_key_id(key_.public_key(), name) + sign(text)) + "\n";
}

std::string LogMaker::note(std::string_view text) const {
  return std::string(text) + "\n" + signature_line(text, log.host);
}

LogEntry LogMaker::entry(const std::string& kind, const std::string& version, const std::string& body) const {
  std::vector<std::string> entries;
  for (int i = 0; i < 11; ++i) entries.push_back("entry " + std::to_string(i));
  entries[6] = body;
  const bool v2 = version == "0.0.2" && kind != "intoto";
  InclusionProof proof{6, 11, reference_root(entries), reference_path(6, entries), {}};
  proof.checkpoint = note(log.host + (v2 ? "" : " - 1193050959916656506") + "\n11\n" +
                          encode_base64(proof.root_hash) + "\n");
  LogEntry entry;
  entry.log_id = log.key_id;
  entry.log_index = v2 ? 6 : 1'000'006;
  entry.kind = kind;
  entry.version = version;
  entry.body = body;
  entry.proof = proof;
  if (!v2) {
    entry.integrated_time = 1'690'000'000;
    sign_again(entry);
  }
  return entry;
}

void LogMaker::sign_again(LogEntry& entry) const {
  entry.signed_entry_timestamp = sign(entry_timestamp_payload(entry));
}

Sample::Sample() : key(crypto::PrivateKey::generate().value()), digest(sha256(message)) {}

Logged Sample::over_message() const {
  return {signature, LoggedDigest{crypto::Hash::sha256, digest}, key.public_key(), certificate};
}

Logged Sample::over_envelope() const {
  const Envelope made = make_envelope(payload_type, payload, signature);
  return {signature, LoggedEnvelope{made.payload, made.encoding}, key.public_key(), certificate};
}

std::string Sample::pem() const {
  return encode_base64(certificate.empty() ? key.public_key().to_pem()
                                           : crypto::encode_pem("CERTIFICATE", certificate));
}

Json Sample::verifier() const {
  Json verifier{{"keyDetails", "PKIX_ECDSA_P256_SHA_256"}};
  verifier[certificate.empty() ? "publicKey" : "x509Certificate"] = {
      {"rawBytes", encode_base64(certificate.empty() ? key.public_key().spki_der() : certificate)}};
  return verifier;
}

Json Sample::hashedrekord_v1() const {
  return entry_json(
      "hashedrekord", "0.0.1",
      {{"data", {{"hash", {{"algorithm", "sha256"}, {"value", encode_hex(digest)}}}}},
       {"signature", {{"content", encode_base64(signature)}, {"publicKey", {{"content", pem()}}}}}});
}

Json Sample::hashedrekord_v2(bool envelope) const {
  const std::string over = envelope ? sha256(pre_authentication_encoding(payload_type, payload)) : digest;
  return entry_json("hashedrekord", "0.0.2",
                    {{"hashedRekordV002",
                      {{"data", {{"algorithm", "SHA2_256"}, {"digest", encode_base64(over)}}},
                       {"signature", {{"content", encode_base64(signature)}, {"verifier", verifier()}}}}}});
}

Json Sample::dsse_v1() const {
  return entry_json(
      "dsse", "0.0.1",
      {{"envelopeHash", {{"algorithm", "sha256"}, {"value", encode_hex(sha256("envelope"))}}},
       {"payloadHash", {{"algorithm", "sha256"}, {"value", encode_hex(sha256(payload))}}},
       {"signatures", Json::array({{{"signature", encode_base64(signature)}, {"verifier", pem()}}})}});
}

Json Sample::dsse_v2() const {
  return entry_json(
      "dsse", "0.0.2",
      {{"dsseV002",
        {{"payloadHash", {{"algorithm", "SHA2_256"}, {"digest", encode_base64(sha256(payload))}}},
         {"signatures", Json::array({{{"content", encode_base64(signature)}, {"verifier", verifier()}}})}}}});
}

Json Sample::intoto_v2() const {
  return entry_json(
      "intoto", "0.0.2",
      {{"content",
        {{"envelope",
          {{"payloadType", payload_type},
           {"signatures",
            Json::array({{{"sig", encode_base64(encode_base64(signature))}, {"publicKey", pem()}}})}}},
         {"hash", {{"algorithm", "sha256"}, {"value", encode_hex(sha256("envelope"))}}},
         {"payloadHash", {{"algorithm", "sha256"}, {"value", encode_hex(sha256(payload))}}}}}});
}

}  // namespace gridseal::sigstore::test
