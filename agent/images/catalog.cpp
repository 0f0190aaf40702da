#include "images/catalog.hpp"

#include <algorithm>

#include "oci/media_types.hpp"

namespace gridseal::images {

using base::Result;

namespace {

constexpr size_t kMaxParts = 20'000;  // of one image; an index of indexes could name more

bool same(const std::optional<base::FileInfo>& a, const std::optional<base::FileInfo>& b) {
  return a.has_value() == b.has_value() && (!a || (a->modified == b->modified && a->size == b->size));
}

}  // namespace

Catalog::Catalog(base::Files& files, std::string state_directory, std::vector<oci::StoreView*> places)
    : files_(files), state_directory_(std::move(state_directory)), places_(std::move(places)) {}

Result<bool> Catalog::refresh() {
  const std::lock_guard lock(mutex_);
  auto info = files_.stat(list_path(state_directory_));
  if (!info && !base::is_not_found(info.error())) return std::move(info).error();
  const std::optional<base::FileInfo> now = info ? std::optional(*info) : std::nullopt;
  if (same(now, read_)) return false;
  // Also when it is damaged: it is looked at again when it has changed.
  read_ = now;
  auto list = read_list(files_, state_directory_);
  if (!list) return std::move(list).error();
  rebuild(*list);
  return true;
}

// What was learned of an image stays known.
void Catalog::rebuild(const ImageList& list) {
  std::map<std::string, Image> before;
  for (Image& image : images_) before.emplace(root_name(image.repository, image.digest), std::move(image));
  images_.clear();
  open_tags_.clear();
  by_tag_.clear();
  denied_ = {list.denied.begin(), list.denied.end()};
  std::set<base::Digest> artifacts;
  for (const ListedRevision& revision : list.revisions) artifacts.insert(revision.artifact);
  std::map<std::string, Image> images;
  for (const ListedRevision& revision : list.revisions) {
    for (const ListedImage& listed : revision.images) {
      if (!listed.digest) {
        open_tags_.push_back(listed);
        continue;
      }
      if (denied_.contains(*listed.digest) || artifacts.contains(*listed.digest)) continue;
      const std::string name = root_name(listed.repository, *listed.digest);
      auto [it, is_new] = images.try_emplace(name, Image{listed.repository, *listed.digest, {}, {}});
      if (is_new) {
        if (const auto known = before.find(name); known != before.end())
          it->second.parts = std::move(known->second.parts);
        add(it->second, {{}, *listed.digest, 0, {}, {}, {}}, true, false);
      }
      if (listed.tag.empty()) continue;
      it->second.tags.insert(listed.tag);
      by_tag_.insert_or_assign(listed.repository.to_string() + ":" + listed.tag, *listed.digest);
    }
  }
  for (auto& [name, image] : images) images_.push_back(std::move(image));
}

void Catalog::add(Image& image, const oci::Descriptor& descriptor, bool is_manifest, bool is_signature) {
  if (image.parts.size() >= kMaxParts) return;
  image.parts.try_emplace(descriptor.digest, Entry{descriptor, is_manifest, is_signature, false});
}

void Catalog::learn(Image& image, Entry& entry, const oci::Document& document) {
  entry.learned = true;
  const bool is_signature = entry.is_signature;
  if (const auto* index = std::get_if<oci::Index>(&document)) {
    for (const oci::Descriptor& one : index->manifests) add(image, one, true, is_signature);
    return;
  }
  const auto& manifest = std::get<oci::Manifest>(document);
  add(image, manifest.config, false, is_signature);
  for (const oci::Descriptor& layer : manifest.layers) add(image, layer, false, is_signature);
}

std::optional<std::string> Catalog::read(const base::Digest& manifest) const {
  for (oci::StoreView* place : places_) {
    auto bytes = place->read_blob(manifest, oci::kMaxManifestBytes);
    if (bytes) return std::move(*bytes);
  }
  return std::nullopt;
}

std::vector<oci::SignatureEntry> Catalog::signatures(const base::Digest& subject) const {
  std::vector<oci::SignatureEntry> found;
  for (oci::StoreView* place : places_) {
    if (auto some = place->signatures(subject)) found.insert(found.end(), some->begin(), some->end());
  }
  return found;
}

// Everything that can be known of the image from what is on this host.
void Catalog::expand(Image& image) {
  std::vector<base::Digest> open;
  for (const auto& [digest, entry] : image.parts)
    if (entry.is_manifest) open.push_back(digest);
  std::set<base::Digest> seen(open.begin(), open.end());
  while (!open.empty()) {
    const base::Digest digest = open.back();
    open.pop_back();
    Entry& entry = image.parts.at(digest);
    if (!entry.learned) {
      const auto bytes = read(digest);
      auto document =
          bytes ? oci::parse_document(*bytes) : Result<oci::Document>(base::Error::blocked("", ""));
      if (document) learn(image, entry, *document);
    }
    if (!entry.is_signature) {
      for (const oci::SignatureEntry& one : signatures(digest)) add(image, one.descriptor, true, true);
    }
    for (const auto& [other, part] : image.parts)
      if (part.is_manifest && seen.insert(other).second) open.push_back(other);
  }
}

std::optional<Part> Catalog::find(const Asked& asked, const base::Digest& digest) {
  const std::lock_guard lock(mutex_);
  for (const bool expanded : {false, true}) {
    for (Image& image : images_) {
      if (!asked.means(image.repository)) continue;
      if (expanded) expand(image);
      const auto part = image.parts.find(digest);
      if (part == image.parts.end()) continue;
      const Entry& entry = part->second;
      return Part{image.repository, entry.descriptor, entry.is_manifest, digest == image.digest,
                  entry.is_signature};
    }
  }
  return std::nullopt;
}

std::optional<Tagged> Catalog::find_tag(const Asked& asked, const std::string& tag) {
  const std::lock_guard lock(mutex_);
  std::optional<Tagged> found;
  for (const Image& image : images_) {
    if (!asked.means(image.repository) || !image.tags.contains(tag)) continue;
    const base::Digest digest = by_tag_.at(image.repository.to_string() + ":" + tag);
    // Without a host two of them may mean two images: then the tag means none.
    if (found && found->digest != digest) return std::nullopt;
    found = Tagged{image.repository, digest};
  }
  if (found) return found;
  for (const ListedImage& open : open_tags_)
    if (asked.means(open.repository) && open.tag == tag) return Tagged{open.repository, std::nullopt};
  for (const Image& image : images_) {
    if (!asked.means(image.repository)) continue;
    for (const auto& [digest, entry] : image.parts) {
      if (!entry.is_manifest || entry.is_signature || !tag.starts_with(oci::digest_tag(digest))) continue;
      for (const oci::SignatureEntry& one : signatures(digest)) {
        const auto name = one.descriptor.annotations.find(oci::kAnnotationRefName);
        if (name != one.descriptor.annotations.end() && name->second == tag)
          return Tagged{image.repository, one.descriptor.digest};
      }
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> Catalog::tags(const Asked& asked) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> tags;
  bool known = false;
  for (const Image& image : images_) {
    if (!asked.means(image.repository)) continue;
    known = true;
    tags.insert(image.tags.begin(), image.tags.end());
  }
  for (const ListedImage& open : open_tags_) {
    if (!asked.means(open.repository)) continue;
    known = true;
    tags.insert(open.tag);
  }
  if (!known) return std::nullopt;
  return std::vector<std::string>(tags.begin(), tags.end());
}

std::vector<oci::Descriptor> Catalog::referrers(const Asked& asked, const base::Digest& subject) {
  const auto part = find(asked, subject);
  std::vector<oci::Descriptor> found;
  if (!part || !part->is_manifest || part->is_signature) return found;
  for (oci::SignatureEntry& one : signatures(subject)) {
    if (one.place == oci::Place::legacy_tag) continue;
    const bool twice = std::ranges::any_of(
        found, [&](const oci::Descriptor& d) { return d.digest == one.descriptor.digest; });
    if (!twice) found.push_back(std::move(one.descriptor));
  }
  return found;
}

bool Catalog::is_denied(const base::Digest& digest) const {
  const std::lock_guard lock(mutex_);
  return denied_.contains(digest);
}

void Catalog::learn(const base::Digest& manifest, const oci::Document& document) {
  const std::lock_guard lock(mutex_);
  for (Image& image : images_) {
    const auto part = image.parts.find(manifest);
    if (part != image.parts.end() && !part->second.learned) learn(image, part->second, document);
  }
}

void Catalog::add_image(const oci::Repository& repository, const base::Digest& digest) {
  const std::lock_guard lock(mutex_);
  for (const Image& image : images_)
    if (image.repository == repository && image.digest == digest) return;
  if (denied_.contains(digest)) return;
  images_.push_back({repository, digest, {}, {}});
  add(images_.back(), {{}, digest, 0, {}, {}, {}}, true, false);
}

std::vector<ListedImage> Catalog::open_tags() const {
  const std::lock_guard lock(mutex_);
  return open_tags_;
}

std::vector<base::Digest> Catalog::roots() const {
  const std::lock_guard lock(mutex_);
  std::vector<base::Digest> roots;
  for (const Image& image : images_) roots.push_back(image.digest);
  return roots;
}

std::vector<Catalog::Parts> Catalog::images() {
  const std::lock_guard lock(mutex_);
  std::vector<Parts> all;
  for (Image& image : images_) {
    expand(image);
    Parts parts;
    for (const auto& [digest, entry] : image.parts) {
      if (entry.is_manifest)
        parts.manifests.push_back(digest);
      else
        parts.blobs.push_back(entry.descriptor);
    }
    all.push_back(std::move(parts));
  }
  return all;
}

size_t Catalog::size() const {
  const std::lock_guard lock(mutex_);
  return images_.size() + open_tags_.size();
}

}  // namespace gridseal::images
