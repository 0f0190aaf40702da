// Goes through everything that may speak for an artifact: what each piece is, and what it proves.
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "sigstore/cosign_sign.hpp"
#include "sigstore/verify_legacy.hpp"
#include "trust/tally.hpp"

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

Error wrong_content(const std::string& what) {
  return Error::refused("blob.digest_mismatch", what);
}

// What a bundle is, by bytes whose signature is not checked yet; the same bytes are verified as that.
struct Looks {
  std::optional<Role> role;  // absent: cannot be told
  std::string predicate_type;
};

// Only cosign's own predicate makes a statement a signature: who may attest a scan may not thereby release.
Looks looks_of(const sigstore::Bundle& bundle) {
  const auto* envelope = std::get_if<sigstore::Envelope>(&bundle.content);
  if (envelope == nullptr) return {Role::signature, {}};
  if (envelope->payload_type != sigstore::kInTotoPayloadType) return {};
  if (!envelope->statement) return {};
  const std::string& type = (*envelope->statement)->predicate_type;
  if (type == sigstore::kSignPredicateType) return {Role::signature, {}};
  return {Role::attestation, type};
}

// Cosign's word for the type, which nobody signed: it only tells which attestation a failure is about.
std::string hinted_type(const Content& layer) {
  const auto found = layer.annotations.find("predicateType");
  return found == layer.annotations.end() ? std::string() : found->second;
}

// Not somebody else's: changed, so that what it says of itself cannot be believed either.
bool is_altered(const base::Error& error) {
  return is_among(error.code(), {"sig.invalid", "tlog.body"});
}

Refusal attestation(const std::string& type) {
  return {Stage::other_kind,
          Error::pending("intoto.predicate_type", "an attestation of type '" + base::printable(type, 80) +
                                                      "', which is no signature")};
}

class Collector {
 public:
  Collector(const Question& question, Tally& tally) : question_(question), tally_(tally) {}

  void run() {
    for (const SignatureManifest& manifest : question_.evidence.signatures) {
      if (tally_.complete()) break;
      try_manifest(manifest);
    }
  }

 private:
  // What the layers of a signature manifest are.
  struct Layers {
    size_t count = 0;
    bool speaks = false;  // one of them may be a signature
    bool alone = false;   // one of them must be the only one

    void add(const Content& layer) {
      const Kind kind = kind_of(layer.media_type);
      ++count;
      speaks = speaks || kind != Kind::other;
      alone = alone || kind == Kind::bundle || kind == Kind::notation;
    }
  };

  void try_manifest(const SignatureManifest& manifest) {
    std::string where(to_string(manifest.place));
    const auto bytes = manifest.bytes.whole(kMaxSignatureManifest);
    if (!bytes) {
      if (manifest.digest) where += " " + manifest.digest->short_form();
      return note(where, {Stage::fetched, unreadable(bytes.error())});
    }
    const base::Digest digest = crypto::sha256(*bytes);
    where += " " + digest.short_form();
    if (manifest.digest && *manifest.digest != digest)
      return note(where, {Stage::fetched, wrong_content("the signature manifest does not have its digest")});
    Layers layers;
    const auto parsed =
        parse_image_manifest(*bytes, "registry.manifest", [&](const Content& layer) { layers.add(layer); });
    if (!parsed) return note(where, {Stage::fetched, parsed.error()});
    if (auto refusal = check_place(manifest, *parsed, layers)) return note(where, std::move(*refusal));
    // One at a time: a manifest may have a thousand.
    (void)parse_image_manifest(*bytes, "registry.manifest", [&](const Content& layer) {
      if (!tally_.complete()) try_layer(manifest, digest, layer, where);
    });
  }

  static Error unreadable(const Error& why) {
    return why.code() == "files.too_large"
               ? Error::refused("parse.limit", "the signature manifest is larger than 1 MiB")
               : why;
  }

