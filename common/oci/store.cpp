#include "oci/store.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/reference.hpp"
#include "oci/store_blob.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr size_t kMaxSignatures = 256;
constexpr uint64_t kMaxIndexBytes = uint64_t{16} << 20U;
constexpr uint32_t kDirectoryMode = 0750;
constexpr uint32_t kFileMode = 0640;
constexpr const char* kStore = "the content store";

std::string annotation(const Descriptor& descriptor, std::string_view name) {
  const auto it = descriptor.annotations.find(name);
  return it == descriptor.annotations.end() ? std::string() : it->second;
}

bool is_signature(const Descriptor& entry) {
  return entry.annotations.contains(kAnnotationSignatureSubject);
}

std::optional<Place> parse_place(std::string_view text) {
  for (const Place place : {Place::legacy_tag, Place::referrer, Place::referrer_tag})
    if (text == to_string(place)) return place;
  return std::nullopt;
}

// The entry that other tools and this program find a signature manifest by.
Descriptor signature_entry(const base::Digest& subject, const SignatureEntry& entry) {
  Descriptor out = entry.descriptor;
  out.annotations.clear();
  out.annotations.emplace(kAnnotationSignatureSubject, subject.to_string());
  out.annotations.emplace(kAnnotationSignaturePlace, to_string(entry.place));
  if (entry.place == Place::legacy_tag) {
    const auto name = entry.descriptor.annotations.find(kAnnotationRefName);
    out.annotations.emplace(kAnnotationRefName, name == entry.descriptor.annotations.end()
                                                    ? digest_tag(subject, ".sig")
                                                    : name->second);
  }
  return out;
}

}  // namespace

Store::Store(base::Files& files, base::Log& log, StoreSettings settings)
    : files_(files), log_(log), settings_(std::move(settings)) {}

std::string Store::blob_path(const base::Digest& digest) const {
  return settings_.directory + "/blobs/sha256/" + digest.hex();
}

std::string Store::part_path(const base::Digest& digest) const {
  return settings_.directory + "/ingest/" + digest.hex() + ".part";
}

Result<std::unique_ptr<Store>> Store::open(base::Files& files, base::Log& log, StoreSettings settings) {
  std::unique_ptr<Store> store(new Store(files, log, std::move(settings)));
  if (auto r = store->prepare(); !r)
    return std::move(r).error().with_context("the content store cannot be opened");
  return store;
}

Result<void> Store::prepare() {
  for (const char* folder : {"/blobs/sha256", "/ingest", "/quarantine"}) {
    if (auto r = files_.make_directories(settings_.directory + folder, kDirectoryMode); !r) return r;
  }
  // write_file() cut short leaves its temporary beside the target.
  auto entries = files_.list(settings_.directory);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    if (entry.kind == base::EntryKind::file && entry.name.find(".tmp.") != std::string::npos) {
      if (auto r = files_.remove(settings_.directory + "/" + entry.name); !r) return r;
    }
  }
  if (auto r = sweep_ingest(nullptr, nullptr); !r) return r;

  const std::string layout = settings_.directory + "/oci-layout";
  auto text = base::read_file(files_, layout, 4096);
  if (!text && !base::is_not_found(text.error())) return std::move(text).error();
  if (text) {
    auto json = base::parse_json(*text);
    const std::string* version = json ? base::find_string(*json, "imageLayoutVersion") : nullptr;
    if (version != nullptr && *version != "1.0.0") {
      return Error::refused("store.layout", settings_.directory + " holds an image layout of version " +
                                                base::printable(*version, 40) + "; this program knows 1.0.0");
    }
    if (version == nullptr) text = Error::blocked("files.not_found", "damaged");
  }
  if (!text) {
    if (auto r = base::write_file(files_, layout, kLayoutFile, kFileMode); !r) return r;
  }
  return load_index();
}

