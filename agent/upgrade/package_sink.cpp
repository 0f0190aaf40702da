#include "upgrade/package_sink.hpp"

namespace gridseal::upgrade {

using base::Error;
using base::Result;

Result<std::unique_ptr<PackageSink>> PackageSink::open(base::Files& files, const std::string& folder,
                                                       const Package& package) {
  std::unique_ptr<PackageSink> sink(new PackageSink(files, folder + "/" + package.file, package.blob));
  if (auto r = sink->restart(); !r) return std::move(r).error();
  return sink;
}

PackageSink::~PackageSink() {
  if (!finished_ && file_) (void)files_.remove(part());
}

// A file of its own: in a folder where others may write too, one that lies there already may be theirs.
Result<void> PackageSink::restart() {
  file_.reset();
  if (auto gone = files_.remove(part()); !gone && !base::is_not_found(gone.error())) return gone;
  auto file = files_.open_output(part(), base::WriteMode::create_new, 0644);
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  hash_ = {};
  size_ = 0;
  return {};
}

Result<void> PackageSink::write(std::string_view piece) {
  if (piece.size() > blob_.size - size_)
    return Error::refused("oci.size_mismatch", "the package is larger than is signed");
  if (auto r = file_->write(piece); !r) return r;
  hash_.update(piece);
  size_ += piece.size();
  return {};
}

Result<void> PackageSink::finish() {
  if (size_ != blob_.size)
    return Error::refused("oci.size_mismatch", "the package is smaller than is signed");
  if (hash_.finish() != blob_.digest)
    return Error::refused("oci.digest_mismatch", "the package is not the one that is signed");
  if (auto r = file_->sync(); !r) return r;
  if (auto r = files_.rename(part(), path_); !r) return r;
  finished_ = true;
  return files_.sync_directory(base::parent_directory(path_));
}

}  // namespace gridseal::upgrade
