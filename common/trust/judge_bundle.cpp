#include <optional>

#include "base/encoding.hpp"
#include "sigstore/bundle.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/statement.hpp"
#include "trust/candidate.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using crypto::Scheme;
using sigstore::Bundle;
using sigstore::Envelope;
using sigstore::kInTotoPayloadType;
using sigstore::kSignPredicateType;
using sigstore::MessageSignature;
using sigstore::Subject;

// What signers do with such a key in a bundle: the curve's own hash, older clients SHA-256; RSA SHA-256;
// Ed25519 prehashed (images) or pure.
std::vector<Scheme> bundle_schemes(const crypto::PublicKey& key) {
  switch (key.kind()) {
    case crypto::KeyKind::ecdsa_p384:
    case crypto::KeyKind::ecdsa_p521:
      return {key.natural_scheme(), Scheme::sha256};
    case crypto::KeyKind::ed25519:
      return {Scheme::ed25519ph, Scheme::ed25519};
    default:
      return {Scheme::sha256};
  }
}

// cosign's hint is the hash of the key.
bool hint_names(const std::string& hint, const crypto::PublicKey& key) {
  const auto& raw = key.fingerprint().raw();
  return hint == base::encode_base64({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

struct Signer {
  const PinnedKey* key;
  Scheme scheme;
};

tl::expected<Signer, Error> find_signer(const Policy& policy, const std::string& hint,
                                        std::string_view message, std::string_view signature) {
  std::optional<Error> malformed;
  bool well_formed = false;
  const PinnedKey* named = nullptr;
  for (const PinnedKey& pinned : policy.keys()) {
    if (hint_names(hint, pinned.key)) named = &pinned;
    for (const Scheme scheme : bundle_schemes(pinned.key)) {
      auto verified = pinned.key.verify(scheme, message, signature);
      if (verified) return Signer{&pinned, scheme};
      if (verified.error().code() == "sig.malformed")
        malformed = std::move(verified).error();
      else
        well_formed = true;
    }
  }
  if (malformed && !well_formed) return tl::unexpected<Error>(*malformed);
  if (named != nullptr) {
    return tl::unexpected<Error>(Error::refused(
        "sig.invalid",
        "the signature names the pinned key " + named->name + " and is not by it over these bytes"));
  }
  return tl::unexpected<Error>(Error::refused("key.wrong", "not a signature by any key of policy " +
                                                               policy.name() + " (" + key_names(policy) +
                                                               ") over this statement"));
}

Refusal attestation(const std::string& predicate_type) {
  return {Stage::other_kind, Error::pending("intoto.predicate_type", "an attestation of type '" +
                                                                         base::printable(predicate_type, 80) +
                                                                         "', which is no signature")};
}

// Somebody else's attestation beside an artifact is no wrong signature. This reads bytes that nobody vouched
// for, and decides only how the refusal is called.
std::optional<Refusal> foreign_attestation(const Bundle& bundle) {
  const Envelope* envelope = std::get_if<Envelope>(&bundle.content);
  if (envelope == nullptr || envelope->payload_type != kInTotoPayloadType) return std::nullopt;
  const auto statement = sigstore::parse_statement(envelope->payload);
  if (!statement || statement->predicate_type == kSignPredicateType) return std::nullopt;
  return attestation(statement->predicate_type);
}

// The order of these checks: what is signed before what it says.
Judgement judge_envelope(const Question& question, const Candidate& candidate, const Bundle& bundle,
                         const Envelope& envelope, const std::string& hint) {
  if (envelope.payload_type != kInTotoPayloadType) {
    return refuse(Stage::parsed,
                  Error::refused("dsse.payload_type", "the envelope's payload is of type '" +
                                                          base::printable(envelope.payload_type, 80) + "'"));
  }
  const std::string message = sigstore::pre_authentication_encoding(envelope.payload_type, envelope.payload);
  const auto signer = find_signer(question.policy, hint, message, envelope.signature);
  if (!signer) {
    if (auto foreign = foreign_attestation(bundle); foreign && signer.error().code() == "key.wrong")
      return tl::unexpected<Refusal>(*foreign);
    return refuse(Stage::formed, signer.error());
  }
  const auto statement = sigstore::parse_statement(envelope.payload);
  if (!statement) return refuse(Stage::signed_by, statement.error());
  if (statement->predicate_type != kSignPredicateType)
    return tl::unexpected<Refusal>(attestation(statement->predicate_type));
  const Subject* subject = sigstore::find_subject(*statement, question.evidence.digest);
  if (subject == nullptr) {
    return refuse(Stage::signed_by,
                  Error::refused("intoto.subject_mismatch",
                                 "the signed statement is not about this artifact: it was moved here"));
  }
  SignatureEvidence evidence = begin_evidence(question, candidate, "sigstore-bundle");
  record_key(evidence, *signer->key, signer->scheme);
  evidence.checks.push_back({"statement", "the signed statement is a signature of this artifact's digest"});
  evidence.annotations = subject->annotations;
  if (auto checked = check_annotations(question.policy, evidence, "intoto.annotation"); !checked)
    return refuse(Stage::signed_by, std::move(checked).error());
  return evidence;
}

std::optional<crypto::Hash> hash_named(const std::string& algorithm) {
  if (algorithm == "SHA2_256") return crypto::Hash::sha256;
  if (algorithm == "SHA2_384") return crypto::Hash::sha384;
  if (algorithm == "SHA2_512") return crypto::Hash::sha512;
  return std::nullopt;
}

// A signature over the manifest's bytes themselves.
Judgement judge_message(const Question& question, const Candidate& candidate, const MessageSignature& message,
                        const std::string& hint) {
  const auto hash = hash_named(message.algorithm);
  if (!hash) {
    return refuse(Stage::parsed,
                  Error::refused("sig.alg_unsupported", "the message digest is of kind '" +
                                                            base::printable(message.algorithm, 40) + "'"));
  }
  const std::string& manifest = question.evidence.manifest;
  if (message.digest != crypto::hash_of(*hash, manifest)) {
    return refuse(Stage::formed,
                  Error::refused("artifact.digest_mismatch",
                                 "the message signature is about other bytes than this manifest"));
  }
  const auto signer = find_signer(question.policy, hint, manifest, message.signature);
  if (!signer) return refuse(Stage::formed, signer.error());
  SignatureEvidence evidence = begin_evidence(question, candidate, "sigstore-bundle");
  record_key(evidence, *signer->key, signer->scheme);
  evidence.checks.push_back({"message", "the signature is over the manifest's own bytes"});
  if (auto checked = check_annotations(question.policy, evidence, "intoto.annotation"); !checked)
    return refuse(Stage::signed_by, std::move(checked).error());
  return evidence;
}

}  // namespace

Judgement judge_bundle(const Question& question, const Candidate& candidate) {
  const auto bundle = sigstore::parse_bundle(candidate.blob);
  if (!bundle) return refuse(Stage::parsed, bundle.error());
  const auto* hint = std::get_if<sigstore::PublicKeyHint>(&bundle->material);
  if (hint == nullptr) {
    if (auto foreign = foreign_attestation(*bundle)) return tl::unexpected<Refusal>(*foreign);
    return refuse(Stage::formed,
                  Error::refused("key.expected_key_got_cert",
                                 "the bundle is signed with a certificate; policy " + question.policy.name() +
                                     " asks for one of its pinned keys"));
  }
  const auto* envelope = std::get_if<Envelope>(&bundle->content);
  auto judged = envelope != nullptr ? judge_envelope(question, candidate, *bundle, *envelope, hint->hint)
                                    : judge_message(question, candidate,
                                                    std::get<MessageSignature>(bundle->content), hint->hint);
  if (!judged) return judged;
  judged->log_entries = !bundle->log_entries.empty();
  judged->timestamps = !bundle->timestamps.empty();
  return judged;
}

}  // namespace gridseal::trust
