#include "trust/pinned_file.hpp"

#include <unistd.h>

namespace gridseal::trust {

using base::Error;

base::Result<std::string> read_pinned_file(base::Files& files, const std::string& path, uint64_t limit) {
  const auto info = files.stat(path);
  if (!info) return info.error();
  if (info->kind != base::EntryKind::file)
    return Error::refused("trust.permissions", path + " is not a regular file (links are not followed)");
  if (info->owner != 0 && info->owner != ::geteuid())
    return Error::refused("trust.permissions", path + " belongs to another user; run: chown root " + path);
  if ((info->mode & 022U) != 0)
    return Error::refused("trust.permissions",
                          path + " can be changed by others than its owner; run: chmod go-w " + path);
  return base::read_file(files, path, limit);
}

}  // namespace gridseal::trust
