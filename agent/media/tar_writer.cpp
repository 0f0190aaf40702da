#include "media/tar_writer.hpp"

#include <vector>

#include "media/tar_index.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr size_t kTarPiece = size_t{256} * 1024;
constexpr uint64_t kTarSyncStep = uint64_t{32} << 20U;

class TarWriter {
 public:
  TarWriter(base::Files& files, const std::string& folder, base::Time modified, const Watch& watch)
      : files_(files),
        folder_(folder),
        modified_(std::chrono::duration_cast<base::seconds>(modified.time_since_epoch()).count()),
        watch_(watch) {}

  Result<void> run(const std::string& path) {
    auto output = files_.open_output(path, base::WriteMode::truncate, 0644);
    if (!output) return std::move(output).error();
    output_ = std::move(*output);
    auto blobs = files_.list(folder_ + "/blobs/sha256");
    if (!blobs) return std::move(blobs).error();
    for (const char* name : {"oci-layout", "index.json"}) {
      if (auto r = add(name); !r) return r;
    }
    for (const char* name : {"blobs/", "blobs/sha256/"}) {
      if (auto r = output_->write(tar_header(name, 0, modified_)); !r) return r;
    }
    for (const base::Entry& blob : *blobs) {
      if (blob.kind != base::EntryKind::file) continue;
      if (auto r = add("blobs/sha256/" + blob.name); !r) return r;
    }
    if (auto r = output_->write(std::string(2 * kTarBlock, '\0')); !r) return r;
    return output_->sync();
  }

 private:
  Result<void> add(const std::string& name) {
    auto input = files_.open_input(folder_ + "/" + name);
    if (!input) return std::move(input).error();
    const uint64_t size = (*input)->size();
    if (auto r = output_->write(tar_header(name, size, modified_)); !r) return r;
    std::vector<char> buffer(kTarPiece);
    for (uint64_t at = 0; at < size;) {
      if (auto r = watch_.check(); !r) return r;
      auto n = (*input)->read_at(at, buffer.data(), buffer.size());
      if (!n) return std::move(n).error();
      if (*n == 0) return Error::blocked("files.io", name + " became shorter while it was packed");
      if (auto r = output_->write({buffer.data(), *n}); !r) return r;
      at += *n;
      written_ += *n;
      if (written_ < kTarSyncStep) continue;
      output_->start_sync();
      written_ = 0;
    }
    const size_t rest = size % kTarBlock;
    return rest == 0 ? Result<void>() : output_->write(std::string(kTarBlock - rest, '\0'));
  }

  base::Files& files_;
  const std::string& folder_;
  const int64_t modified_;
  const Watch& watch_;
  std::unique_ptr<base::OutputFile> output_;
  uint64_t written_ = 0;
};

}  // namespace

Result<void> write_tar(base::Files& files, const std::string& folder, const std::string& tar,
                       base::Time modified, const Watch& watch) {
  const std::string beside = tar + ".part";
  if (auto r = TarWriter(files, folder, modified, watch).run(beside); !r) {
    (void)files.remove(beside);
    return r;
  }
  if (auto r = files.rename(beside, tar); !r) return r;
  return files.sync_directory(base::parent_directory(tar));
}

}  // namespace gridseal::media
