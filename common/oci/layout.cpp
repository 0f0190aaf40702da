#include "oci/layout.hpp"

#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "crypto/sha256.hpp"
#include "oci/media_types.hpp"
#include "oci/reference.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kPrefix = "oci-layout:";
constexpr size_t kMaxScanned = 1000;                     // entries looked into for a subject
constexpr size_t kMaxBlobs = 20'000;                     // blobs looked at for the same
constexpr uint64_t kMaxReferrer = uint64_t{256} << 10U;  // of such a blob
constexpr uint64_t kMaxRead = uint64_t{64} << 20U;       // of all of them together
constexpr std::string_view kBlobs = "/blobs/sha256/";

std::string_view ref_name(const Descriptor& entry) {
  const auto it = entry.annotations.find(kAnnotationRefName);
  return it == entry.annotations.end() ? std::string_view() : std::string_view(it->second);
}

// `cosign save` names nothing; it says what each entry is.
bool is_kind(const Descriptor& entry, std::string_view kind) {
  const auto it = entry.annotations.find("kind");
  return it != entry.annotations.end() && it->second == "dev.cosignproject.cosign/" + std::string(kind);
}

bool is_saved_signature(const Descriptor& entry) {
  return ref_name(entry).empty() && (is_kind(entry, "sigs") || is_kind(entry, "atts"));
}

bool is_saved_image(const Descriptor& entry) {
  return is_kind(entry, "image") || is_kind(entry, "imageIndex");
}

bool contains(const std::vector<SignatureEntry>& found, const base::Digest& digest) {
  return std::ranges::any_of(found, [&](const SignatureEntry& e) { return e.descriptor.digest == digest; });
}

bool is_about(std::string_view manifest, const base::Digest& subject) {
  const auto parsed = parse_manifest(manifest);
  return parsed && parsed->subject && parsed->subject->digest == subject;
}

bool is_digest_tag(std::string_view name) {
  if (!name.starts_with("sha256-") || name.size() < 7 + 64) return false;
  return base::Digest::from_hex(name.substr(7, 64)).has_value();
}

}  // namespace

Result<LayoutReference> LayoutReference::parse(std::string_view text) {
  const auto bad = [whole = text](const std::string& why) {
    return Error::refused("oci.reference", "\"" + base::printable(whole) + "\": " + why +
                                               "; write oci-layout:DIR[:tag][@sha256:…]");
  };
  if (!text.starts_with(kPrefix)) return bad("it is no layout reference");
  text.remove_prefix(kPrefix.size());
  LayoutReference reference;
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    auto digest = base::Digest::parse(text.substr(at + 1));
    if (!digest) return bad("after \"@\" a digest is expected");
    reference.digest = *digest;
    text = text.substr(0, at);
  }
  const size_t colon = text.rfind(':');
  const size_t slash = text.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = text.substr(colon + 1);
    if (!is_tag(reference.tag)) return bad("\"" + base::printable(reference.tag) + "\" is no tag");
    text = text.substr(0, colon);
  }
  if (text.empty()) return bad("the directory is missing");
  reference.directory = text;
  return reference;
}

Layout::Layout(base::Files& files, std::string directory, Index index)
    : files_(files), directory_(std::move(directory)), index_(std::move(index)) {}

Result<std::unique_ptr<Layout>> Layout::open(base::Files& files, std::string directory) {
  const auto bad = [&](const std::string& why) {
    return Error::refused("store.layout", directory + " is no OCI image layout: " + why);
  };
  // Where it lies cannot be read just now: that says nothing of what it is.
  const auto is_away = [](const Error& error) {
    return error.outcome() == base::Outcome::blocked && !error.code().starts_with("files.");
  };
  auto marker = base::read_file(files, directory + "/oci-layout", 4096);
  if (!marker && is_away(marker.error())) return std::move(marker).error();
  if (!marker) return bad(marker.error().describe());
  auto json = base::parse_json(*marker);
  if (!json) return bad(json.error().describe());
  const std::string* version = base::find_string(*json, "imageLayoutVersion");
  if (version == nullptr || *version != "1.0.0") return bad("its version is not 1.0.0");
  auto text = base::Blob::open(files, directory + "/index.json", kMaxManifestBytes);
  if (!text && is_away(text.error())) return std::move(text).error();
  if (!text) return bad(text.error().describe());
  auto index = read_index(*text);
  if (!index) return std::move(index).error().with_context("index.json of " + directory + " cannot be read");
  return std::unique_ptr<Layout>(new Layout(files, std::move(directory), std::move(*index)));
}

std::optional<Descriptor> Layout::find_tag(std::string_view tag) const {
  const auto it = std::ranges::find(index_.manifests, tag, ref_name);
  return it == index_.manifests.end() ? std::nullopt : std::optional(*it);
}

std::vector<std::string> Layout::tags() const {
  std::vector<std::string> names;
  for (const Descriptor& entry : index_.manifests) {
    const auto name = ref_name(entry);
    if (!name.empty() && !is_digest_tag(name)) names.emplace_back(name);
  }
  return names;
}

