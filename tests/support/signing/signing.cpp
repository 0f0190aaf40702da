#include "support/signing/signing.hpp"

#include <filesystem>
#include <stdexcept>

#include "base/files.hpp"
#include "base/json.hpp"

namespace gridseal::test {
namespace {

using base::Json;

template <class T>
T must(base::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().describe());
  return std::move(*result);
}

std::string blob_path(const std::string& directory, const std::string& digest) {
  return directory + "/blobs/" + digest.substr(digest.find(':') + 1);
}

trust::SignatureManifest load_manifest(const std::string& directory, trust::Place place,
                                       const std::string& digest) {
  trust::SignatureManifest manifest;
  manifest.place = place;
  if (place != trust::Place::legacy_tag) manifest.digest = must(base::Digest::parse(digest));
  manifest.bytes = read_text(blob_path(directory, digest));
  const Json json = Json::parse(test::text_of(manifest.bytes));
  for (const Json& layer : json.at("layers")) {
    const std::string name = layer.at("digest");
    const std::string path = blob_path(directory, name);
    if (std::filesystem::exists(path))
      manifest.blobs.emplace(must(base::Digest::parse(name)), read_text(path));
  }
  return manifest;
}

}  // namespace

crypto::PrivateKey new_key() {
  return must(crypto::PrivateKey::generate());
}

trust::PinnedKey pin(const std::string& name, const crypto::PublicKey& key) {
  return {name, key};
}

Trust trust_in(std::vector<trust::PinnedKey> keys, std::map<std::string, std::string> annotations) {
  trust::PolicySettings settings{"release", {}, std::move(annotations)};
  for (const trust::PinnedKey& key : keys) settings.keys.push_back(key.name);
  trust::TrustState state = must(trust::TrustState::from_keys(std::move(keys)));
  trust::Policy policy = must(trust::make_policy(state, settings));
  return {std::move(state), std::move(policy)};
}

std::string image_manifest(const std::map<std::string, std::string>& annotations) {
  Json json = {{"schemaVersion", 2},
               {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
               {"config",
                {{"mediaType", "application/vnd.cncf.flux.config.v1+json"},
                 {"digest", crypto::sha256("{}").to_string()},
                 {"size", 2}}},
               {"layers", Json::array({Json{{"mediaType", "application/vnd.cncf.flux.content.v1.tar+gzip"},
                                            {"digest", crypto::sha256("content").to_string()},
                                            {"size", 7}}})}};
  if (!annotations.empty()) json["annotations"] = annotations;
  return base::dump_json(json);
}

trust::Evidence unsigned_artifact(const std::map<std::string, std::string>& annotations) {
  const std::string manifest = image_manifest(annotations);
  trust::Evidence evidence(crypto::sha256(manifest));
  evidence.manifest = manifest;
  return evidence;
}

void add_legacy(trust::Evidence& evidence, const std::vector<sigstore::LegacySignature>& signatures) {
  trust::SignatureManifest manifest;
  manifest.place = trust::Place::legacy_tag;
  manifest.bytes = sigstore::make_legacy_manifest(signatures).manifest;
  for (const auto& signature : signatures)
    manifest.blobs.emplace(crypto::sha256(signature.payload), signature.payload);
  evidence.signatures.push_back(std::move(manifest));
}

void add_bundle(trust::Evidence& evidence, const std::string& bundle) {
  trust::SignatureManifest manifest;
  manifest.place = trust::Place::referrer;
  manifest.bytes = sigstore::make_bundle_manifest(bundle, evidence.digest, evidence.manifest.size());
  manifest.digest = crypto::sha256(test::text_of(manifest.bytes));
  manifest.blobs.emplace(crypto::sha256(bundle), bundle);
  evidence.signatures.push_back(std::move(manifest));
}

void sign_legacy(trust::Evidence& evidence, const crypto::PrivateKey& key,
                 const std::map<std::string, std::string>& annotations) {
  add_legacy(evidence, {must(sigstore::make_legacy_signature(key, "mirror.example/water/pumps",
                                                             evidence.digest, annotations))});
}

void sign_bundle(trust::Evidence& evidence, const crypto::PrivateKey& key,
                 const std::map<std::string, std::string>& annotations) {
  add_bundle(evidence,
             must(sigstore::make_bundle(key, sigstore::sign_statement(evidence.digest, annotations))));
}

trust::Evidence load_registry(const std::string& directory) {
  const Json tags = Json::parse(read_text(directory + "/tags.json"));
  const std::string artifact = tags.at("v1");
  const std::string base_tag = "sha256-" + artifact.substr(artifact.find(':') + 1);
  trust::Evidence evidence(must(base::Digest::parse(artifact)));
  evidence.manifest = read_text(blob_path(directory, artifact));
  for (const char* suffix : {".sig", ".att"}) {
    if (tags.contains(base_tag + suffix))
      evidence.signatures.push_back(
          load_manifest(directory, trust::Place::legacy_tag, tags.at(base_tag + suffix)));
  }
  if (!tags.contains(base_tag)) return evidence;
  const Json index = Json::parse(read_text(blob_path(directory, tags.at(base_tag))));
  for (const Json& entry : index.at("manifests"))
    evidence.signatures.push_back(load_manifest(directory, trust::Place::referrer_tag, entry.at("digest")));
  return evidence;
}

trust::PinnedKey load_pinned(const std::string& path) {
  return {std::filesystem::path(path).filename().string(),
          must(crypto::PublicKey::from_pem(read_text(path)))};
}

std::string read_text(const std::string& path) {
  return must(base::read_file(base::system_files(), path));
}

std::string text_of(const base::Blob& blob) {
  return must(blob.whole(SIZE_MAX));
}

std::string first_blob(const trust::Evidence& evidence) {
  return text_of(evidence.signatures.at(0).blobs.begin()->second);
}

}  // namespace gridseal::test
