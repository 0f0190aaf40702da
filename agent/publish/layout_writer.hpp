// Writes an OCI image layout directory (OCI image spec 1.1, image-layout.md) that skopeo, oras and cosign can
// read. Blobs first, index.json last, each atomically: a cut leaves the layout as it was.
#pragma once

#include <string>
#include <string_view>

#include "base/files.hpp"
#include "oci/layout.hpp"
#include "oci/manifest.hpp"

namespace gridseal::publish {

// One writer at a time. Errors: store.layout (refused: the directory holds something else), those of Files.
class LayoutWriter {
 public:
  // Makes the directory, or goes on with a layout that is there.
  static base::Result<LayoutWriter> open(base::Files& files, std::string directory);

  // What is there already is not written again.
  base::Result<void> put_blob(const base::Digest& digest, std::string_view bytes);

  // Names a manifest in index.json; a name that exists is moved. An empty name: the entry has none.
  base::Result<void> set_reference(std::string_view name, oci::Descriptor descriptor);

 private:
  LayoutWriter(base::Files& files, std::string directory)
      : files_(&files), directory_(std::move(directory)) {}
  base::Result<oci::Index> read_index() const;

  base::Files* files_;
  std::string directory_;
};

}  // namespace gridseal::publish
