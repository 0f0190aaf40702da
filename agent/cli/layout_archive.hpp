// An OCI image layout inside one tar file, plain, gzip or zstd, as people carry it on media.
#pragma once

#include <map>
#include <string>

#include "base/digest.hpp"
#include "base/files.hpp"

namespace gridseal::cli {

// What a blob of the archive was found to be while it went by.
struct ArchivedBlob {
  uint64_t size = 0;
  bool intact = false;  // its bytes hash to its name
};

using ArchivedBlobs = std::map<base::Digest, ArchivedBlob>;

// Unpacks the layout into the empty `directory`: what says something (indexes, manifests, signatures); larger
// blobs are only hashed. Memory does not follow the size. Errors: those of archive::extract and Files;
// store.too_large (refused: more small blobs than a layout has).
base::Result<ArchivedBlobs> unpack_layout(base::Files& files, const std::string& path,
                                          const std::string& directory);

}  // namespace gridseal::cli
