// Reading what is pinned (internal to trust): who may change a pin may install anything, so nobody but root
// and the user of this process must be able to.
#pragma once

#include <string>

#include "base/files.hpp"

namespace gridseal::trust {

// Of that kind, not a link, and only its owner can write, who is root or the user of this process.
// Errors (refused): trust.permissions; (blocked): those of Files.
base::Result<void> check_pinned(base::Files& files, const std::string& path, base::EntryKind kind);

// A regular file that passes check_pinned. Further error (refused): files.too_large.
base::Result<std::string> read_pinned_file(base::Files& files, const std::string& path, uint64_t limit);

}  // namespace gridseal::trust
