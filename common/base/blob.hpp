// Bytes that need not be in memory: of a file, or held. A copy is cheap and reads the same.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/files.hpp"

namespace gridseal::base {

// A file is opened anew by every reader and may have changed since: who reads twice hashes twice. Thread
// safe.
class Blob {
 public:
  Blob() = default;         // empty
  Blob(std::string bytes);  // NOLINT(google-explicit-constructor): bytes in memory are the plain case
  // `files` must outlive all copies. Errors: those of Files; files.too_large (refused) above `limit` bytes.
  static Result<Blob> open(Files& files, std::string path, uint64_t limit = UINT64_MAX);

  uint64_t size() const { return size_; }
  // From front to back in pieces, until `take` returns false. Errors: those of Files.
  Result<void> read(const std::function<bool(std::string_view)>& take) const;
  // All of it. Errors: those of Files; files.too_large (refused) above `limit` bytes.
  Result<std::string> whole(uint64_t limit) const;

 private:
  std::shared_ptr<const std::string> held_;
  Files* files_ = nullptr;
  std::string path_;
  uint64_t size_ = 0;
};

}  // namespace gridseal::base
