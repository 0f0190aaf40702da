#include "trust/pinned_file.hpp"

#include <unistd.h>

namespace gridseal::trust {

using base::Error;
using base::Result;

Result<void> check_pinned(base::Files& files, const std::string& path, base::EntryKind kind) {
  const auto info = files.stat(path);
  if (!info) return info.error();
  if (info->kind != kind) {
    const bool directory = kind == base::EntryKind::directory;
    return Error::refused("trust.permissions",
                          path + " is not a " + (directory ? "directory" : "regular file") +
                              " (links are not followed); put what is pinned itself there");
  }
  if (info->owner != 0 && info->owner != ::geteuid())
    return Error::refused("trust.permissions", path + " belongs to another user; run: chown root " + path);
  if ((info->mode & 022U) != 0)
    return Error::refused("trust.permissions",
                          path + " can be changed by others than its owner; run: chmod go-w " + path);
  return {};
}

Result<std::string> read_pinned_file(base::Files& files, const std::string& path, uint64_t limit) {
  if (auto safe = check_pinned(files, path, base::EntryKind::file); !safe) return std::move(safe).error();
  return base::read_file(files, path, limit);
}

}  // namespace gridseal::trust
