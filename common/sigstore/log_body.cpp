#include "sigstore/log_body.hpp"

#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/pem.hpp"
#include "sigstore/bundle_fields.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr base::JsonLimits kBodyLimits{kMaxLogBody, 32, 2'000};
constexpr Document kBody{"the log entry's body", "tlog.body_kind"};

// What the digest of an entry is of.
enum class Over { message, message_or_encoding, payload };

// A body, reduced to what is compared.
struct Recorded {
  Over over = Over::message;
  std::string signature;
  crypto::Hash hash = crypto::Hash::sha256;
  std::string digest;
  std::string certificate;  // DER; one of these two
  std::string key;          // SubjectPublicKeyInfo
  std::string key_details;  // Rekor v2 only
};

Error body_error(std::string code, const std::string& what) {
  return Error::refused(std::move(code), "the log entry's body " + what);
}

std::optional<crypto::Hash> hash_by_name(std::string_view name) {
  if (name == "sha256" || name == "SHA2_256") return crypto::Hash::sha256;
  if (name == "sha384" || name == "SHA2_384") return crypto::Hash::sha384;
  if (name == "sha512" || name == "SHA2_512") return crypto::Hash::sha512;
  return std::nullopt;
}

void read_hash_name(Fields& fields, Recorded& recorded) {
  const auto hash = hash_by_name(fields.text("algorithm"));
  if (hash)
    recorded.hash = *hash;
  else
    fields.fail(body_error("tlog.body_kind", "names no hash algorithm that is known"));
}

// {"algorithm": "sha256", "value": "<hex>"} of Rekor v1.
void read_hash_v1(Fields& owner, std::string_view name, Recorded& recorded) {
  Fields fields(owner.object(name), owner.path_of(name), {"algorithm", "value"}, kBody);
  read_hash_name(fields, recorded);
  auto digest = base::decode_hex(fields.text("value"));
  if (digest)
    recorded.digest = std::move(*digest);
  else
    fields.fail(body_error("tlog.body_kind", "has a digest that is not hexadecimal"));
  owner.absorb(fields);
}

// {"algorithm": "SHA2_256", "digest": "<base64>"} of Rekor v2.
void read_hash_v2(Fields& owner, std::string_view name, Recorded& recorded) {
  Fields fields(owner.object(name), owner.path_of(name), {"algorithm", "digest"}, kBody);
  read_hash_name(fields, recorded);
  recorded.digest = fields.bytes("digest");
  owner.absorb(fields);
}

// Rekor v1 keeps certificate or key as PEM text in base64.
void read_pem(Fields& owner, std::string_view name, Recorded& recorded) {
  auto blocks = crypto::parse_pem(owner.bytes(name), 1);
  if (!blocks) {
    owner.fail(body_error("tlog.body_key", "holds no certificate or key in PEM")
                   .with_context(blocks.error().message()));
    return;
  }
  crypto::PemBlock& block = blocks->front();
  if (block.label == "CERTIFICATE")
    recorded.certificate = std::move(block.bytes);
  else if (block.label == "PUBLIC KEY")
    recorded.key = std::move(block.bytes);
  else
    owner.fail(body_error("tlog.body_key", "holds PEM that is neither certificate nor public key"));
}

// {"keyDetails", "x509Certificate" | "publicKey": {"rawBytes"}} of Rekor v2.
void read_verifier(Fields& owner, Recorded& recorded) {
  Fields fields(owner.object("verifier"), owner.path_of("verifier"),
                {"keyDetails", "x509Certificate", "publicKey"}, kBody);
  recorded.key_details = fields.text("keyDetails");
  if (recorded.key_details.empty())
    fields.fail(body_error("tlog.body_kind", "does not say the kind of the key"));
  const bool certificate = fields.has("x509Certificate");
  if (certificate == fields.has("publicKey")) {
    fields.fail(body_error("tlog.body_kind", "has not exactly one of x509Certificate and publicKey"));
  } else {
    const std::string_view name = certificate ? "x509Certificate" : "publicKey";
    Fields raw(fields.object(name), fields.path_of(name), {"rawBytes"}, kBody);
    (certificate ? recorded.certificate : recorded.key) = raw.bytes("rawBytes");
    fields.absorb(raw);
  }
  owner.absorb(fields);
}

