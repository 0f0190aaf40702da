#include "sigstore/verify_bundle.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "sigstore/signature_material.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;

std::optional<crypto::Hash> hash_named(const std::string& algorithm) {
  if (algorithm == "SHA2_256") return crypto::Hash::sha256;
  if (algorithm == "SHA2_384") return crypto::Hash::sha384;
  if (algorithm == "SHA2_512") return crypto::Hash::sha512;
  return std::nullopt;
}

// The bundle's content made ready; owns what the material refers to.
class Content {
 public:
  static Result<Content> of(const Bundle& bundle, const Artifact& artifact) {
    Content content(bundle, artifact);
    if (content.envelope_ == nullptr) {
      if (auto known = content.check_message(); !known) return std::move(known).error();
      return content;
    }
    if (auto type = check_payload_type(content.envelope_->payload_type); !type)
      return std::move(type).error();
    return content;
  }

  // Valid while this and the bundle live.
  SignatureMaterial material() const {
    if (envelope_ != nullptr) {
      return {bundle_.version,
              bundle_.log_entries,
              bundle_.timestamps,
              envelope_->signature,
              Artifact::of_bytes(envelope_->signature),
              LoggedEnvelope{envelope_->payload, envelope_->encoding},
              envelope_->encoding};
    }
    return {bundle_.version,
            bundle_.log_entries,
            bundle_.timestamps,
            message_->signature,
            Artifact::of_bytes(message_->signature),
            LoggedDigest{hash_, message_->digest},
            artifact_};
  }

  // Adds the content, bound to the artifact.
  Result<void> bind(VerifiedSignature& verified) const {
    if (envelope_ == nullptr) {
      verified.content = SignedMessage{hash_, message_->digest};
      verified.checks.push_back({"artifact", "the signature is over the artifact's own bytes"});
      return {};
    }
    const auto raw = artifact_.digest(crypto::Hash::sha256);
    if (!raw)
      return Error::refused("intoto.subject_mismatch",
                            "the artifact's sha256 digest is not known, and statements name no other");
    base::Digest::Raw digest{};
    std::copy(raw->begin(), raw->end(), digest.begin());
    return bind_statement(*envelope_, base::Digest(digest), verified);
  }

 private:
  Content(const Bundle& bundle, const Artifact& artifact)
      : bundle_(bundle),
        artifact_(artifact),
        envelope_(std::get_if<Envelope>(&bundle.content)),
        message_(std::get_if<MessageSignature>(&bundle.content)) {}

  // The digest in the bundle is a hint that nobody signed, yet it must be right.
  Result<void> check_message() {
    const auto hash = hash_named(message_->algorithm);
    if (!hash)
      return Error::refused("sig.alg_unsupported", "the message digest is of kind '" +
                                                       base::printable(message_->algorithm, 40) + "'");
    hash_ = *hash;
    const auto digest = artifact_.digest(hash_);
    if (digest && *digest == message_->digest) return {};
    return Error::refused("artifact.digest_mismatch",
                          digest ? "the message signature is about another artifact than this"
                                 : "the message digest is of kind " + message_->algorithm +
                                       ", and only another digest of the artifact is known");
  }

  const Bundle& bundle_;
  const Artifact& artifact_;
  const Envelope* envelope_;
  const MessageSignature* message_;
  crypto::Hash hash_ = crypto::Hash::sha256;
};

}  // namespace

Result<VerifiedSignature> verify_with_certificate(const Bundle& bundle, const Artifact& artifact,
                                                  const TrustedRoot& root, const CertificateRules& rules,
                                                  std::vector<VerificationCheck>* passed) {
  const auto* certificates = std::get_if<Certificates>(&bundle.material);
  if (certificates == nullptr)
    return Error::refused("key.expected_cert_got_key",
                          "the bundle is signed with a key; an identity with a certificate is asked for");
  const auto content = Content::of(bundle, artifact);
  if (!content) return content.error();
  const auto leaf = crypto::Certificate::from_der(certificates->leaf);
  if (!leaf) return leaf.error();
  VerifiedSignature verified;
  auto good = verify_certificate_material(content->material(), *leaf, root, rules, verified);
  if (good) good = content->bind(verified);
  if (passed != nullptr) *passed = verified.checks;
  if (!good) return std::move(good).error();
  return verified;
}

Result<VerifiedSignature> verify_with_keys(const Bundle& bundle, const Artifact& artifact,
                                           const std::vector<NamedKey>& keys, const TrustedRoot* root,
                                           const KeyRules& rules, std::vector<VerificationCheck>* passed) {
  const auto* hint = std::get_if<PublicKeyHint>(&bundle.material);
  if (hint == nullptr)
    return Error::refused("key.expected_key_got_cert",
                          "the bundle is signed with a certificate; a pinned key is asked for");
  const auto content = Content::of(bundle, artifact);
  if (!content) return content.error();
  VerifiedSignature verified;
  auto good = verify_key_material(content->material(), hint->hint, keys, root, rules, verified);
  if (good) good = content->bind(verified);
  if (passed != nullptr) *passed = verified.checks;
  if (!good) return std::move(good).error();
  return verified;
}

}  // namespace gridseal::sigstore
