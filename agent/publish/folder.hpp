// The files of a folder, for packing (internal to publish).
#pragma once

#include <string>
#include <vector>

#include "archive/pack.hpp"
#include "base/files.hpp"

namespace gridseal::publish {

// Every regular file below `directory`, with '/' between names, sorted; entries that begin with "." are left
// out, and what the .sourceignore files there name. These are packed too, as `flux push artifact` does.
// Contents are read when packing asks for them. `files` must outlive the result. Errors (refused):
// publish.link, publish.request (more than 10,000 files, deeper than 32 folders), manifest.limit; (blocked)
// those of Files.
base::Result<std::vector<archive::PackFile>> read_folder(base::Files& files, const std::string& directory);

}  // namespace gridseal::publish
