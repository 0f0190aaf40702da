// Goes through everything that may speak for an artifact: what each piece is, and what it proves.
#include <utility>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/verify_legacy.hpp"
#include "trust/candidate.hpp"

namespace gridseal::trust {
namespace {

using base::Error;

constexpr std::string_view kBundlePrefix = "application/vnd.dev.sigstore.bundle";
// Every candidate costs a verification with each key.
constexpr size_t kMaxCandidates = 1000;

enum class Kind { simple_signing, bundle, attestation, notation, other };

Kind kind_of(std::string_view layer_media_type) {
  if (layer_media_type == sigstore::kSimpleSigningMediaType) return Kind::simple_signing;
  if (layer_media_type.starts_with(kBundlePrefix)) return Kind::bundle;
  if (layer_media_type == sigstore::kAttestationMediaType) return Kind::attestation;
  if (layer_media_type == "application/jose+json" || layer_media_type == "application/cose")
    return Kind::notation;
  return Kind::other;
}

Refusal other_kind(std::string what) {
  return {Stage::other_kind, Error::pending("registry.no_signature", std::move(what))};
}

// Only cosign's own predicate makes a statement a signature: who may attest a scan may not thereby release.
// This reads bytes before their signature is checked; the same bytes are verified with the role found here.
// The predicate type when the bundle is an attestation; empty: a signature.
std::string attested_type(const sigstore::Bundle& bundle) {
  const auto* envelope = std::get_if<sigstore::Envelope>(&bundle.content);
  if (envelope == nullptr || envelope->payload_type != sigstore::kInTotoPayloadType) return {};
  const auto statement = sigstore::parse_statement(envelope->payload);
  if (!statement || statement->predicate_type == sigstore::kSignPredicateType) return {};
  return statement->predicate_type;
}

Refusal attestation(const std::string& type) {
  return {Stage::other_kind,
          Error::pending("intoto.predicate_type", "an attestation of type '" + base::printable(type, 80) +
                                                      "', which is no signature")};
}

class Collector {
 public:
  Collector(const Question& question, const std::function<bool(const Collected&)>& enough)
      : question_(question), enough_(enough) {}

  Collected run() {
    for (const SignatureManifest& manifest : question_.evidence.signatures) {
      if (done_) break;
      try_manifest(manifest);
    }
    return std::move(collected_);
  }

 private:
  void try_manifest(const SignatureManifest& manifest) {
    const base::Digest digest = crypto::sha256(manifest.bytes);
    const std::string where = std::string(to_string(manifest.place)) + " " + digest.short_form();
    if (manifest.digest && *manifest.digest != digest) {
      return note(where, {Stage::fetched, Error::refused("blob.digest_mismatch",
                                                         "the signature manifest does not have its digest")});
    }
    const auto parsed = parse_image_manifest(manifest.bytes, "registry.manifest");
    if (!parsed) return note(where, {Stage::fetched, parsed.error()});
    if (auto refusal = check_place(manifest, *parsed)) return note(where, std::move(*refusal));
    for (const Content& layer : parsed->layers) {
      if (!done_) try_layer(manifest, digest, layer, where);
    }
  }

  // What can be said about a signature manifest before its layers are looked at.
  std::optional<Refusal> check_place(const SignatureManifest& manifest, const ImageManifest& parsed) const {
    const bool tagged = manifest.place == Place::legacy_tag;
    bool speaks = false;
    bool alone = false;
    for (const Content& layer : parsed.layers) {
      const Kind kind = kind_of(layer.media_type);
      speaks = speaks || kind != Kind::other;
      alone = alone || kind == Kind::bundle || kind == Kind::notation;
    }
    // Referrers of all kinds lie beside an artifact; only those that hold signatures are judged as such.
    if (!speaks && !tagged) return std::nullopt;
    if (alone && (parsed.layers.size() != 1 || tagged)) {
      return Refusal{Stage::fetched,
                     Error::refused("registry.manifest",
                                    tagged ? "a signature under a tag where it cannot name its subject"
                                           : "a signature beside other layers in one manifest")};
    }
    const bool subject_missing = !parsed.subject && !tagged;
    if (subject_missing || (parsed.subject && *parsed.subject != question_.evidence.digest)) {
      return Refusal{Stage::fetched, Error::refused("registry.subject_mismatch",
                                                    "the signature manifest's subject is not this artifact")};
    }
    if (parsed.layers.empty())
      return Refusal{Stage::fetched,
                     Error::refused("registry.manifest", "a signature manifest without layers")};
    return std::nullopt;
  }

