// Reading what is pinned (internal to trust): who may change a pin may install anything, so nobody but root
// and the user of this process must be able to.
#pragma once

#include <string>

#include "base/files.hpp"

namespace gridseal::trust {

// A regular file, not a link, that only its owner can write, who is root or the user of this process.
// Errors (refused): trust.permissions, files.too_large; (blocked): those of Files.
base::Result<std::string> read_pinned_file(base::Files& files, const std::string& path, uint64_t limit);

}  // namespace gridseal::trust
