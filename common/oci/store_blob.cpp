#include "oci/store_blob.hpp"

#include <algorithm>
#include <vector>

namespace gridseal::oci {

using base::Error;
using base::Result;

namespace {

constexpr size_t kPiece = size_t{64} * 1024;
constexpr uint64_t kSyncStep = uint64_t{8} << 20U;
constexpr uint32_t kBlobMode = 0640;

}  // namespace

StoreWriter::~StoreWriter() {
  file_.reset();
  store_.writer_closed(blob_.digest);
}

Result<void> StoreWriter::open(base::WriteMode mode) {
  auto file = store_.files_.open_output(store_.part_path(blob_.digest), mode, kBlobMode);
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  return {};
}

Result<void> StoreWriter::resume() {
  const std::string path = store_.part_path(blob_.digest);
  auto part = store_.files_.open_input(path);
  if (!part)
    return base::is_not_found(part.error()) ? open(base::WriteMode::truncate) : std::move(part).error();
  if ((*part)->size() > blob_.size) return restart();
  std::vector<char> buffer(kPiece);
  for (;;) {
    auto n = (*part)->read_at(size_, buffer.data(), buffer.size());
    if (!n) return std::move(n).error();
    if (*n == 0) break;
    hash_.update({buffer.data(), *n});
    size_ += *n;
  }
  if (size_ > blob_.size) return restart();
  return open(base::WriteMode::append);
}

Result<void> StoreWriter::write(std::string_view piece) {
  if (piece.size() > blob_.size - size_) {
    return Error::refused("oci.size_mismatch", "more bytes arrive for " + blob_.digest.short_form() +
                                                   " than the manifest says (" + std::to_string(blob_.size) +
                                                   ")");
  }
  if (!file_)
    return Error::blocked("store.io", "the blob " + blob_.digest.short_form() + " is not open for writing");
  if (auto r = file_->write(piece); !r) {
    // How much of the piece reached the file is not known: the next writer hashes what is there.
    file_.reset();
    return r;
  }
  hash_.update(piece);
  // The disk works while the next bytes arrive: finish() has less to wait for.
  if (size_ / kSyncStep != (size_ + piece.size()) / kSyncStep) file_->start_sync();
  size_ += piece.size();
  return {};
}

Result<void> StoreWriter::restart() {
  size_ = 0;
  hash_ = crypto::Sha256();
  file_.reset();
  return open(base::WriteMode::truncate);
}

Result<void> StoreWriter::finish() {
  const std::string what = "the bytes received for " + blob_.digest.short_form();
  if (size_ != blob_.size) {
    return Error::refused("oci.size_mismatch", what + " are " + std::to_string(size_) +
                                                   "; the manifest says " + std::to_string(blob_.size));
  }
  crypto::Sha256 copy = hash_;
  const auto digest = copy.finish();
  if (digest != blob_.digest)
    return Error::refused("oci.digest_mismatch", what + " hash to " + digest.to_string());
  if (!file_)
    return Error::blocked("store.io", "the blob " + blob_.digest.short_form() + " is not open for writing");
  if (auto r = file_->sync(); !r) return r;
  file_.reset();
  const std::string path = store_.blob_path(blob_.digest);
  if (auto r = store_.files_.rename(store_.part_path(blob_.digest), path); !r) return r;
  return store_.files_.sync_directory(base::parent_directory(path));
}

Result<size_t> StoreReader::read(char* buffer, size_t buffer_size) {
  if (buffer_size == 0) return size_t{0};
  auto n = file_->read_at(at_, buffer, buffer_size);
  if (!n) return std::move(n).error();
  if (*n > 0) {
    hash_.update({buffer, *n});
    at_ += *n;
    return *n;
  }
  if (checked_) return size_t{0};
  if (at_ != blob_.size || hash_.finish() != blob_.digest)
    return store_.quarantine(blob_.digest, "its bytes changed on this disk");
  checked_ = true;
  return size_t{0};
}

Result<void> StoreReader::finish() {
  std::vector<char> buffer(kPiece);
  for (;;) {
    auto n = read(buffer.data(), buffer.size());
    if (!n) return std::move(n).error();
    if (*n == 0) return {};
  }
}

}  // namespace gridseal::oci
