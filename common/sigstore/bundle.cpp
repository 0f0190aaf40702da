#include "sigstore/bundle.hpp"

#include <set>
#include <utility>

#include "base/encoding.hpp"
#include "sigstore/bundle_fields.hpp"
#include "sigstore/checkpoint.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::Result;

// A bundle of the largest lists that are read has some 3,000 values.
constexpr base::JsonStreamLimits kBundleLimits{.max_values = 5'000, .max_held = size_t{768} << 10U};
constexpr size_t kMaxEntries = 32;  // log entries, and timestamps
constexpr size_t kMaxHashes = 64;
constexpr size_t kMaxCertificates = 16;

Error bad_oneof(const std::string& what) {
  return Error::refused("bundle.oneof", "the bundle has " + what);
}

Error bad_version(const std::string& what) {
  return Error::refused("bundle.version_rule", "a bundle of this version " + what);
}

Result<BundleVersion> parse_version(const std::string& media_type) {
  if (media_type == "application/vnd.dev.sigstore.bundle.v0.3+json" ||
      media_type == "application/vnd.dev.sigstore.bundle+json;version=0.3") {
    return BundleVersion::v0_3;
  }
  if (media_type == "application/vnd.dev.sigstore.bundle+json;version=0.2") return BundleVersion::v0_2;
  if (media_type == "application/vnd.dev.sigstore.bundle+json;version=0.1") return BundleVersion::v0_1;
  return Error::refused("bundle.media_type",
                        "the bundle's media type '" + base::printable(media_type, 80) + "' is not known");
}

InclusionProof read_proof(Fields& owner, const Json& json, const std::string& path) {
  Fields fields(json, path, {"logIndex", "rootHash", "treeSize", "hashes", "checkpoint"});
  InclusionProof proof;
  proof.log_index = fields.optional_integer("logIndex");
  proof.tree_size = fields.integer("treeSize");
  proof.root_hash = fields.bytes("rootHash");
  for (const Json& hash : fields.list("hashes", kMaxHashes)) {
    const std::string* text = hash.get_ptr<const std::string*>();
    auto decoded = base::decode_base64(text == nullptr ? std::string("?") : *text, base::Base64::lenient);
    if (decoded)
      proof.hashes.push_back(std::move(*decoded));
    else
      fields.fail(std::move(decoded).error());
  }
  Fields checkpoint(fields.object("checkpoint"), fields.path_of("checkpoint"), {"envelope"});
  proof.checkpoint = checkpoint.text("envelope");
  if (proof.checkpoint.size() > kMaxCheckpoint)
    checkpoint.fail(Error::refused("parse.limit", "a checkpoint larger than 64 KiB"));
  fields.absorb(checkpoint);
  owner.absorb(fields);
  return proof;
}

LogEntry read_entry(Fields& owner, const Json& json, const std::string& path) {
  Fields fields(json, path,
                {"logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof",
                 "canonicalizedBody"});
  LogEntry entry;
  entry.log_index = fields.optional_integer("logIndex");
  entry.integrated_time = fields.optional_integer("integratedTime");
  entry.body = fields.bytes("canonicalizedBody");
  Fields log_id(fields.object("logId"), fields.path_of("logId"), {"keyId"});
  entry.log_id = log_id.bytes("keyId");
  fields.absorb(log_id);
  Fields kind(fields.object("kindVersion"), fields.path_of("kindVersion"), {"kind", "version"});
  entry.kind = kind.text("kind");
  entry.version = kind.text("version");
  fields.absorb(kind);
  if (fields.has("inclusionPromise")) {
    Fields promise(fields.object("inclusionPromise"), fields.path_of("inclusionPromise"),
                   {"signedEntryTimestamp"});
    entry.signed_entry_timestamp = promise.bytes("signedEntryTimestamp");
    fields.absorb(promise);
  }
  if (fields.has("inclusionProof"))
    entry.proof = read_proof(fields, fields.object("inclusionProof"), fields.path_of("inclusionProof"));
  owner.absorb(fields);
  return entry;
}

void read_timestamps(Fields& material, Bundle& bundle) {
  if (!material.has("timestampVerificationData")) return;
  const std::string path = material.path_of("timestampVerificationData");
  Fields data(material.object("timestampVerificationData"), path, {"rfc3161Timestamps"});
  for (const Json& item : data.list("rfc3161Timestamps", kMaxEntries)) {
    Fields timestamp(item, data.path_of("rfc3161Timestamps"), {"signedTimestamp"});
    bundle.timestamps.push_back(timestamp.bytes("signedTimestamp"));
    data.absorb(timestamp);
  }
  material.absorb(data);
}

std::string read_certificate(Fields& owner, const Json& json, const std::string& path) {
  Fields fields(json, path, {"rawBytes"});
  std::string der = fields.bytes("rawBytes");
  owner.absorb(fields);
  return der;
}

// The first certificate of a chain is the leaf; the others prove nothing and are only checked for form.
Certificates read_chain(Fields& material) {
  const std::string path = material.path_of("x509CertificateChain");
  Fields chain(material.object("x509CertificateChain"), path, {"certificates"});
  Certificates certificates;
  bool first = true;
  for (const Json& item : chain.list("certificates", kMaxCertificates)) {
    std::string der = read_certificate(chain, item, chain.path_of("certificates"));
    if (std::exchange(first, false)) certificates.leaf = std::move(der);
  }
  if (first) chain.fail(Error::refused("parse.json", "the bundle's certificate chain is empty"));
  material.absorb(chain);
  return certificates;
}

void read_key_material(Fields& material, Bundle& bundle) {
  const bool key = material.has("publicKey");
  const bool certificate = material.has("certificate");
  const bool chain = material.has("x509CertificateChain");
  if (static_cast<int>(key) + static_cast<int>(certificate) + static_cast<int>(chain) != 1) {
    material.fail(bad_oneof("not exactly one of publicKey, certificate and x509CertificateChain"));
    return;
  }
  if (bundle.version == BundleVersion::v0_3 && chain)
    material.fail(bad_version("carries no certificate chain"));
  if (bundle.version != BundleVersion::v0_3 && certificate)
    material.fail(bad_version("carries a certificate chain, not a single certificate"));
  if (key) {
    Fields fields(material.object("publicKey"), material.path_of("publicKey"), {"hint"});
    bundle.material = PublicKeyHint{fields.has("hint") ? fields.text("hint") : std::string()};
    material.absorb(fields);
  } else if (certificate) {
    bundle.material = Certificates{
        read_certificate(material, material.object("certificate"), material.path_of("certificate"))};
  } else {
    bundle.material = read_chain(material);
  }
}

void check_entries(Fields& material, const Bundle& bundle) {
  std::set<std::pair<std::string, int64_t>> seen;
  for (const LogEntry& entry : bundle.log_entries) {
    if (!seen.emplace(entry.log_id, entry.log_index).second)
      material.fail(Error::refused("tlog.duplicate", "the bundle carries one log entry twice"));
    if (bundle.version == BundleVersion::v0_1 && entry.signed_entry_timestamp.empty())
      material.fail(bad_version("needs an inclusion promise with each log entry"));
    if (bundle.version != BundleVersion::v0_1 && !entry.proof)
      material.fail(Error::refused("tlog.proof_missing",
                                   "a bundle of this version needs an inclusion proof with each log entry"));
  }
}

void read_material(Fields& top, Bundle& bundle) {
  Fields material(
      top.object("verificationMaterial"), "verificationMaterial",
      {"publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"});
  read_key_material(material, bundle);
  for (const Json& item : material.list("tlogEntries", kMaxEntries))
    bundle.log_entries.push_back(read_entry(material, item, material.path_of("tlogEntries")));
  check_entries(material, bundle);
  read_timestamps(material, bundle);
  top.absorb(material);
}

// All but the payload, which is only measured.
Envelope read_envelope(Fields& top, const EnvelopeDocument& document) {
  Fields fields(top.object("dsseEnvelope"), "dsseEnvelope", {"payload", "payloadType", "signatures"});
  Envelope envelope;
  envelope.payload_type = fields.text("payloadType");
  fields.check_payload(document.payload_size);
  const Json& signatures = fields.list("signatures", 1024);
  if (signatures.size() != 1) {
    fields.fail(Error::refused("dsse.signature_count", "the bundle's envelope carries " +
                                                           std::to_string(signatures.size()) +
                                                           " signatures; exactly one is expected"));
  } else {
    Fields signature(signatures.front(), "dsseEnvelope.signatures", {"sig", "keyid"});
    envelope.signature = signature.bytes("sig");
    if (signature.has("keyid")) (void)signature.text("keyid");
    fields.absorb(signature);
  }
  top.absorb(fields);
  return envelope;
}

MessageSignature read_message_signature(Fields& top) {
  Fields fields(top.object("messageSignature"), "messageSignature", {"messageDigest", "signature"});
  MessageSignature message;
  message.signature = fields.bytes("signature");
  Fields digest(fields.object("messageDigest"), "messageSignature.messageDigest", {"algorithm", "digest"});
  message.algorithm = digest.text("algorithm");
  message.digest = digest.bytes("digest");
  fields.absorb(digest);
  top.absorb(fields);
  return message;
}

}  // namespace

