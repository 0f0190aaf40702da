// A package on its way into a folder: it has its name only when size and digest are right.
#pragma once

#include <memory>
#include <string>

#include "base/files.hpp"
#include "crypto/sha256.hpp"
#include "oci/blob_sink.hpp"
#include "upgrade/host.hpp"

namespace gridseal::upgrade {

class PackageSink final : public oci::BlobSink {
 public:
  // Errors: those of Files, as of all that follow.
  static base::Result<std::unique_ptr<PackageSink>> open(base::Files& files, const std::string& folder,
                                                         const Package& package);
  // Takes away what did not become a package.
  ~PackageSink() override;
  PackageSink(const PackageSink&) = delete;
  PackageSink& operator=(const PackageSink&) = delete;

  const std::string& path() const { return path_; }

  uint64_t size() const override { return size_; }
  base::Result<void> write(std::string_view piece) override;
  base::Result<void> restart() override;
  base::Result<void> finish() override;

 private:
  PackageSink(base::Files& files, std::string path, oci::Descriptor blob)
      : files_(files), path_(std::move(path)), blob_(std::move(blob)) {}
  std::string part() const { return path_ + ".part"; }

  base::Files& files_;
  const std::string path_;
  const oci::Descriptor blob_;
  std::unique_ptr<base::OutputFile> file_;
  crypto::Sha256 hash_;
  uint64_t size_ = 0;
  bool finished_ = false;
};

}  // namespace gridseal::upgrade
