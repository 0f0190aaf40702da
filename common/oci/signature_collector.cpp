#include "oci/signature_collector.hpp"

#include <algorithm>

#include "oci/media_types.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr size_t kMaxNotes = 50;
constexpr size_t kMaxJunk = size_t{64} << 10U;  // of a manifest that is none
constexpr uint64_t kMaxSignatureConfig = uint64_t{1} << 20U;

bool is_signature_layer(const Descriptor& layer) {
  const std::string_view type = layer.media_type;
  return type == kSimpleSigning || type == kDsseEnvelope || type.starts_with(kSigstoreBundlePrefix) ||
         type == kNotationJws || type == kNotationCose;
}

bool speaks(const Manifest& manifest) {
  return std::ranges::any_of(manifest.layers, is_signature_layer);
}

// Not what the descriptor promised: no absence, but something wrong.
bool is_wrong_content(const Error& error) {
  return error.code() == "blob.digest_mismatch" || error.code() == "oci.digest_mismatch" ||
         error.code() == "oci.size_mismatch";
}

bool is_signature_tag(const Descriptor& descriptor) {
  const auto it = descriptor.annotations.find(kAnnotationRefName);
  return it != descriptor.annotations.end() && it->second.ends_with(".sig");
}

// What cannot be had or is wrong is left out; what the surroundings keep from us may come back.
bool is_junk(const Error& error) {
  return error.outcome() == base::Outcome::refused || error.code() == "oci.not_found" ||
         error.code() == "store.not_found" || error.code() == "store.corrupt";
}

void note(Signatures& out, const std::string& what, const Error& why) {
  if (out.notes.size() < kMaxNotes) out.notes.push_back(what + ": " + why.describe());
}

base::Time created(const Referrer& referrer) {
  const auto it = referrer.descriptor.annotations.find(kAnnotationCreated);
  if (it == referrer.descriptor.annotations.end()) return {};
  auto time = base::parse_rfc3339(it->second);
  return time ? *time : base::Time{};
}

Error too_large() {
  return Error::refused("parse.limit", "it is larger than 1 MiB");
}

Result<Manifest> parse_signature_manifest(const std::string& bytes) {
  return bytes.size() <= kMaxSignatureManifest ? parse_manifest(bytes) : too_large();
}

// Newest first; without dates the last in the list is the newest, as registries append.
void order(std::vector<Referrer>& referrers) {
  std::ranges::reverse(referrers);
  std::ranges::stable_sort(referrers, std::ranges::greater{}, created);
}

}  // namespace

Result<Signatures> SignatureCollector::collect() {
  for (const std::string_view suffix : {".sig", ".att"}) {
    if (auto r = take_tag(suffix); !r) return std::move(r).error();
  }
  if (auto r = take_referrers(); !r) return std::move(r).error();
  if (auto r = store_.add_signatures(digest_, entries_); !r) return std::move(r).error();
  return std::move(out_);
}

Result<void> SignatureCollector::take_tag(std::string_view suffix) {
  const std::string tag = digest_tag(digest_, suffix);
  auto found = registry_.find_manifest(repository_, tag, stop_);
  if (!found) {
    if (!is_junk(found.error())) return std::move(found).error();
    note(out_, "tag " + tag, found.error());
    return {};
  }
  if (!*found) return {};
  Descriptor descriptor = (*found)->descriptor();
  descriptor.annotations.emplace(kAnnotationRefName, tag);
  return take({Place::legacy_tag, std::nullopt, {}, {}}, (*found)->bytes, descriptor);
}

Result<void> SignatureCollector::take_referrers() {
  auto list = registry_.referrers(repository_, digest_, stop_);
  if (!list) {
    if (!is_junk(list.error())) return std::move(list).error();
    note(out_, "referrers", list.error());
    return {};
  }
  for (std::string& text : list->notes) out_.notes.push_back(std::move(text));
  if (list->truncated) out_.notes.emplace_back("the registry lists more referrers than are read");
  order(list->referrers);
  size_t tried = 0;
  for (const Referrer& referrer : list->referrers) {
    // Those of many sites must not take the places of signatures.
    if (referrer.descriptor.artifact_type == kReceiptArtifact) continue;
    if (tried >= kMaxSignatureManifests || read_ >= kMaxSignatureBytes) {
      ++out_.not_tried;
      continue;
    }
    ++tried;
    if (auto r = take_referrer(referrer); !r) return r;
  }
  return {};
}

Result<void> SignatureCollector::take_referrer(const Referrer& referrer) {
  const Descriptor& descriptor = referrer.descriptor;
  const std::string what = "referrer " + descriptor.digest.short_form();
  const Place place = referrer.from_api ? Place::referrer : Place::referrer_tag;
  auto bytes = manifest(descriptor.digest);
  if (!bytes && !is_junk(bytes.error())) return std::move(bytes).error();
  if (bytes ? bytes->size() != descriptor.size : is_wrong_content(bytes.error())) {
    out_.manifests.push_back({place, descriptor.digest, {}, {}});
    return {};
  }
  if (!bytes) {
    note(out_, what, bytes.error());
    return {};
  }
  return take({place, descriptor.digest, {}, {}}, *bytes, descriptor);
}