Result<Bundle> parse_bundle(const base::Blob& text, const StatementFields& fields) {
  static const base::JsonPath payload{"dsseEnvelope", "payload"};
  const auto document = read_document(text, payload, kBundleLimits);
  if (!document) return document.error();
  Fields top(document->json, "", {"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"});
  if (auto known = top.result(); !known) return std::move(known).error();
  const std::string* media_type = base::find_string(document->json, "mediaType");
  const auto version = parse_version(media_type == nullptr ? std::string() : *media_type);
  if (!version) return version.error();
  Bundle bundle;
  bundle.version = *version;
  bundle.digest = document->digest;
  read_material(top, bundle);
  const bool envelope = top.has("dsseEnvelope");
  if (envelope == top.has("messageSignature"))
    top.fail(bad_oneof("not exactly one of dsseEnvelope and messageSignature"));
  else if (envelope)
    bundle.content = read_envelope(top, *document);
  else
    bundle.content = read_message_signature(top);
  if (auto whole = top.result(); !whole) return std::move(whole).error();
  if (auto* content = std::get_if<Envelope>(&bundle.content)) {
    if (auto read = read_payload(text, payload, *document, fields, *content); !read)
      return std::move(read).error();
  }
  return bundle;
}

}  // namespace gridseal::sigstore