Result<base::Digest> Layout::resolve(const LayoutReference& reference) const {
  if (reference.digest) return *reference.digest;
  if (!reference.tag.empty()) {
    const auto found = find_tag(reference.tag);
    if (found) return found->digest;
    return Error::blocked("store.not_found",
                          "the layout " + directory_ + " has no \"" + reference.tag + "\"");
  }
  // Entries without a name are what others refer to (signatures by their subject) when there are named ones.
  std::set<base::Digest> named;
  std::set<base::Digest> nameless;
  for (const Descriptor& entry : index_.manifests) {
    if (is_digest_tag(ref_name(entry)) || is_saved_signature(entry)) continue;
    (ref_name(entry).empty() ? nameless : named).insert(entry.digest);
  }
  const std::set<base::Digest>& candidates = named.empty() ? nameless : named;
  if (candidates.size() == 1) return *candidates.begin();
  return Error::blocked("store.not_found", "the layout " + directory_ + " holds " +
                                               std::to_string(candidates.size()) +
                                               " artifacts; name one by tag or digest");
}

std::string Layout::blob_path(const base::Digest& digest) const {
  return directory_ + std::string(kBlobs) + digest.hex();
}

Error Layout::mismatch(const base::Digest& digest) const {
  return Error::refused("blob.digest_mismatch", "blob " + digest.short_form() + " of " + directory_ +
                                                    " is not what its name says: it hashes to another");
}

Result<std::string> Layout::read_blob(const base::Digest& digest, uint64_t limit) {
  auto bytes = base::read_file(files_, blob_path(digest), limit);
  if (!bytes) return unreadable(digest, directory_, bytes.error());
  if (crypto::sha256(*bytes) != digest) return mismatch(digest);
  return bytes;
}

Result<base::Blob> Layout::check_blob(const base::Digest& digest, uint64_t limit) {
  auto blob = base::Blob::open(files_, blob_path(digest), limit);
  if (!blob) return unreadable(digest, directory_, blob.error());
  const auto found = crypto::sha256_of(*blob);
  if (!found) return found.error();
  if (*found != digest) return mismatch(digest);
  return blob;
}

Result<std::vector<SignatureEntry>> Layout::signatures(const base::Digest& subject) {
  std::vector<SignatureEntry> found;
  for (const std::string_view suffix : {".sig", ".att"}) {
    if (auto entry = find_tag(digest_tag(subject, suffix)))
      found.push_back({Place::legacy_tag, std::move(*entry)});
  }
  add_saved(subject, found);
  // Stores of this program say what their signature entries speak of.
  for (const Descriptor& entry : index_.manifests) {
    const auto it = entry.annotations.find(kAnnotationSignatureSubject);
    if (it == entry.annotations.end() || it->second != subject.to_string() || !ref_name(entry).empty())
      continue;
    const auto place = entry.annotations.find(kAnnotationSignaturePlace);
    const bool from_api = place != entry.annotations.end() && place->second == to_string(Place::referrer);
    found.push_back({from_api ? Place::referrer : Place::referrer_tag, entry});
  }
  add_fallback(subject, found);
  add_by_subject(subject, found);
  add_unlisted(subject, found);
  return found;
}

// They do not say of which image they are, so there must be one only.
void Layout::add_saved(const base::Digest& subject, std::vector<SignatureEntry>& found) {
  if (std::ranges::count_if(index_.manifests, is_saved_image) != 1) return;
  for (const Descriptor& entry : index_.manifests) {
    if (!is_saved_signature(entry) || contains(found, entry.digest)) continue;
    found.push_back({Place::legacy_tag, entry});
    found.back().descriptor.annotations[std::string(kAnnotationRefName)] =
        digest_tag(subject, is_kind(entry, "sigs") ? ".sig" : ".att");
  }
}

void Layout::add_fallback(const base::Digest& subject, std::vector<SignatureEntry>& found) {
  const auto entry = find_tag(digest_tag(subject));
  if (!entry) return;
  const auto bytes = read_blob(entry->digest, kMaxManifestBytes);
  auto index = bytes ? parse_index(*bytes) : Result<Index>(bytes.error());
  if (!index) {
    // No index, or junk: it speaks for itself then and hides nothing else.
    found.push_back({Place::referrer_tag, *entry});
    return;
  }
  // The last one was added last; so many are tried that junk could not hide it.
  std::ranges::reverse(index->manifests);
  for (Descriptor& referrer : index->manifests) {
    if (!contains(found, referrer.digest)) found.push_back({Place::referrer_tag, std::move(referrer)});
  }
}

void Layout::add_by_subject(const base::Digest& subject, std::vector<SignatureEntry>& found) {
  size_t scanned = 0;
  for (const Descriptor& entry : index_.manifests) {
    if (contains(found, entry.digest) || entry.digest == subject || is_digest_tag(ref_name(entry)) ||
        ++scanned > kMaxScanned)
      continue;
    const auto bytes = read_blob(entry.digest, kMaxManifestBytes);
    if (bytes && is_about(*bytes, subject)) found.push_back({Place::referrer, entry});
  }
}

// A registry answers for every manifest that was pushed, so a copy of one need not list them.
void Layout::add_unlisted(const base::Digest& subject, std::vector<SignatureEntry>& found) {
  const std::string folder = directory_ + std::string(kBlobs);
  const auto blobs = files_.list(folder);
  if (!blobs || blobs->size() > kMaxBlobs) return;
  uint64_t read = 0;
  for (const base::Entry& blob : *blobs) {
    const auto digest = base::Digest::from_hex(blob.name);
    if (!digest || *digest == subject || contains(found, *digest)) continue;
    const auto info = files_.stat(folder + blob.name);
    if (!info || info->size > kMaxReferrer || (read += info->size) > kMaxRead) continue;
    const auto bytes = read_blob(*digest, kMaxReferrer);
    if (bytes && bytes->starts_with('{') && is_about(*bytes, subject))
      found.push_back({Place::referrer, {std::string(kOciManifest), *digest, bytes->size(), {}, {}, {}}});
  }
}

}  // namespace gridseal::oci
