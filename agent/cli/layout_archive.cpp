#include "cli/layout_archive.hpp"

#include <memory>
#include <optional>

#include "archive/extract.hpp"
#include "crypto/sha256.hpp"
#include "oci/artifact.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Result;

constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr uint64_t kMaxUnpacked = uint64_t{1} << 30U;  // of what is written
constexpr uint64_t kMaxArchive = uint64_t{1} << 40U;   // images of a whole site

archive::Limits limits() {
  archive::Limits limits;
  limits.max_entries = 200'000;
  limits.max_total_bytes = kMaxArchive;
  limits.max_file_bytes = kMaxArchive;
  limits.max_packed_bytes = kMaxArchive;
  limits.max_ratio = 1100;  // what gzip can do at most: an image may be mostly zeros
  return limits;
}

class LayoutVisitor final : public archive::Visitor {
 public:
  LayoutVisitor(base::Files& files, const std::string& directory) : files_(files), directory_(directory) {}

  Result<bool> begin_file(const std::string& path, uint64_t size) override {
    blob_.reset();
    output_.reset();
    if (path.starts_with(kBlobs)) {
      const auto digest = base::Digest::from_hex(path.substr(kBlobs.size()));
      if (!digest) return false;
      blob_ = *digest;
      blobs_[*digest].size = size;
    } else if (path != "oci-layout" && path != "index.json") {
      return false;
    }
    if (size > oci::kMaxSignatureBlob) return blob_.has_value();  // an index of that size is not read
    written_ += size;
    if (written_ > kMaxUnpacked)
      return Error::refused("store.too_large", "the archive holds more than 1 GiB of small blobs");
    auto output = files_.open_output(directory_ + "/" + path, base::WriteMode::create_new, 0600);
    if (!output) return std::move(output).error();
    output_ = std::move(*output);
    return true;
  }

  Result<void> content(std::string_view chunk) override {
    hash_.update(chunk);
    return output_ ? output_->write(chunk) : Result<void>();
  }

  Result<void> end_file() override {
    const base::Digest digest = hash_.finish();
    if (blob_) blobs_[*blob_].intact = digest == *blob_;
    output_.reset();
    return {};
  }

  ArchivedBlobs take() { return std::move(blobs_); }

 private:
  base::Files& files_;
  const std::string& directory_;
  ArchivedBlobs blobs_;
  std::optional<base::Digest> blob_;
  std::unique_ptr<base::OutputFile> output_;
  crypto::Sha256 hash_;
  uint64_t written_ = 0;
};

}  // namespace

Result<ArchivedBlobs> unpack_layout(base::Files& files, const std::string& path,
                                    const std::string& directory) {
  auto input = files.open_input(path);
  if (!input) return std::move(input).error();
  if (auto made = files.make_directories(directory + "/blobs/sha256", 0700); !made)
    return std::move(made).error();
  LayoutVisitor visitor(files, directory);
  if (auto extracted = archive::extract(archive::read_from(**input), visitor, limits()); !extracted)
    return std::move(extracted).error().with_context(path + " cannot be unpacked");
  return visitor.take();
}

}  // namespace gridseal::cli
