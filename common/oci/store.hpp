// The content store: an OCI image layout on disk (OCI image spec 1.1, image-layout.md) that other OCI tools
// can read.
//
//   oci-layout, index.json     the layout; index.json names roots and signature manifests
//   blobs/sha256/<hex>         whole, checked content; a file gets here only by rename after fsync
//   ingest/<hex>.part          what has arrived of a blob; survives a restart so that a transfer can go on
//   quarantine/<hex>           content that no longer hashed to its name; for people to look at
//
// After kill -9 or a power cut at any point the store holds each blob whole or not at all, and index.json is
// the old or the new one. Every read hashes. One process at a time; within it thread safe.
//
// Errors (blocked unless said): store.not_found, store.corrupt (moved to quarantine; fetch it again),
// store.busy, store.no_space, store.layout (refused: the directory is something else), store.too_large
// (refused), and those of base::Files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.hpp"
#include "base/log.hpp"
#include "oci/blob_sink.hpp"
#include "oci/descriptor.hpp"
#include "oci/local_content.hpp"
#include "oci/manifest.hpp"

namespace gridseal::oci {

struct StoreSettings {
  std::string directory;
  uint64_t watermark = uint64_t{256} << 20U;  // bytes of the file system that stay free
};

// Reads a blob from the front and hashes what it gives out. The end (0) is only reported when size and digest
// were right; else store.corrupt, and the blob is in quarantine. Used by one thread.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual base::Result<size_t> read(char* buffer, size_t buffer_size) = 0;
  // Reads and hashes what is left: success means all bytes given out were right.
  virtual base::Result<void> finish() = 0;
};

struct CollectResult {
  size_t removed = 0;  // files
  uint64_t freed = 0;  // bytes
};

// A name in index.json (annotation org.opencontainers.image.ref.name), "<component>" or
// "<component>/previous".
struct Root {
  std::string name;
  Descriptor descriptor;
};

class Store final : public LocalContent {
 public:
  // Makes the directory or reads what is there; clears left-over temporaries. A damaged index.json is moved
  // to quarantine and begun anew (blobs stay; names come back with the next set_root).
  static base::Result<std::unique_ptr<Store>> open(base::Files& files, base::Log& log,
                                                   StoreSettings settings);

  // True when a whole blob of that name (and size, if given) is there; does not hash.
  bool contains(const base::Digest& digest) const;
  bool contains(const Descriptor& blob) const;

  base::Result<std::string> read_blob(const base::Digest& digest, uint64_t limit) override;
  base::Result<base::Blob> check_blob(const base::Digest& digest, uint64_t limit) override;
  base::Result<std::unique_ptr<BlobReader>> open_blob(const Descriptor& blob);

  // A writer that goes on where an earlier one was cut. finish() commits. store.busy: the same blob is being
  // written; store.no_space: what is missing of it does not fit above the watermark.
  base::Result<std::unique_ptr<BlobSink>> begin_blob(const Descriptor& blob);
  // Content already in memory. Error (refused): oci.digest_mismatch, oci.size_mismatch.
  base::Result<void> put_blob(const Descriptor& blob, std::string_view bytes);

  // Names. A name that exists is moved.
  base::Result<void> set_root(const std::string& name, const Descriptor& manifest);
  base::Result<void> remove_root(const std::string& name);  // absent is success
  std::vector<Root> roots() const;
  std::optional<Descriptor> find_root(std::string_view name) const;

  // Ties a signature manifest (already put) to the artifact it speaks of; at most 256 for one artifact, the
  // oldest go first. Nothing is written when all are known.
  base::Result<void> add_signatures(const base::Digest& subject, const std::vector<SignatureEntry>& entries);
  base::Result<std::vector<SignatureEntry>> signatures(const base::Digest& subject) override;

  // Removes all that is not reachable from `keep`: manifest → config and layers, index → manifests, subject →
  // signature manifests. Roots whose manifest is not kept lose their name. A kept digest whose manifest is
  // not here keeps nothing but itself. store.busy while a writer is open.
  base::Result<CollectResult> collect(const std::vector<base::Digest>& keep);

  // store.no_space unless `needed` bytes fit above the watermark.
  base::Result<void> ensure_space(uint64_t needed);

 private:
  friend class StoreWriter;
  friend class StoreReader;
  Store(base::Files& files, base::Log& log, StoreSettings settings);

  base::Result<void> prepare();
  base::Result<void> load_index();
  base::Result<void> write_index(std::vector<Descriptor> entries);
  base::Result<void> sweep_ingest(const std::set<base::Digest>* keep, CollectResult* result);
  base::Result<void> mark(const base::Digest& digest, std::set<base::Digest>& marked);
  base::Result<void> sweep(const std::set<base::Digest>& marked, CollectResult& result);
  base::Error quarantine(const base::Digest& digest, const std::string& why);
  std::string blob_path(const base::Digest& digest) const;
  std::string part_path(const base::Digest& digest) const;
  void writer_closed(const base::Digest& digest);

  base::Files& files_;
  base::Log& log_;
  const StoreSettings settings_;
  mutable std::mutex mutex_;
  std::vector<Descriptor> entries_;  // of index.json
  std::set<base::Digest> writing_;
};

}  // namespace gridseal::oci