void read_hashedrekord_v1(Fields& spec, Recorded& recorded) {
  recorded.over = Over::message;
  Fields data(spec.object("data"), "spec.data", {"hash"}, kBody);
  read_hash_v1(data, "hash", recorded);
  spec.absorb(data);
  Fields signature(spec.object("signature"), "spec.signature", {"content", "publicKey"}, kBody);
  recorded.signature = signature.bytes("content");
  Fields key(signature.object("publicKey"), "spec.signature.publicKey", {"content"}, kBody);
  read_pem(key, "content", recorded);
  signature.absorb(key);
  spec.absorb(signature);
}

void read_hashedrekord_v2(Fields& spec, Recorded& recorded) {
  recorded.over = Over::message_or_encoding;
  Fields record(spec.object("hashedRekordV002"), "spec.hashedRekordV002", {"data", "signature"}, kBody);
  read_hash_v2(record, "data", recorded);
  Fields signature(record.object("signature"), "spec.hashedRekordV002.signature", {"content", "verifier"},
                   kBody);
  recorded.signature = signature.bytes("content");
  read_verifier(signature, recorded);
  record.absorb(signature);
  spec.absorb(record);
}

// The one element of a list of signatures.
const Json& only_signature(Fields& owner) {
  static const Json none = Json::object();
  const Json& signatures = owner.list("signatures", 64);
  if (signatures.size() == 1) return signatures.front();
  owner.fail(body_error("tlog.body_kind",
                        "has " + std::to_string(signatures.size()) + " signatures; exactly one is expected"));
  return none;
}

// Hashes of what the signer uploaded cannot be checked; only their form is.
void read_upload_hash(Fields& owner, std::string_view name) {
  Recorded unused;
  if (owner.has(name)) read_hash_v1(owner, name, unused);
}

void read_dsse_v1(Fields& spec, Recorded& recorded) {
  recorded.over = Over::payload;
  read_upload_hash(spec, "envelopeHash");
  read_hash_v1(spec, "payloadHash", recorded);
  Fields signature(only_signature(spec), "spec.signatures", {"signature", "verifier"}, kBody);
  recorded.signature = signature.bytes("signature");
  read_pem(signature, "verifier", recorded);
  spec.absorb(signature);
}

void read_dsse_v2(Fields& spec, Recorded& recorded) {
  recorded.over = Over::payload;
  Fields record(spec.object("dsseV002"), "spec.dsseV002", {"payloadHash", "signatures"}, kBody);
  read_hash_v2(record, "payloadHash", recorded);
  Fields signature(only_signature(record), "spec.dsseV002.signatures", {"content", "verifier"}, kBody);
  recorded.signature = signature.bytes("content");
  read_verifier(signature, recorded);
  record.absorb(signature);
  spec.absorb(record);
}

// The signature stands in base64 twice; the payload itself, where it stands, is bound by payloadHash.
void read_intoto_v2(Fields& spec, Recorded& recorded) {
  recorded.over = Over::payload;
  Fields content(spec.object("content"), "spec.content", {"envelope", "hash", "payloadHash"}, kBody);
  read_upload_hash(content, "hash");
  read_hash_v1(content, "payloadHash", recorded);
  Fields envelope(content.object("envelope"), "spec.content.envelope",
                  {"payload", "payloadType", "signatures"}, kBody);
  Fields signature(only_signature(envelope), "spec.content.envelope.signatures",
                   {"sig", "publicKey", "keyid"}, kBody);
  auto inner = base::decode_base64(signature.bytes("sig"), base::Base64::lenient);
  if (inner)
    recorded.signature = std::move(*inner);
  else
    signature.fail(body_error("tlog.body_kind", "has a signature that is not base64 in base64"));
  read_pem(signature, "publicKey", recorded);
  envelope.absorb(signature);
  content.absorb(envelope);
  spec.absorb(content);
}

void read_spec(Fields& top, const std::string& form, Recorded& recorded) {
  const Json& json = top.object("spec");
  const auto read = [&](std::initializer_list<std::string_view> known, void (*reader)(Fields&, Recorded&)) {
    Fields spec(json, "spec", known, kBody);
    reader(spec, recorded);
    top.absorb(spec);
  };
  if (form == "hashedrekord 0.0.1")
    read({"data", "signature"}, read_hashedrekord_v1);
  else if (form == "hashedrekord 0.0.2")
    read({"hashedRekordV002"}, read_hashedrekord_v2);
  else if (form == "dsse 0.0.1")
    read({"envelopeHash", "payloadHash", "signatures"}, read_dsse_v1);
  else if (form == "dsse 0.0.2")
    read({"dsseV002"}, read_dsse_v2);
  else if (form == "intoto 0.0.2")
    read({"content"}, read_intoto_v2);
  else
    top.fail(body_error("tlog.body_kind", "is of the kind '" + base::printable(form, 60) +
                                              "', which is not known to hold a signature"));
}