  void try_layer(const SignatureManifest& manifest, const base::Digest& manifest_digest, const Content& layer,
                 const std::string& where) {
    const Kind kind = kind_of(layer.media_type);
    if (kind == Kind::other) return note_unknown(manifest.place, layer, where);
    if (!is_asked_for(kind)) {
      return note(where, other_kind(kind == Kind::attestation
                                        ? "an attestation, which is no signature"
                                        : "a Notary Project signature, which this policy does not ask for"));
    }
    if (candidates_ == kMaxCandidates) {
      ++collected_.not_tried;
      return;
    }
    ++candidates_;
    const auto blob = manifest.blobs.find(layer.digest);
    if (blob == manifest.blobs.end()) {
      return note(where, {Stage::fetched, Error::pending("registry.blob_missing",
                                                         "the signature " + layer.digest.to_string() +
                                                             " is listed, its content is not there")});
    }
    if (blob->second.size() != layer.size || crypto::sha256(blob->second) != layer.digest) {
      return note(where, {Stage::fetched, Error::refused("blob.digest_mismatch",
                                                         "the signature does not have its digest and size")});
    }
    judge(kind, Candidate{manifest, manifest_digest, layer, blob->second}, where);
  }

  void judge(Kind kind, const Candidate& candidate, const std::string& where) {
    switch (kind) {
      case Kind::simple_signing:
        return take(judge_legacy(question_, candidate, Role::signature), Role::signature, where);
      case Kind::attestation:
        return take(judge_legacy(question_, candidate, Role::attestation), Role::attestation, where);
      case Kind::notation:
        return take(judge_notation(question_, candidate), Role::signature, where);
      default:
        break;
    }
    const auto bundle = sigstore::parse_bundle(candidate.blob);
    if (!bundle) return note(where, {Stage::parsed, bundle.error()});
    const std::string type = attested_type(*bundle);
    if (type.empty())
      return take(judge_bundle(question_, candidate, *bundle, Role::signature), Role::signature, where);
    auto judged = judge_bundle(question_, candidate, *bundle, Role::attestation);
    // It names a trusted key and is not by it: changed, not somebody else's.
    if (!judged && judged.error().error.code() == "sig.invalid")
      return note(where, std::move(judged).error());
    if (question_.policy.attestations().empty()) return note(where, attestation(type));
    take(std::move(judged), Role::attestation, where);
  }

  bool is_asked_for(Kind kind) const {
    if (kind == Kind::attestation) return !question_.policy.attestations().empty();
    if (kind != Kind::notation) return true;
    for (const Authority& authority : question_.policy.authorities()) {
      if (std::holds_alternative<NotationAuthority>(authority.rule)) return true;
    }
    return false;
  }

  void take(Judgement judged, Role role, const std::string& where) {
    if (!judged) {
      // A wrong attestation is no wrong signature: what is missing then is the attestation.
      Refusal refusal = std::move(judged).error();
      if (role == Role::attestation) refusal.stage = Stage::other_kind;
      return note(where, std::move(refusal));
    }
    (role == Role::signature ? collected_.signatures : collected_.attestations).push_back(std::move(*judged));
    done_ = enough_(collected_);
  }

  void note_unknown(Place place, const Content& layer, const std::string& where) {
    const std::string what =
        "a layer of type '" + base::printable(layer.media_type, 80) + "', which is no signature";
    if (place != Place::legacy_tag) return note(where, other_kind(what));
    note(where, {Stage::fetched, Error::refused("registry.media_type", what)});
  }

  void note(const std::string& where, Refusal refusal) {
    collected_.tried.push_back({where, std::move(refusal)});
  }

  const Question& question_;
  const std::function<bool(const Collected&)>& enough_;
  Collected collected_;
  size_t candidates_ = 0;
  bool done_ = false;
};

}  // namespace

Collected collect(const Question& question, const std::function<bool(const Collected&)>& enough) {
  return Collector(question, enough).run();
}

}  // namespace gridseal::trust
