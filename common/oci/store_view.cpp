#include "oci/store_view.hpp"

#include "crypto/sha256.hpp"
#include "oci/manifest.hpp"
#include "oci/media_types.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr uint64_t kMaxViewedIndex = uint64_t{16} << 20U;
constexpr const char* kViewed = "the content store";

Error damaged(const base::Digest& digest) {
  return Error::blocked("store.corrupt", "blob " + digest.short_form() + " of the content store is damaged");
}

std::optional<SignatureEntry> signature_of(const Descriptor& entry) {
  const auto place = entry.annotations.find(kAnnotationSignaturePlace);
  if (place == entry.annotations.end()) return std::nullopt;
  for (const Place one : {Place::legacy_tag, Place::referrer, Place::referrer_tag})
    if (place->second == to_string(one)) return SignatureEntry{one, entry};
  return std::nullopt;
}

}  // namespace

std::string StoreView::blob_path(const base::Digest& digest) const {
  return directory_ + "/blobs/sha256/" + digest.hex();
}

std::optional<base::FileInfo> StoreView::look_at(const base::Digest& digest) const {
  auto info = files_.stat(blob_path(digest));
  if (!info || info->kind != base::EntryKind::file) return std::nullopt;
  return *info;
}

bool StoreView::contains(const Descriptor& blob) const {
  const auto info = look_at(blob.digest);
  return info && info->size == blob.size;
}

Result<std::unique_ptr<base::InputFile>> StoreView::open_blob(const Descriptor& blob) const {
  auto file = files_.open_input(blob_path(blob.digest));
  if (!file) return unreadable(blob.digest, kViewed, file.error());
  if ((*file)->size() != blob.size)
    return Error::blocked("store.corrupt",
                          "blob " + blob.digest.short_form() + " of the content store has another size");
  return file;
}

Result<std::string> StoreView::read_blob(const base::Digest& digest, uint64_t limit) {
  auto bytes = base::read_file(files_, blob_path(digest), limit);
  if (!bytes) return unreadable(digest, kViewed, bytes.error());
  if (crypto::sha256(*bytes) != digest) return damaged(digest);
  return bytes;
}

Result<base::Blob> StoreView::check_blob(const base::Digest& digest, uint64_t limit) {
  auto blob = base::Blob::open(files_, blob_path(digest), limit);
  if (!blob) return unreadable(digest, kViewed, blob.error());
  const auto found = crypto::sha256_of(*blob);
  if (!found) return found.error();
  if (*found != digest) return damaged(digest);
  return blob;
}

Result<void> StoreView::refresh() {
  const std::string path = directory_ + "/index.json";
  auto info = files_.stat(path);
  if (!info && base::is_not_found(info.error())) {
    signatures_.clear();
    read_.reset();
    return {};
  }
  if (!info) return std::move(info).error();
  if (read_ && read_->modified == info->modified && read_->size == info->size) return {};
  auto text = base::read_file(files_, path, kMaxViewedIndex);
  if (!text) return std::move(text).error();
  auto index = parse_index(*text);
  if (!index) return std::move(index).error();
  signatures_.clear();
  for (const Descriptor& entry : index->manifests) {
    const auto subject = entry.annotations.find(kAnnotationSignatureSubject);
    if (subject == entry.annotations.end()) continue;
    if (auto signature = signature_of(entry)) signatures_[subject->second].push_back(std::move(*signature));
  }
  read_ = *info;
  return {};
}

Result<std::vector<SignatureEntry>> StoreView::signatures(const base::Digest& subject) {
  const std::lock_guard lock(mutex_);
  if (auto r = refresh(); !r) return std::move(r).error();
  const auto found = signatures_.find(subject.to_string());
  return found == signatures_.end() ? std::vector<SignatureEntry>() : found->second;
}

}  // namespace gridseal::oci