Result<Recorded> read_body(std::string_view body, std::string_view kind, std::string_view version) {
  const auto json = base::parse_json(body, kBodyLimits);
  if (!json) return Error(json.error()).with_context("the log entry's body");
  Fields top(*json, "", {"apiVersion", "kind", "spec"}, kBody);
  const std::string body_kind = top.text("kind");
  const std::string body_version = top.text("apiVersion");
  if (body_kind != kind || body_version != version)
    top.fail(body_error("tlog.body_kind", "is of another kind or version than the entry says"));
  Recorded recorded;
  if (top.result()) read_spec(top, body_kind + " " + body_version, recorded);
  if (auto whole = top.result(); !whole) return std::move(whole).error();
  return recorded;
}

Result<void> compare_message(const Recorded& recorded, const LoggedDigest& message) {
  if (recorded.over == Over::payload)
    return body_error("tlog.body_kind", "records an envelope, but the signature is over a message");
  if (recorded.hash != message.hash || recorded.digest != message.digest)
    return body_error("tlog.body_digest", "records another digest than that of the signed message");
  return {};
}

Result<void> compare_envelope(const Recorded& recorded, const LoggedEnvelope& envelope,
                              const crypto::PublicKey& key) {
  if (recorded.over == Over::message)
    return body_error("tlog.body_kind", "records a message, but the signature is over an envelope");
  const bool payload = recorded.over == Over::payload;
  // SHA-256 serves every key; the encoding may also be hashed with the hash of the key's strength.
  const bool fits =
      recorded.hash == crypto::Hash::sha256 || (!payload && recorded.hash == key.natural_hash());
  if (!fits) return body_error("tlog.body_digest", "uses a hash algorithm that does not fit the key");
  if ((payload ? Artifact::of_digest(envelope.payload) : envelope.encoding).digest(recorded.hash) !=
      recorded.digest)
    return body_error("tlog.body_digest", "records another digest than that of the signed envelope");
  return {};
}

// PublicKeyDetails of sigstore_common.proto begin with key and curve.
bool details_fit(std::string_view details, crypto::KeyKind kind) {
  switch (kind) {
    case crypto::KeyKind::ecdsa_p256:
      return details.starts_with("PKIX_ECDSA_P256");
    case crypto::KeyKind::ecdsa_p384:
      return details.starts_with("PKIX_ECDSA_P384");
    case crypto::KeyKind::ecdsa_p521:
      return details.starts_with("PKIX_ECDSA_P521");
    case crypto::KeyKind::rsa:
      return details.starts_with("PKIX_RSA") || details.starts_with("PKCS1_RSA");
    case crypto::KeyKind::ed25519:
      return details.starts_with("PKIX_ED25519");
  }
  return false;
}

Result<void> compare_key(const Recorded& recorded, const Logged& logged) {
  if (!recorded.key_details.empty() && !details_fit(recorded.key_details, logged.key.kind()))
    return body_error("tlog.body_key", "names another kind of key than that of this signature");
  if (!logged.certificate.empty()) {
    if (recorded.certificate == logged.certificate) return {};
    return body_error("tlog.body_key", "does not record the certificate of this signature");
  }
  if (!recorded.key.empty() && recorded.key == logged.key.spki_der()) return {};
  return body_error("tlog.body_key", "does not record the key of this signature");
}

}  // namespace

Result<void> check_log_body(std::string_view body, std::string_view kind, std::string_view version,
                            const Logged& logged) {
  const auto recorded = read_body(body, kind, version);
  if (!recorded) return recorded.error();
  const auto* message = std::get_if<LoggedDigest>(&logged.content);
  const auto* envelope = std::get_if<LoggedEnvelope>(&logged.content);
  auto content = message != nullptr ? compare_message(*recorded, *message)
                                    : compare_envelope(*recorded, *envelope, logged.key);
  // Another kind of content outranks; another signature outranks another digest.
  if (!content && content.error().code() == "tlog.body_kind") return content;
  if (recorded->signature.empty() || recorded->signature != logged.signature)
    return body_error("tlog.body_signature", "records another signature");
  if (!content) return content;
  return compare_key(*recorded, logged);
}

}  // namespace gridseal::sigstore
