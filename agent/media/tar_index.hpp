// Where the files of a tar archive lie in it (POSIX.1-2001 ustar and pax, GNU long names and large sizes), so
// that they can be read without unpacking: nothing of it is ever written anywhere.
#pragma once

#include <functional>
#include <string>

#include "base/files.hpp"
#include "media/watch.hpp"

namespace gridseal::media {

struct TarEntry {
  std::string name;  // without "./" in front
  base::EntryKind kind = base::EntryKind::other;
  uint64_t offset = 0;  // of its content
  uint64_t size = 0;
};

// Reads the headers only. `path` names the file in errors. Errors (refused): media.tar, media.packed,
// media.too_many; those of the file, of Watch and of `each`.
base::Result<void> index_tar(base::InputFile& file, const std::string& path, const Watch& watch,
                             const std::function<base::Result<void>(const TarEntry&)>& each);

// One header of 512 bytes for a regular file (or, with '/' at the end of the name, a folder), as ustar; large
// sizes as GNU writes them. `name` has at most 100 bytes.
std::string tar_header(const std::string& name, uint64_t size, int64_t modified);

inline constexpr size_t kTarBlock = 512;

}  // namespace gridseal::media
