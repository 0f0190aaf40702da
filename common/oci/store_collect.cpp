// Garbage collection: mark what the kept manifests reach, sweep the rest.
#include <algorithm>

#include "oci/media_types.hpp"
#include "oci/store.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

// "<64 hex><suffix>"
std::optional<base::Digest> digest_of_name(std::string_view name, std::string_view suffix) {
  if (name.size() != 64 + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  auto digest = base::Digest::from_hex(name.substr(0, 64));
  // One spelling only: two names for one digest would hide each other.
  if (!digest || digest->hex() != name.substr(0, 64)) return std::nullopt;
  return *digest;
}

}  // namespace

Result<void> Store::sweep_ingest(const std::set<base::Digest>* keep, CollectResult* result) {
  const std::string folder = settings_.directory + "/ingest";
  auto entries = files_.list(folder);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    const auto digest = digest_of_name(entry.name, ".part");
    if (digest && entry.kind == base::EntryKind::file && (keep == nullptr || keep->contains(*digest)))
      continue;
    auto info = files_.stat(folder + "/" + entry.name);
    if (auto r = files_.remove_tree(folder + "/" + entry.name); !r) return r;
    if (result == nullptr) continue;
    ++result->removed;
    result->freed += info ? info->size : 0;
  }
  return {};
}

Result<void> Store::mark(const base::Digest& digest, std::set<base::Digest>& marked) {
  // Not the same as `marked`: a layer of one artifact may be a manifest of another.
  std::set<base::Digest> visited;
  std::vector<base::Digest> open{digest};
  while (!open.empty()) {
    const base::Digest at = open.back();
    open.pop_back();
    if (!visited.insert(at).second) continue;
    marked.insert(at);
    const std::string subject = at.to_string();
    for (const Descriptor& entry : entries_) {
      const auto it = entry.annotations.find(kAnnotationSignatureSubject);
      if (it != entry.annotations.end() && it->second == subject) open.push_back(entry.digest);
    }
    auto bytes = read_blob(at, kMaxManifestBytes);
    if (!bytes && bytes.error().code() == "store.not_found") continue;
    if (!bytes) return std::move(bytes).error();
    auto document = parse_document(*bytes);
    if (!document) continue;  // nothing can be reached through what is no manifest
    if (const auto* index = std::get_if<Index>(&*document)) {
      for (const Descriptor& entry : index->manifests) open.push_back(entry.digest);
      continue;
    }
    const auto& manifest = std::get<Manifest>(*document);
    marked.insert(manifest.config.digest);
    for (const Descriptor& layer : manifest.layers) marked.insert(layer.digest);
  }
  return {};
}

Result<void> Store::sweep(const std::set<base::Digest>& marked, CollectResult& result) {
  const std::string folder = settings_.directory + "/blobs/sha256";
  auto entries = files_.list(folder);
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    const auto digest = digest_of_name(entry.name, "");
    if (digest && marked.contains(*digest)) continue;
    auto info = files_.stat(folder + "/" + entry.name);
    if (auto r = files_.remove_tree(folder + "/" + entry.name); !r) return r;
    ++result.removed;
    result.freed += info ? info->size : 0;
  }
  return files_.sync_directory(folder);
}

Result<CollectResult> Store::collect(const std::vector<base::Digest>& keep) {
  const std::lock_guard lock(mutex_);
  if (!writing_.empty())
    return Error::blocked("store.busy", "content is being fetched; the store is cleaned up afterwards");
  std::set<base::Digest> marked;
  for (const base::Digest& digest : keep) {
    if (auto r = mark(digest, marked); !r) return std::move(r).error();
  }
  // Names first: after a cut between the two, blobs without a name are left, never names without a blob.
  std::vector<Descriptor> entries = entries_;
  if (std::erase_if(entries, [&](const Descriptor& e) { return !marked.contains(e.digest); }) > 0) {
    if (auto r = write_index(std::move(entries)); !r) return std::move(r).error();
  }
  CollectResult result;
  if (auto r = sweep(marked, result); !r) return std::move(r).error();
  if (auto r = sweep_ingest(&marked, &result); !r) return std::move(r).error();
  return result;
}

}  // namespace gridseal::oci
