// A content store, or any OCI image layout, that another process writes and collects meanwhile: blobs appear
// whole by rename, and index.json is the old or the new one, so reading needs no lock. Nothing is written.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "oci/descriptor.hpp"
#include "oci/local_content.hpp"

namespace gridseal::oci {

// Thread safe.
class StoreView final : public LocalContent {
 public:
  // Nothing is opened yet: the directory may come later.
  StoreView(base::Files& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  // A whole blob of that name and size; does not hash.
  bool contains(const Descriptor& blob) const;
  // What was hashed once need not be hashed again while this stays the same. Empty: it is not there.
  std::optional<base::FileInfo> look_at(const base::Digest& digest) const;
  // The bytes as they are, not hashed. Errors: store.not_found; store.corrupt (another size).
  base::Result<std::unique_ptr<base::InputFile>> open_blob(const Descriptor& blob) const;

  base::Result<std::string> read_blob(const base::Digest& digest, uint64_t limit) override;
  base::Result<base::Blob> check_blob(const base::Digest& digest, uint64_t limit) override;
  // By the entries of index.json, which is read again when it has changed.
  base::Result<std::vector<SignatureEntry>> signatures(const base::Digest& subject) override;

 private:
  base::Result<void> refresh();
  std::string blob_path(const base::Digest& digest) const;

  base::Files& files_;
  const std::string directory_;
  std::mutex mutex_;
  std::optional<base::FileInfo> read_;                             // index.json as it was when it was read
  std::map<std::string, std::vector<SignatureEntry>> signatures_;  // by subject
};

}  // namespace gridseal::oci
