#include "cli/mirror_inventory.hpp"

#include <algorithm>
#include <set>

#include "crypto/sha256.hpp"
#include "oci/manifest.hpp"
#include "oci/media_types.hpp"
#include "oci/reference.hpp"

namespace gridseal::cli {
namespace {

constexpr std::string_view kSignatureAnnotation = "dev.cosignproject.cosign/signature";
constexpr std::string_view kPredicateAnnotation = "dev.sigstore.bundle.predicateType";

template <class Map>
std::string annotation(const Map& annotations, std::string_view name) {
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string() : std::string(found->second);
}

// Empty: no form of a signature.
std::string form_of(const oci::Descriptor& layer, const oci::Manifest& manifest) {
  if (layer.media_type == oci::kSimpleSigning) return "cosign signature";
  if (layer.media_type == oci::kNotationJws || layer.media_type == oci::kNotationCose)
    return "Notary Project signature";
  const bool envelope = layer.media_type == oci::kDsseEnvelope;
  if (!envelope && !layer.media_type.starts_with(oci::kSigstoreBundlePrefix)) return {};
  std::string type = annotation(layer.annotations, "predicateType");
  if (type.empty()) type = annotation(manifest.annotations, kPredicateAnnotation);
  return (envelope ? "DSSE attestation" : "Sigstore bundle") + (type.empty() ? "" : ", " + type);
}

std::string place_of(const oci::SignatureManifest& found, const std::string& form) {
  if (found.place != oci::Place::legacy_tag)
    return found.place == oci::Place::referrer ? "referrer" : "referrer by tag";
  return form.starts_with("DSSE") ? "tag .att" : "tag .sig";
}

}  // namespace

std::vector<Held> inventory(const oci::Signatures& signatures, const oci::ReferrerList& others) {
  std::vector<Held> list;
  std::set<std::string> known;
  for (const oci::SignatureManifest& found : signatures.manifests) {
    const auto bytes = found.bytes.whole(oci::kMaxManifestBytes);
    if (!bytes) continue;
    const std::string digest = crypto::sha256(*bytes).to_string();
    known.insert(digest);
    const auto manifest = oci::parse_manifest(*bytes);
    if (!manifest) continue;
    for (const oci::Descriptor& layer : manifest->layers) {
      std::string form = form_of(layer, *manifest);
      if (form.empty()) continue;
      // Several signatures may be over one payload, and a tag's manifest changes with each of them.
      std::string key = layer.digest.to_string() + " " + annotation(layer.annotations, kSignatureAnnotation);
      std::string place = place_of(found, form);
      list.push_back({std::move(place), digest, std::move(form), std::move(key)});
    }
  }
  for (const oci::Referrer& other : others.referrers) {
    const std::string digest = other.descriptor.digest.to_string();
    if (!known.insert(digest).second) continue;
    const std::string& type = other.descriptor.artifact_type;
    list.push_back({other.from_api ? "referrer" : "referrer by tag", digest,
                    type.empty() ? other.descriptor.media_type : type, digest, false});
  }
  return list;
}

std::vector<Held> lost(const std::vector<Held>& source, const std::vector<Held>& mirror) {
  std::vector<Held> missing;
  for (const Held& one : source) {
    if (std::ranges::find(mirror, one.key, &Held::key) == mirror.end()) missing.push_back(one);
  }
  return missing;
}

std::vector<std::string> hints(const base::Digest& artifact, const std::vector<Held>& lost_ones) {
  const auto any = [&](std::string_view begin) {
    return lost_ones.empty() ||
           std::ranges::any_of(lost_ones, [&](const Held& one) { return one.place.starts_with(begin); });
  };
  std::vector<std::string> list;
  if (any("tag "))
    list.push_back(
        "signatures under " + oci::digest_tag(artifact, ".sig") +
        " and .att are tags of their own, and a later copy of such a tag replaces all that it held: "
        "copy them with 'cosign copy' or 'regctl image copy --digest-tags'");
  if (any("referrer"))
    list.emplace_back(
        "referrers do not follow a tag, mirrors and plain copies lose them: copy with 'oras cp -r' or "
        "'regctl image copy --referrers'; skopeo and docker leave them behind");
  return list;
}

base::Json to_json(const std::vector<Held>& list) {
  base::Json json = base::Json::array();
  for (const Held& one : list)
    json.push_back(
        {{"place", one.place}, {"digest", one.digest}, {"form", one.form}, {"signature", one.speaks}});
  return json;
}

}  // namespace gridseal::cli
