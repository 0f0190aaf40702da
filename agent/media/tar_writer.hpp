// A layout's folder as one tar file, for people who carry files and not folders.
#pragma once

#include <string>

#include "base/files.hpp"
#include "media/watch.hpp"

namespace gridseal::media {

// oci-layout, index.json and blobs/sha256 of `folder`, in the order of their names; written beside and then
// renamed. Errors: those of Files and Watch.
base::Result<void> write_tar(base::Files& files, const std::string& folder, const std::string& tar,
                             base::Time modified, const Watch& watch);

}  // namespace gridseal::media
