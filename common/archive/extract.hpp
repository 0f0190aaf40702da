// Bounded, safe reading of a layer: tar (POSIX.1-2001 pax, ustar, GNU long names), plain or inside one gzip
// (RFC 1952) or zstd (RFC 8878) stream. Nothing is ever written to disk here and no path of the archive is
// ever opened: regular files are handed to a visitor one after another.
//
// Rules:
// - Paths are relative, UTF-8, with '/' between names. "./" and doubled slashes are normalised away; absolute
//   paths, "..", empty names, backslashes and control characters are refused.
// - A symbolic link whose target stays inside the tree is skipped and listed; every other link is refused.
// - Devices, FIFOs and sockets are refused.
// - A path that occurs twice, or lies below a file or a link, is refused. Directories may repeat.
// - After the end of the archive only zero bytes may follow, and nothing after the compressed stream.
//
// Thread rules: functions keep no state; one call uses one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/files.hpp"

namespace gridseal::archive {

// Puts up to `size` bytes into `buffer` and returns how many; 0 is the end. Its error ends the extraction and
// is passed on unchanged.
using ReadFunction = std::function<base::Result<size_t>(char* buffer, size_t size)>;

// Both keep a reference: the bytes or the file must outlive the function.
ReadFunction read_from(std::string_view bytes);
ReadFunction read_from(base::InputFile& file);

struct Limits {
  uint64_t max_entries = 10'000;                     // of every kind, directories too
  uint64_t max_total_bytes = uint64_t{256} << 20U;   // the whole archive, unpacked
  uint64_t max_file_bytes = uint64_t{64} << 20U;     // one file, unpacked
  uint64_t max_packed_bytes = uint64_t{256} << 20U;  // as stored
  uint64_t max_ratio = 200;                          // unpacked to packed, looked at above 8 MiB unpacked
  size_t max_path_bytes = 1024;
  size_t max_path_depth = 32;
};

// What receives the files. An error of any function ends the extraction and is passed on unchanged.
// What was received counts only after extract() returned success: the digest is known at the end.
class Visitor {
 public:
  virtual ~Visitor() = default;
  // false: the content of this file is not wanted. `size` is exact.
  virtual base::Result<bool> begin_file(const std::string& path, uint64_t size) = 0;
  virtual base::Result<void> content(std::string_view chunk) = 0;
  virtual base::Result<void> end_file() = 0;
};

struct Extracted {
  base::Digest digest;          // of the very bytes that were unpacked, as stored
  uint64_t packed_bytes = 0;    // as stored
  uint64_t unpacked_bytes = 0;  // sum of file sizes
  uint64_t files = 0;
  std::vector<std::string> skipped_links;
};

// Reads the source to its end. When `expected` is given and differs from the digest of what was read, the
// result is archive.digest_mismatch, whatever else the archive holds.
// Errors (refused): archive.path_escape, archive.path (too long, too deep, not UTF-8), archive.link,
// archive.device, archive.duplicate, archive.too_many_entries, archive.too_large, archive.format,
// archive.digest_mismatch; and those of the source and the visitor.
base::Result<Extracted> extract(const ReadFunction& source, Visitor& visitor, const Limits& limits = {},
                                const std::optional<base::Digest>& expected = std::nullopt);

// The normalised form of a path inside an archive ("./a//b" is "a/b", "./" is ""), by the rules above.
// Errors (refused): archive.path_escape, archive.path.
base::Result<std::string> normalise_path(std::string_view path, const Limits& limits = {});

}  // namespace gridseal::archive
