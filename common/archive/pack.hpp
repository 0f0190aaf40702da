// Deterministic writing of tar+gzip: the same files give the same bytes, whoever packs them, whenever.
// Sorted paths, one fixed time, owner 0:0, mode 0644, no directories, pax headers only where ustar (POSIX.1)
// cannot say it, a gzip header (RFC 1952) without name and time.
// Compressed bytes are the same for the same zlib; unpacked bytes are the same everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

namespace gridseal::archive {

struct PackFile {
  std::string path;                                    // relative, as normalise_path() gives it
  std::function<base::Result<std::string>()> content;  // called once, when the file's turn comes
};

// Receives the packed bytes in order; its error ends the packing and is passed on unchanged.
using WriteFunction = std::function<base::Result<void>(std::string_view bytes)>;

struct PackOptions {
  base::Time modified{};  // of every entry; whole seconds
  int level = 9;          // gzip, 1 to 9
};

struct Packed {
  base::Digest digest;           // of the packed bytes: the layer's digest
  base::Digest unpacked_digest;  // of the tar inside: the diff_id of an image configuration
  uint64_t packed_bytes = 0;
  uint64_t files = 0;
};

// Errors (refused): archive.path_escape, archive.path, archive.duplicate, archive.time (where libarchive ends
// in 2038); archive.write (blocked); and those of contents and sink.
base::Result<Packed> pack_tar_gzip(std::vector<PackFile> files, const WriteFunction& sink,
                                   const PackOptions& options = {});

}  // namespace gridseal::archive
