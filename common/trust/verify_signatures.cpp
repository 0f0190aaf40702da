#include <array>
#include <optional>
#include <vector>

#include "base/encoding.hpp"
#include "sigstore/cosign_sign.hpp"
#include "trust/candidate.hpp"
#include "trust/image_manifest.hpp"
#include "trust/verify.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kBundlePrefix = "application/vnd.dev.sigstore.bundle";
// Every candidate costs a verification with each key.
constexpr size_t kMaxCandidates = 1000;

enum class Kind { simple_signing, bundle, attestation, notation, other };

Kind kind_of(std::string_view layer_media_type) {
  if (layer_media_type == sigstore::kSimpleSigningMediaType) return Kind::simple_signing;
  if (layer_media_type.starts_with(kBundlePrefix)) return Kind::bundle;
  if (layer_media_type == "application/vnd.dsse.envelope.v1+json") return Kind::attestation;
  if (layer_media_type == "application/jose+json" || layer_media_type == "application/cose")
    return Kind::notation;
  return Kind::other;
}

Refusal other_kind(std::string what) {
  return {Stage::other_kind, Error::pending("registry.no_signature", std::move(what))};
}

// Goes through the candidates until one verifies; remembers why the others did not.
class Search {
 public:
  explicit Search(const Question& question) : question_(question) {}

  Result<SignatureEvidence> run() {
    for (const SignatureManifest& manifest : question_.evidence.signatures) {
      if (try_manifest(manifest)) break;
    }
    if (!good_) return explain();
    for (const Tried& tried : tried_) good_->others.push_back(describe(tried));
    return std::move(*good_);
  }

 private:
  struct Tried {
    std::string where;
    Refusal refusal;
  };

  bool try_manifest(const SignatureManifest& manifest) {
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
      if (try_layer(manifest, digest, layer, where)) return true;
    }
    return false;
  }

  // What can be said about a signature manifest before its layers are looked at.
  std::optional<Refusal> check_place(const SignatureManifest& manifest, const ImageManifest& parsed) const {
    const bool tagged = manifest.place == Place::legacy_tag;
    bool signature = false;
    bool bundle = false;
    for (const Content& layer : parsed.layers) {
      const Kind kind = kind_of(layer.media_type);
      signature = signature || kind == Kind::simple_signing || kind == Kind::bundle;
      bundle = bundle || kind == Kind::bundle;
    }
    // Referrers of all kinds lie beside an artifact; only those that hold signatures are judged as such.
    if (!signature && !tagged) return std::nullopt;
    if (bundle && (parsed.layers.size() != 1 || tagged)) {
      return Refusal{
          Stage::fetched,
          Error::refused("registry.manifest", tagged ? "a bundle under a tag where it cannot name its subject"
                                                     : "a bundle beside other layers in one manifest")};
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

  bool try_layer(const SignatureManifest& manifest, const base::Digest& manifest_digest, const Content& layer,
                 const std::string& where) {
    const Kind kind = kind_of(layer.media_type);
    if (kind == Kind::attestation) return note(where, other_kind("an attestation, which is no signature"));
    if (kind == Kind::notation)
      return note(where, other_kind("a Notary Project signature; this policy asks for pinned keys"));
    if (kind == Kind::other) return note_unknown(manifest.place, layer, where);
    if (candidates_ == kMaxCandidates) {
      ++not_tried_;
      return false;
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
    const Candidate candidate{manifest, manifest_digest, layer, blob->second};
    auto judged = kind == Kind::bundle ? judge_bundle(question_, candidate)
                                       : judge_simple_signing(question_, candidate);
    if (!judged) return note(where, std::move(judged).error());
    good_ = std::move(*judged);
    return true;
  }

  bool note_unknown(Place place, const Content& layer, const std::string& where) {
    const std::string what =
        "a layer of type '" + base::printable(layer.media_type, 80) + "', which is no signature";
    if (place != Place::legacy_tag) return note(where, other_kind(what));
    return note(where, {Stage::fetched, Error::refused("registry.media_type", what)});
  }

  // False, for brevity at the callers: the search goes on.
  bool note(const std::string& where, Refusal refusal) {
    tried_.push_back({where, std::move(refusal)});
    return false;
  }

  static std::string describe(const Tried& tried) {
    return tried.where + ": " + tried.refusal.error.describe() + " [" + tried.refusal.error.code() + "]";
  }

  // The most telling failure, with the others behind it.
  Error explain() const {
    const Tried* best = nullptr;
    for (const Tried& tried : tried_) {
      if (best == nullptr || rank(tried) > rank(*best)) best = &tried;
    }
    std::string rest = remarks(best);
    if (best == nullptr || best->refusal.stage == Stage::other_kind) {
      std::string found = best == nullptr ? std::string() : "; found " + best->refusal.error.message();
      return Error::pending("registry.no_signature",
                            "there is no signature of this artifact yet" + found + rest);
    }
    const Error& error = best->refusal.error;
    return Error(error.outcome(), error.code(), best->where + ": " + error.describe() + rest);
  }

  // Something wrong says more than something missing; after that the one that got furthest.
  static int rank(const Tried& tried) {
    const int stage = static_cast<int>(tried.refusal.stage);
    return tried.refusal.error.outcome() == base::Outcome::refused ? 10 + stage : stage;
  }

  std::string remarks(const Tried* best) const {
    constexpr size_t kShown = 5;
    std::string text;
    size_t shown = 0;
    size_t hidden = 0;
    for (const Tried& tried : tried_) {
      if (&tried == best) continue;
      if (shown == kShown)
        ++hidden;
      else if (++shown != 0)
        text += "; also " + describe(tried);
    }
    if (hidden != 0) text += "; and " + std::to_string(hidden) + " more that do not count";
    const size_t left = question_.evidence.not_tried + not_tried_;
    if (left != 0) text += "; " + std::to_string(left) + " more were not tried, there are too many";
    for (const std::string& note : question_.evidence.notes) text += "; " + base::printable(note);
    return text;
  }

  const Question& question_;
  std::optional<SignatureEvidence> good_;
  std::vector<Tried> tried_;
  size_t candidates_ = 0;
  size_t not_tried_ = 0;
};

}  // namespace

Result<SignatureEvidence> verify_signatures(const TrustState& state, const Policy& policy,
                                            const Evidence& evidence) {
  if (crypto::sha256(evidence.manifest) != evidence.digest) {
    return Error::refused("artifact.digest_mismatch",
                          "the manifest is not the one with digest " + evidence.digest.to_string());
  }
  const Question question{state, policy, evidence};
  return Search(question).run();
}

}  // namespace gridseal::trust