Result<void> SignatureCollector::take(SignatureManifest found, const std::string& bytes,
                                      const Descriptor& descriptor) {
  const std::string what = "signature manifest " + descriptor.digest.short_form();
  auto manifest = parse_signature_manifest(bytes);
  if (!manifest || !speaks(*manifest)) {
    // Whatever lies where a signature should is judged as one.
    if (is_signature_tag(descriptor)) {
      found.bytes = bytes.size() <= kMaxJunk ? bytes : std::string();
      out_.manifests.push_back(std::move(found));
    } else if (!manifest) {
      note(out_, what, manifest.error());
    }
    return {};
  }
  read_ += bytes.size();
  for (const Descriptor& layer : manifest->layers) {
    if (!is_signature_layer(layer) || found.blobs.contains(layer.digest)) continue;
    if (layer.size > kMaxSignatureBlob || read_ + layer.size > kMaxSignatureBytes) {
      ++out_.not_tried;
      continue;
    }
    auto content = blob(layer);
    if (!content) {
      if (!is_junk(content.error())) return std::move(content).error();
      if (is_wrong_content(content.error()))
        found.blobs.emplace(layer.digest, base::Blob());
      else
        note(out_, what, content.error());
      continue;
    }
    read_ += content->size();
    found.blobs.emplace(layer.digest, std::move(*content));
  }
  // The config says nothing, but other tools expect a whole image.
  if (manifest->config.size <= kMaxSignatureConfig) {
    auto config = blob(manifest->config);
    if (!config && !is_junk(config.error())) return std::move(config).error();
  }
  if (auto r = store_.contains(descriptor.digest) ? Result<void>() : store_.put_blob(descriptor, bytes); !r)
    return r;
  auto stored_bytes = store_.check_blob(descriptor.digest, kMaxManifestBytes);
  if (!stored_bytes) return std::move(stored_bytes).error();
  found.bytes = std::move(*stored_bytes);
  Descriptor stored = descriptor;
  stored.media_type = manifest->media_type;
  entries_.push_back({found.place, std::move(stored)});
  out_.manifests.push_back(std::move(found));
  return {};
}

Result<std::string> SignatureCollector::manifest(const base::Digest& digest) {
  auto bytes = store_.read_blob(digest, kMaxManifestBytes);
  if (bytes || !is_junk(bytes.error())) return bytes;
  auto fetched = registry_.get_manifest(repository_, digest, stop_);
  if (!fetched) return std::move(fetched).error();
  return std::move(fetched->bytes);
}

Result<base::Blob> SignatureCollector::blob(const Descriptor& blob) {
  for (bool fetched = false;; fetched = true) {
    if (store_.contains(blob)) {
      auto checked = store_.check_blob(blob.digest, kMaxSignatureBlob);
      if (checked || fetched || checked.error().code() != "store.corrupt") return checked;
    }
    auto writer = store_.begin_blob(blob);
    if (!writer) return std::move(writer).error();
    if (auto r = registry_.get_blob(repository_, blob, **writer, stop_); !r) return std::move(r).error();
  }
}

namespace {

// The same from this host alone.
class LocalReader {
 public:
  explicit LocalReader(LocalContent& content) : content_(content) {}

  Result<Signatures> read(const base::Digest& digest) {
    auto entries = content_.signatures(digest);
    if (!entries) return std::move(entries).error();
    for (const SignatureEntry& entry : *entries) {
      if (out_.manifests.size() >= kMaxSignatureManifests || read_ >= kMaxSignatureBytes)
        ++out_.not_tried;
      else if (auto r = take(entry); !r)
        return std::move(r).error();
    }
    return std::move(out_);
  }

 private:
  Result<void> take(const SignatureEntry& entry) {
    const Descriptor& descriptor = entry.descriptor;
    const std::string what = "signature manifest " + descriptor.digest.short_form();
    auto bytes = content_.check_blob(descriptor.digest, kMaxManifestBytes);
    if (!bytes && !is_junk(bytes.error())) return std::move(bytes).error();
    if (bytes ? bytes->size() != descriptor.size : is_wrong_content(bytes.error())) {
      out_.manifests.push_back({entry.place, descriptor.digest, {}, {}});
      return {};
    }
    SignatureManifest found{entry.place, descriptor.digest, {}, {}};
    if (entry.place == Place::legacy_tag) found.digest.reset();
    const auto manifest = bytes ? read_manifest(*bytes) : Result<Manifest>(bytes.error());
    if (bytes) found.bytes = std::move(*bytes);
    const bool judged = manifest && speaks(*manifest);
    if (judged) {
      read_ += found.bytes.size();
      if (auto r = take_layers(*manifest, what, found); !r) return r;
    }
    if (judged || (found.bytes.size() > 0 && is_signature_tag(descriptor)))
      out_.manifests.push_back(std::move(found));
    else if (!manifest)
      note(out_, what, manifest.error());
    return {};
  }

  static Result<Manifest> read_manifest(const base::Blob& bytes) {
    auto text = bytes.whole(kMaxSignatureManifest);
    if (text) return parse_signature_manifest(*text);
    return text.error().code() == "files.too_large" ? too_large() : std::move(text).error();
  }

  Result<void> take_layers(const Manifest& manifest, const std::string& what, SignatureManifest& found) {
    for (const Descriptor& layer : manifest.layers) {
      if (!is_signature_layer(layer) || found.blobs.contains(layer.digest)) continue;
      if (layer.size > kMaxSignatureBlob || read_ + layer.size > kMaxSignatureBytes) {
        ++out_.not_tried;
        continue;
      }
      auto blob = content_.check_blob(layer.digest, kMaxSignatureBlob);
      if (!blob && !is_junk(blob.error())) return std::move(blob).error();
      if (blob ? blob->size() != layer.size : is_wrong_content(blob.error())) blob = base::Blob();
      if (!blob) {
        note(out_, what, blob.error());
        continue;
      }
      read_ += blob->size();
      found.blobs.emplace(layer.digest, std::move(*blob));
    }
    return {};
  }

  LocalContent& content_;
  Signatures out_;
  uint64_t read_ = 0;
};

}  // namespace

Result<Signatures> read_signatures(LocalContent& content, const base::Digest& digest) {
  return LocalReader(content).read(digest);
}

}  // namespace gridseal::oci
