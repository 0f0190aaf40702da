// The reading and the writing end of the store. Private to this module.
#pragma once

#include <memory>
#include <string>

#include "crypto/sha256.hpp"
#include "oci/store.hpp"

namespace gridseal::oci {

class StoreWriter final : public BlobSink {
 public:
  StoreWriter(Store& store, Descriptor blob) : store_(store), blob_(std::move(blob)) {}
  ~StoreWriter() override;
  StoreWriter(const StoreWriter&) = delete;
  StoreWriter& operator=(const StoreWriter&) = delete;

  // Takes up what an earlier writer left.
  base::Result<void> resume();

  uint64_t size() const override { return size_; }
  base::Result<void> write(std::string_view piece) override;
  base::Result<void> restart() override;
  base::Result<void> finish() override;

 private:
  base::Result<void> open(base::WriteMode mode);

  Store& store_;
  const Descriptor blob_;
  std::unique_ptr<base::OutputFile> file_;
  crypto::Sha256 hash_;
  uint64_t size_ = 0;
};

class StoreReader final : public BlobReader {
 public:
  StoreReader(Store& store, Descriptor blob, std::unique_ptr<base::InputFile> file)
      : store_(store), blob_(std::move(blob)), file_(std::move(file)) {}

  base::Result<size_t> read(char* buffer, size_t buffer_size) override;
  base::Result<void> finish() override;

 private:
  Store& store_;
  const Descriptor blob_;
  std::unique_ptr<base::InputFile> file_;
  crypto::Sha256 hash_;
  uint64_t at_ = 0;
  bool checked_ = false;
};

}  // namespace gridseal::oci