  // What can be said about a signature manifest before its layers are looked at.
  std::optional<Refusal> check_place(const SignatureManifest& manifest, const ImageManifest& parsed,
                                     const Layers& layers) const {
    const bool tagged = manifest.place == Place::legacy_tag;
    // Referrers of all kinds lie beside an artifact; only those that hold signatures are judged as such.
    if (!layers.speaks && !tagged) return std::nullopt;
    if (layers.alone && (layers.count != 1 || tagged)) {
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
    if (layers.count == 0)
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
      return tally_.add_not_tried();
    }
    ++candidates_;
    const auto blob = manifest.blobs.find(layer.digest);
    if (blob == manifest.blobs.end()) {
      return note(where, {Stage::fetched, Error::pending("registry.blob_missing",
                                                         "the signature " + layer.digest.to_string() +
                                                             " is listed, its content is not there")});
    }
    const auto digest = crypto::sha256_of(blob->second);
    if (!digest) return note(where, {Stage::fetched, digest.error()});
    if (blob->second.size() != layer.size || *digest != layer.digest)
      return note(where, {Stage::fetched, wrong_content("the signature does not have its digest and size")});
    judge(kind, Candidate{manifest, manifest_digest, layer, blob->second}, where);
  }

  void judge(Kind kind, const Candidate& candidate, const std::string& where) {
    switch (kind) {
      case Kind::simple_signing:
        return take(judge_legacy(question_, candidate, Role::signature), where, {Role::signature, {}});
      case Kind::attestation:
        return take(judge_legacy(question_, candidate, Role::attestation), where,
                    {Role::attestation, hinted_type(candidate.layer)});
      case Kind::notation:
        return take(judge_notation(question_, candidate), where, {Role::signature, {}});
      default:
        return judge_as_bundle(candidate, where);
    }
  }

  void judge_as_bundle(const Candidate& candidate, const std::string& where) {
    const auto bundle = sigstore::parse_bundle(candidate.blob, question_.policy.statement_fields());
    if (!bundle) return note(where, {Stage::parsed, bundle.error()});
    if (bundle->digest != candidate.layer.digest)
      return note(where, {Stage::fetched, wrong_content("the signature changed while it was read")});
    Looks looks = looks_of(*bundle);
    const Role role = looks.role.value_or(Role::signature);
    auto judged = judge_bundle(question_, candidate, *bundle, role);
    if (!judged && is_altered(judged.error().error)) looks = {};
    if (looks.role == Role::attestation && question_.policy.attestations().empty())
      return note(where, attestation(looks.predicate_type), Role::attestation);
    take(std::move(judged), where, looks);
  }

  bool is_asked_for(Kind kind) const {
    if (kind == Kind::attestation) return !question_.policy.attestations().empty();
    if (kind != Kind::notation) return true;
    for (const Authority& authority : question_.policy.authorities()) {
      if (std::holds_alternative<NotationAuthority>(authority.rule)) return true;
    }
    return false;
  }

  void take(Judgement judged, const std::string& where, const Looks& looks) {
    if (judged)
      tally_.add(looks.role.value_or(Role::signature), std::move(*judged));
    else
      tally_.add({where, std::move(judged).error(), looks.role, looks.predicate_type});
  }

  void note_unknown(Place place, const Content& layer, const std::string& where) {
    const std::string what =
        "a layer of type '" + base::printable(layer.media_type, 80) + "', which is no signature";
    if (place != Place::legacy_tag) return note(where, other_kind(what));
    note(where, {Stage::fetched, Error::refused("registry.media_type", what)});
  }

  void note(const std::string& where, Refusal refusal, std::optional<Role> role = {}) {
    tally_.add({where, std::move(refusal), role, {}});
  }

  const Question& question_;
  Tally& tally_;
  size_t candidates_ = 0;
};

}  // namespace

void collect(const Question& question, Tally& tally) {
  Collector(question, tally).run();
}

}  // namespace gridseal::trust
