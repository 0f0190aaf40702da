#include "publish/trust_bundle.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/pem.hpp"
#include "oci/media_types.hpp"

namespace gridseal::publish {
namespace {

using base::Error;
using base::Json;
using base::Result;
using trust::BundleKey;
using trust::BundleRole;

Error bad_name(const std::string& why) {
  return Error::refused("bundle.name", why);
}

void include(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

void replace(std::vector<trust::BundleDocument>& documents, trust::BundleDocument document) {
  std::erase_if(documents, [&](const auto& known) { return known.name == document.name; });
  documents.push_back(std::move(document));
}

Json descriptor(std::string_view media_type, std::string_view bytes) {
  return {{"mediaType", media_type}, {"digest", crypto::sha256(bytes).to_string()}, {"size", bytes.size()}};
}

oci::Descriptor blob_of(std::string_view media_type, std::string_view bytes) {
  return {std::string(media_type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

std::string manifest_of(const trust::TrustBundle& bundle) {
  const std::string_view type = trust::kTrustBundlePayloadType;
  return base::dump_json({{"schemaVersion", 2},
                          {"mediaType", oci::kOciManifest},
                          {"artifactType", type},
                          {"config", descriptor(oci::kOciEmpty, "{}")},
                          {"layers", Json::array({descriptor(type, bundle.envelope())})},
                          {"annotations",
                           {{oci::kAnnotationVersion, std::to_string(bundle.version())},
                            {oci::kAnnotationCreated, base::format_rfc3339(bundle.content().created)}}}});
}

}  // namespace

Result<TrustBundleFile> TrustBundleFile::first(const std::map<std::string, crypto::PublicKey>& root,
                                               size_t threshold, int64_t version, base::Time now) {
  TrustBundleFile file;
  file.content_.version = version;
  file.content_.created = std::chrono::floor<std::chrono::seconds>(now);
  for (const auto& [name, key] : root) {
    if (auto r = file.add_key(name, key, {"root"}); !r) return std::move(r).error();
  }
  file.content_.root.threshold = threshold;
  if (auto r = file.check(); !r) return std::move(r).error();
  return file;
}

Result<TrustBundleFile> TrustBundleFile::read(base::Files& files, const std::string& path) {
  auto text = base::read_file(files, path, trust::kMaxTrustBundleBytes);
  if (!text) return std::move(text).error();
  while (!text->empty() && text->back() == '\n') text->pop_back();
  auto draft = trust::parse_trust_bundle_draft(*text);
  if (!draft) return std::move(draft).error().with_context(path + " is not a trust bundle");
  TrustBundleFile file;
  file.content_ = std::move(draft->content);
  file.signatures_ = std::move(draft->signatures);
  return file;
}

std::string TrustBundleFile::envelope() const {
  return trust::trust_bundle_envelope(trust::canonical_text(content_), signatures_);
}

void TrustBundleFile::begin_change(base::Time now) {
  if (is_draft()) return;
  signatures_.clear();
  ++content_.version;
  // A clock that is behind must not make a bundle that nobody accepts.
  content_.created = std::max<base::Time>(content_.created, std::chrono::floor<std::chrono::seconds>(now));
}

Result<BundleRole*> TrustBundleFile::role(const std::string& name) {
  if (name == "root") return &content_.root;
  if (name != "deny" && name != "endorse")
    return Error::refused("bundle.role", "there is no role '" + base::printable(name, 40) +
                                             "'; there are root, deny, endorse and artifact");
  std::optional<BundleRole>& found = name == "deny" ? content_.deny : content_.endorse;
  if (!found) found = BundleRole{{}, 1};
  return &*found;
}

Result<void> TrustBundleFile::add_key(const std::string& name, const crypto::PublicKey& key,
                                      const Roles& roles) {
  const auto known = std::ranges::find(content_.keys, name, &BundleKey::name);
  if (known != content_.keys.end() && !(known->key == key))
    return bad_name("the bundle holds another key called " + base::printable(name, 64));
  const auto same = std::ranges::find_if(content_.keys, [&](const BundleKey& k) { return k.key == key; });
  if (same != content_.keys.end() && same->name != name)
    return bad_name("the bundle holds this key already; it is called " + same->name);
  if (known == content_.keys.end()) content_.keys.push_back({name, key});
  for (const std::string& wanted : roles) {
    if (wanted == "artifact") {
      include(content_.artifact_keys, name);
      continue;
    }
    auto found = role(wanted);
    if (!found) return std::move(found).error();
    include((*found)->keys, name);
  }
  return {};
}

Result<void> TrustBundleFile::remove_key(const std::string& name) {
  const auto known = std::ranges::find(content_.keys, name, &BundleKey::name);
  if (known == content_.keys.end())
    return bad_name("the bundle holds no key called " + base::printable(name, 64));
  const trust::SignerId id = known->key.fingerprint();
  std::erase(content_.artifact_keys, name);
  std::erase(content_.root.keys, name);
  for (std::optional<BundleRole>* optional_role : {&content_.deny, &content_.endorse}) {
    if (!*optional_role) continue;
    std::erase((*optional_role)->keys, name);
    if ((*optional_role)->keys.empty()) optional_role->reset();
  }
  const bool endorses = std::ranges::find(content_.denials.endorsed, id, &trust::Endorsement::by) !=
                        content_.denials.endorsed.end();
  if (!endorses) content_.keys.erase(known);
  return {};
}

Result<void> TrustBundleFile::set_threshold(const std::string& name, size_t threshold) {
  auto found = role(name);
  if (!found) return std::move(found).error();
  (*found)->threshold = threshold;
  return {};
}

Result<void> TrustBundleFile::add_sigstore_root(const std::string& name, const std::string& text) {
  auto json = base::parse_json(text);
  if (!json) return std::move(json).error();
  if (!json->is_object()) return Error::refused("bundle.value", "a trusted root is a JSON object");
  replace(content_.sigstore_roots, {name, base::dump_json(*json)});
  return {};
}

Result<void> TrustBundleFile::add_notation_store(const std::string& name, const std::string& pem) {
  auto blocks = crypto::parse_pem(pem, 64);
  if (!blocks) return std::move(blocks).error();
  std::string text;
  for (const crypto::PemBlock& block : *blocks) text += crypto::encode_pem(block.label, block.bytes);
  replace(content_.notation_stores, {name, std::move(text)});
  return {};
}

void TrustBundleFile::add(const trust::DenialEntries& entries) {
  trust::DenialEntries& all = content_.denials;
  all.keys.insert(all.keys.end(), entries.keys.begin(), entries.keys.end());
  all.identities.insert(all.identities.end(), entries.identities.begin(), entries.identities.end());
  all.digests.insert(all.digests.end(), entries.digests.begin(), entries.digests.end());
  all.retired.insert(all.retired.end(), entries.retired.begin(), entries.retired.end());
  all.endorsed.insert(all.endorsed.end(), entries.endorsed.begin(), entries.endorsed.end());
  all.floors.insert(all.floors.end(), entries.floors.begin(), entries.floors.end());
}

Result<trust::SignerId> TrustBundleFile::key_id(const std::string& text) const {
  if (auto digest = base::Digest::parse(text)) return *digest;
  const auto known = std::ranges::find(content_.keys, text, &BundleKey::name);
  if (known != content_.keys.end()) return known->key.fingerprint();
  return bad_name("'" + base::printable(text, 80) + "' is neither a key of the bundle nor sha256:…");
}

Result<std::string> TrustBundleFile::sign(const crypto::PrivateKey& key) {
  if (auto r = check(); !r) return std::move(r).error();
  auto signature = trust::sign_trust_bundle(key, trust::canonical_text(content_));
  if (!signature) return std::move(signature).error();
  std::erase_if(signatures_, [&](const auto& known) { return known.key == signature->key; });
  signatures_.push_back(std::move(*signature));
  for (const BundleKey& known : content_.keys) {
    if (known.key == key.public_key()) return known.name;
  }
  return std::string();
}

Result<void> TrustBundleFile::check() const {
  auto read = trust::parse_trust_bundle_content(trust::canonical_text(content_));
  if (!read) return std::move(read).error();
  return {};
}

Result<void> TrustBundleFile::write(base::Files& files, const std::string& path) const {
  if (auto r = check(); !r) return r;
  return base::write_file(files, path, envelope() + "\n", 0644);
}

Result<base::Digest> push_trust_bundle(oci::Publisher& publisher, const oci::Repository& repository,
                                       const trust::TrustBundle& bundle,
                                       const std::optional<trust::TrustBundle>& previous,
                                       const std::stop_token& stop) {
  const bool again = previous && previous->fingerprint() == bundle.fingerprint();
  const auto follows = previous && !again ? trust::check_succession(*previous, bundle)
                       : again            ? Result<void>()
                                          : trust::check_first(bundle);
  if (!follows) return follows.error();
  const oci::Descriptor config = blob_of(oci::kOciEmpty, "{}");
  const oci::Descriptor layer = blob_of(trust::kTrustBundlePayloadType, bundle.envelope());
  if (auto r = publisher.push_blob(repository, config, "{}", stop); !r) return std::move(r).error();
  if (auto r = publisher.push_blob(repository, layer, bundle.envelope(), stop); !r)
    return std::move(r).error();
  const std::string manifest = manifest_of(bundle);
  for (const std::string& tag : {"v" + std::to_string(bundle.version()), std::string("latest")}) {
    auto pushed = publisher.push_manifest(repository, tag, manifest, oci::kOciManifest, stop);
    if (!pushed) return std::move(pushed).error();
  }
  return crypto::sha256(manifest);
}

}  // namespace gridseal::publish