Result<void> Store::load_index() {
  const std::string path = settings_.directory + "/index.json";
  auto text = base::read_file(files_, path, kMaxIndexBytes);
  if (!text && base::is_not_found(text.error())) return write_index({});
  if (!text && text.error().code() != "files.too_large") return std::move(text).error();
  Error why = text ? Error::refused("", "") : text.error();
  if (text) {
    auto index = parse_index(*text);
    if (index) {
      entries_ = std::move(index->manifests);
      return {};
    }
    why = std::move(index).error();
  }
  log_.error("index.json of the content store is damaged and begun anew; its blobs stay",
             {{"reason", "store.corrupt"}, {"cause", why.describe()}});
  if (auto r = files_.rename(path, settings_.directory + "/quarantine/index.json"); !r) return r;
  return write_index({});
}

Result<void> Store::write_index(std::vector<Descriptor> entries) {
  const Index index{std::string(kOciIndex), {}, entries, {}, {}};
  if (auto r = base::write_file(files_, settings_.directory + "/index.json", serialize(index), kFileMode); !r)
    return r;
  entries_ = std::move(entries);
  return {};
}

bool Store::contains(const base::Digest& digest) const {
  auto info = files_.stat(blob_path(digest));
  return info && info->kind == base::EntryKind::file;
}

bool Store::contains(const Descriptor& blob) const {
  auto info = files_.stat(blob_path(blob.digest));
  return info && info->kind == base::EntryKind::file && info->size == blob.size;
}

Error Store::quarantine(const base::Digest& digest, const std::string& why) {
  const std::string to = settings_.directory + "/quarantine/" + digest.hex();
  auto moved = files_.rename(blob_path(digest), to);
  log_.error("a blob of the content store is damaged",
             {{"digest", digest.to_string()}, {"reason", "store.corrupt"}});
  return Error::blocked("store.corrupt",
                        "blob " + digest.short_form() + " of the content store is damaged (" + why +
                            (moved ? "); it was set aside in " + to + " and is fetched again"
                                   : "); it cannot be set aside: " + moved.error().describe()));
}

Result<std::string> Store::read_blob(const base::Digest& digest, uint64_t limit) {
  auto bytes = base::read_file(files_, blob_path(digest), limit);
  if (!bytes) return unreadable(digest, kStore, bytes.error());
  if (crypto::sha256(*bytes) != digest) return quarantine(digest, "its bytes changed on this disk");
  return bytes;
}

Result<base::Blob> Store::check_blob(const base::Digest& digest, uint64_t limit) {
  auto blob = base::Blob::open(files_, blob_path(digest), limit);
  if (!blob) return unreadable(digest, kStore, blob.error());
  const auto found = crypto::sha256_of(*blob);
  if (!found) return found.error();
  if (*found != digest) return quarantine(digest, "its bytes changed on this disk");
  return blob;
}

Result<std::unique_ptr<BlobReader>> Store::open_blob(const Descriptor& blob) {
  auto file = files_.open_input(blob_path(blob.digest));
  if (!file) return unreadable(blob.digest, kStore, file.error());
  if ((*file)->size() != blob.size) return quarantine(blob.digest, "its size changed on this disk");
  return std::unique_ptr<BlobReader>(new StoreReader(*this, blob, std::move(*file)));
}

Result<std::unique_ptr<BlobSink>> Store::begin_blob(const Descriptor& blob) {
  {
    const std::lock_guard lock(mutex_);
    if (!writing_.insert(blob.digest).second)
      return Error::blocked("store.busy", "blob " + blob.digest.short_form() + " is being fetched already");
  }
  // From here on the writer gives the name back, also when it fails.
  auto writer = std::make_unique<StoreWriter>(*this, blob);
  auto part = files_.stat(part_path(blob.digest));
  const uint64_t have = part ? std::min(part->size, blob.size) : 0;
  if (auto r = ensure_space(blob.size - have); !r) return std::move(r).error();
  if (auto r = writer->resume(); !r) return std::move(r).error();
  return std::unique_ptr<BlobSink>(std::move(writer));
}

void Store::writer_closed(const base::Digest& digest) {
  const std::lock_guard lock(mutex_);
  writing_.erase(digest);
}

