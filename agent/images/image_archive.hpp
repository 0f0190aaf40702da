// One image as k3s and `ctr images import` read it: an OCI image layout in a plain tar (ustar, POSIX.1).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "oci/descriptor.hpp"
#include "oci/image.hpp"

namespace gridseal::images {

struct ArchivedImage {
  std::vector<std::string> names;  // as the node shall know it: "ghcr.io/acme/pump:1.2"
  oci::FoundImage image;
  std::vector<oci::Descriptor> blobs;  // config and layers
};

// Opens a blob whose bytes are hashed while they are read; read_at() only moves forward.
using OpenBlob = std::function<base::Result<std::unique_ptr<base::InputFile>>(const oci::Descriptor& blob)>;

// Bytes of other content than a descriptor says are an error: oci.digest_mismatch (refused). Errors beside
// it: files.*, those of `open`; images.archive (refused: a blob is too large for a tar of this form, 8 GiB).
base::Result<void> write_image_archive(base::OutputFile& out, const ArchivedImage& image,
                                       const OpenBlob& open);

// Whether k3s of this version ("v1.31.5+k3s1") imports what appears in its folder of images while it runs.
bool imports_while_running(const std::string& version);

}  // namespace gridseal::images
