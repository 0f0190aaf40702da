#include "sigstore/verify_legacy.hpp"

#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "sigstore/bundle_fields.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/signature_material.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kType = "cosign container image signature";
constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
constexpr std::string_view kTimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";
constexpr Document kTimestampDocument{"the timestamp annotation", "tsa.parse"};
constexpr Document kEnvelopeDocument{"the envelope", "parse.json"};
constexpr size_t kMaxTimestamp = size_t{256} << 10U;
constexpr base::JsonStreamLimits kEnvelopeLimits{
    .max_depth = 8, .max_values = 5'000, .max_held = size_t{256} << 10U};

// Absent and empty are the same.
const std::string* annotation(const LegacyLayer& layer, std::string_view name) {
  const auto found = layer.annotations.find(std::string(name));
  return found == layer.annotations.end() || found->second.empty() ? nullptr : &found->second;
}

Result<std::string> parse_timestamp_annotation(const std::string& text) {
  const auto json = base::parse_json(text, {kMaxTimestamp, 4, 8});
  if (!json) return json.error();
  Fields fields(*json, "", {"SignedRFC3161Timestamp"}, kTimestampDocument);
  std::string response = fields.bytes("SignedRFC3161Timestamp");
  if (auto whole = fields.result(); !whole) return std::move(whole).error();
  return response;
}

// All but the payload, which is only measured.
Result<Envelope> read_head(const EnvelopeDocument& document) {
  Fields fields(document.json, "", {"payload", "payloadType", "signatures"}, kEnvelopeDocument);
  Envelope envelope;
  envelope.payload_type = fields.text("payloadType");
  fields.check_payload(document.payload_size);
  const base::Json& signatures = fields.list("signatures", 1024);
  if (auto read = fields.result(); !read) return std::move(read).error();
  if (signatures.size() != 1)
    return Error::refused(
        "dsse.signature_count",
        "the envelope carries " + std::to_string(signatures.size()) + " signatures; exactly one is expected");
  Fields signature(signatures.front(), "signatures", {"sig", "keyid"}, kEnvelopeDocument);
  envelope.signature = signature.bytes("sig");
  if (signature.has("keyid")) (void)signature.text("keyid");
  if (auto read = signature.result(); !read) return std::move(read).error();
  return envelope;
}

Error changed() {
  return Error::refused("blob.digest_mismatch", "the signature changed while it was read");
}

// A layer made ready; owns what the material refers to.
class Layer {
 public:
  static Result<Layer> of(const LegacyLayer& source) {
    Layer layer(source);
    auto read = layer.read_content();
    if (!read) return std::move(read).error();
    if (auto proofs = layer.read_proofs(); !proofs) return std::move(proofs).error();
    return layer;
  }

  // Valid while this and the layer's bytes live.
  SignatureMaterial material() const {
    // Entries in annotations have the promise and nothing else, as in the first bundles.
    if (envelope_) {
      return {BundleVersion::v0_1,  log_entries_, timestamps_,
              envelope_->signature, text_,        LoggedEnvelope{envelope_->payload, envelope_->encoding},
              envelope_->encoding};
    }
    return {BundleVersion::v0_1,
            log_entries_,
            timestamps_,
            signature_,
            Artifact::of_bytes(signature_),
            LoggedDigest{crypto::Hash::sha256, digest_},
            Artifact::of_bytes(payload_),
            SignerHabit::simple_signing};
  }

  Result<void> bind(const base::Digest& artifact, VerifiedSignature& verified) const {
    if (envelope_) return bind_statement(*envelope_, artifact, verified);
    auto claims = parse_simple_signing(payload_);
    if (!claims) return std::move(claims).error();
    if (claims->type != kType)
      return Error::refused("simplesigning.type",
                            "the signed payload is of type '" + base::printable(claims->type, 60) + "'");
    if (claims->digest != artifact.to_string())
      return Error::refused("simplesigning.digest", "the signature is about " +
                                                        base::printable(claims->digest, 80) +
                                                        ", not about this artifact: it was moved here");
    verified.content = std::move(*claims);
    verified.checks.push_back({"artifact", "the signed payload names the artifact's digest"});
    return {};
  }

 private:
  explicit Layer(const LegacyLayer& source) : source_(source) {}

  Result<void> read_content() {
    if (source_.media_type == kSimpleSigningMediaType) return read_simple_signing();
    if (source_.media_type == kAttestationMediaType) return read_envelope();
    return Error::refused(
        "registry.media_type",
        "the layer is of type '" + base::printable(source_.media_type, 80) + "', which holds no signature");
  }

  Result<void> read_simple_signing() {
    const std::string* encoded = annotation(source_, kSignatureAnnotation);
    if (encoded == nullptr)
      return Error::refused("registry.manifest", "the layer carries no signature annotation");
    auto payload = source_.blob.whole(kMaxSimpleSigning);
    if (!payload && payload.error().code() == "files.too_large")
      return Error::refused("parse.limit", "a simple signing payload larger than 1 MiB");
    if (!payload) return std::move(payload).error();
    payload_ = std::move(*payload);
    digest_ = crypto::hash_of(crypto::Hash::sha256, payload_);
    if (source_.digest && crypto::sha256(payload_) != *source_.digest) return changed();
    auto decoded = base::decode_base64(*encoded);
    if (!decoded) return std::move(decoded).error();
    signature_ = std::move(*decoded);
    return {};
  }

  Result<void> read_envelope() {
    static const base::JsonPath payload{"payload"};
    const auto document = read_document(source_.blob, payload, kEnvelopeLimits);
    if (!document) return document.error();
    if (source_.digest && document->digest != *source_.digest) return changed();
    auto envelope = read_head(*document);
    if (!envelope) return std::move(envelope).error();
    if (auto type = check_payload_type(envelope->payload_type); !type) return std::move(type).error();
    if (auto read = read_payload(source_.blob, payload, *document, source_.fields, *envelope); !read)
      return read;
    envelope_ = std::move(*envelope);
    return annotation(source_, kTimestampAnnotation) == nullptr ? Result<void>()
                                                                : read_text(document->digest);
  }

  // Timestamps of an envelope are over all of its text.
  Result<void> read_text(const base::Digest& digest) {
    ArtifactReader text;
    auto read = source_.blob.read([&](std::string_view piece) {
      text.update(piece);
      return true;
    });
    if (!read) return read;
    text_ = text.finish();
    if (text_.digest(crypto::Hash::sha256) != Artifact::of_digest(digest).digest(crypto::Hash::sha256))
      return changed();
    return {};
  }

  Result<void> read_proofs() {
    if (const std::string* text = annotation(source_, kRekorBundleAnnotation)) {
      auto entry = parse_rekor_bundle(*text);
      if (!entry) return std::move(entry).error();
      log_entries_.push_back(std::move(*entry));
    }
    if (const std::string* text = annotation(source_, kTimestampAnnotation)) {
      auto response = parse_timestamp_annotation(*text);
      if (!response) return std::move(response).error();
      timestamps_.push_back(std::move(*response));
    }
    return {};
  }

  const LegacyLayer& source_;
  std::optional<Envelope> envelope_;
  Artifact text_;        // of the envelope
  std::string payload_;  // of simple signing
  std::string digest_;   // of it
  std::string signature_;
  std::vector<LogEntry> log_entries_;
  std::vector<std::string> timestamps_;
};

}  // namespace