Result<void> Store::put_blob(const Descriptor& blob, std::string_view bytes) {
  auto writer = begin_blob(blob);
  if (!writer) return std::move(writer).error();
  if ((*writer)->size() > 0) {
    if (auto r = (*writer)->restart(); !r) return r;
  }
  if (auto r = (*writer)->write(bytes); !r) return r;
  auto finished = (*writer)->finish();
  if (!finished && finished.error().outcome() == base::Outcome::refused) (void)(*writer)->restart();
  return finished;
}

Result<void> Store::ensure_space(uint64_t needed) {
  auto free = files_.free_bytes(settings_.directory);
  if (!free) return std::move(free).error();
  if (*free >= settings_.watermark && *free - settings_.watermark >= needed) return {};
  return Error::blocked("store.no_space", "the content store needs " + std::to_string(needed) +
                                              " bytes and " + std::to_string(settings_.watermark) +
                                              " must stay free in " + settings_.directory + ", but only " +
                                              std::to_string(*free) +
                                              " are free; free some space on this file system");
}

Result<void> Store::set_root(const std::string& name, const Descriptor& manifest) {
  const std::lock_guard lock(mutex_);
  Descriptor root = manifest;
  root.annotations = {{std::string(kAnnotationRefName), name}};
  std::vector<Descriptor> entries = entries_;
  const auto it = std::ranges::find_if(entries, [&](const Descriptor& e) {
    return !is_signature(e) && annotation(e, kAnnotationRefName) == name;
  });
  if (it == entries.end()) {
    entries.push_back(std::move(root));
  } else {
    if (*it == root) return {};
    *it = std::move(root);
  }
  return write_index(std::move(entries));
}

Result<void> Store::remove_root(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::vector<Descriptor> entries = entries_;
  const auto removed = std::erase_if(entries, [&](const Descriptor& e) {
    return !is_signature(e) && annotation(e, kAnnotationRefName) == name;
  });
  return removed == 0 ? Result<void>() : write_index(std::move(entries));
}

std::vector<Root> Store::roots() const {
  const std::lock_guard lock(mutex_);
  std::vector<Root> roots;
  for (const Descriptor& entry : entries_)
    if (!is_signature(entry)) roots.push_back({annotation(entry, kAnnotationRefName), entry});
  return roots;
}

std::optional<Descriptor> Store::find_root(std::string_view name) const {
  for (auto& root : roots())
    if (root.name == name) return std::move(root.descriptor);
  return std::nullopt;
}

Result<void> Store::add_signatures(const base::Digest& subject, const std::vector<SignatureEntry>& found) {
  const std::lock_guard lock(mutex_);
  std::vector<Descriptor> entries = entries_;
  bool changed = false;
  for (const SignatureEntry& entry : found) {
    Descriptor wanted = signature_entry(subject, entry);
    if (std::ranges::find(entries, wanted) != entries.end()) continue;
    entries.push_back(std::move(wanted));
    changed = true;
  }
  if (!changed) return {};
  const std::string name = subject.to_string();
  const auto of_subject = [&](const Descriptor& e) {
    return annotation(e, kAnnotationSignatureSubject) == name;
  };
  auto excess = static_cast<size_t>(std::ranges::count_if(entries, of_subject));
  excess = excess > kMaxSignatures ? excess - kMaxSignatures : 0;
  std::erase_if(entries, [&](const Descriptor& e) { return excess > 0 && of_subject(e) && excess-- > 0; });
  return write_index(std::move(entries));
}

Result<std::vector<SignatureEntry>> Store::signatures(const base::Digest& subject) {
  const std::lock_guard lock(mutex_);
  std::vector<SignatureEntry> found;
  const std::string name = subject.to_string();
  for (const Descriptor& entry : entries_) {
    if (annotation(entry, kAnnotationSignatureSubject) != name) continue;
    const auto place = parse_place(annotation(entry, kAnnotationSignaturePlace));
    if (place) found.push_back({*place, entry});
  }
  return found;
}

}  // namespace gridseal::oci
