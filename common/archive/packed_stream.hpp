// The inner half of extract(): compressed bytes in, hashed as they come; unpacked bytes out, counted and
// bounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "archive/extract.hpp"
#include "crypto/sha256.hpp"

struct archive;

namespace gridseal::archive {

class PackedStream {
 public:
  PackedStream(const ReadFunction& source, const Limits& limits);
  ~PackedStream();
  PackedStream(const PackedStream&) = delete;
  PackedStream& operator=(const PackedStream&) = delete;

  // Finds out how the source is packed. Errors: archive.format and those of the source.
  base::Result<void> open();

  // Unpacked bytes; empty at the end, which is reached only when nothing is left of the source either.
  base::Result<std::string_view> next();

  // Reads what is left of the source, so that the digest covers all of it.
  base::Result<void> drain();
  base::Digest digest() { return hash_.finish(); }
  uint64_t packed_bytes() const { return packed_; }

 private:
  static long read_packed(::archive* handle, void* self, const void** block);
  base::Result<size_t> read_source();
  base::Result<void> check_end();
  base::Error failure(const std::string& what);

  const ReadFunction& source_;
  const Limits& limits_;
  ::archive* raw_ = nullptr;
  crypto::Sha256 hash_;
  uint64_t packed_ = 0;
  uint64_t unpacked_ = 0;
  bool source_ended_ = false;
  std::optional<base::Error> error_;  // of the source, kept while libarchive is in between
  std::string in_;
  std::string out_;
};

}  // namespace gridseal::archive