bool has_certificate(const LegacyLayer& layer) {
  return annotation(layer, kCertificateAnnotation) != nullptr;
}

Result<VerifiedSignature> verify_legacy_with_certificate(const LegacyLayer& layer,
                                                         const base::Digest& artifact,
                                                         const TrustedRoot& root,
                                                         const CertificateRules& rules,
                                                         std::vector<VerificationCheck>* passed) {
  const auto ready = Layer::of(layer);
  if (!ready) return ready.error();
  const std::string* pem = annotation(layer, kCertificateAnnotation);
  if (pem == nullptr)
    return Error::refused("key.expected_cert_got_key",
                          "the layer is signed with a key; an identity with a certificate is asked for");
  const auto leaf = crypto::Certificate::from_pem(*pem);
  // Two certificates are no way to say who signed.
  if (!leaf && (leaf.error().code() == "parse.pem" || leaf.error().code() == "parse.limit"))
    return Error::refused("cert.parse", "the certificate annotation: " + leaf.error().message());
  if (!leaf) return leaf.error();
  VerifiedSignature verified;
  auto good = verify_certificate_material(ready->material(), *leaf, root, rules, verified);
  if (good) good = ready->bind(artifact, verified);
  if (passed != nullptr) *passed = verified.checks;
  if (!good) return std::move(good).error();
  return verified;
}

Result<VerifiedSignature> verify_legacy_with_keys(const LegacyLayer& layer, const base::Digest& artifact,
                                                  const std::vector<NamedKey>& keys, const TrustedRoot* root,
                                                  const KeyRules& rules,
                                                  std::vector<VerificationCheck>* passed) {
  const auto ready = Layer::of(layer);
  if (!ready) return ready.error();
  VerifiedSignature verified;
  auto good = verify_key_material(ready->material(), {}, keys, root, rules, verified);
  // A certificate beside the signature tells more than that no key fits.
  if (!good && has_certificate(layer) && good.error().code() == "key.wrong")
    return Error::refused("key.expected_key_got_cert",
                          "the layer is signed with a certificate; a pinned key is asked for");
  if (good) good = ready->bind(artifact, verified);
  if (passed != nullptr) *passed = verified.checks;
  if (!good) return std::move(good).error();
  return verified;
}

}  // namespace gridseal::sigstore
