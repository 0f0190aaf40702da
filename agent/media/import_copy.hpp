// Copying from a medium into the store, hashed on the way. Private to this module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "media/import.hpp"
#include "oci/artifact.hpp"
#include "oci/store.hpp"

namespace gridseal::media {

// What has to be copied: blobs in the order in which they are, without those that the store holds.
class CopyPlan {
 public:
  explicit CopyPlan(const oci::Store& store) : store_(&store) {}
  void add(Medium& medium, const oci::Descriptor& blob);
  struct Item {
    Medium* medium;
    oci::Descriptor blob;
  };
  const std::vector<Item>& items() const { return items_; }
  uint64_t bytes() const { return bytes_; }  // at most UINT64_MAX: sizes are claims

 private:
  const oci::Store* store_;
  std::vector<Item> items_;
  std::set<base::Digest> seen_;
  uint64_t bytes_ = 0;
};

struct CopyWork {
  oci::Store& store;
  Progress& progress;
  const Watch& watch;
  uint64_t copied = 0;
};

// Space for all of it is there before the first byte is copied. Errors: store.no_space, media.missing,
// media.size, media.damaged (refused: it hashes to something else), those of Store and of the medium.
base::Result<void> copy(CopyWork& work, const CopyPlan& plan);

// The manifest (and index) of an artifact, and what speaks for it.
base::Result<void> put_manifests(oci::Store& store, Medium& medium, const oci::FetchedArtifact& artifact);
base::Result<void> put_signatures(oci::Store& store, Medium& medium, const base::Digest& subject,
                                  const oci::Signatures& signatures);

// An image of a medium with all its platforms that are there: their manifests are read and checked, their
// blobs are added to the plan. Errors (refused): media.missing, media.image (nested too deep or too many),
// those of parse_document.
struct ImageParts {
  struct Part {
    oci::Descriptor descriptor;
    std::string bytes;
  };
  std::vector<Part> manifests;  // innermost first, the named one last
};
base::Result<ImageParts> plan_image(Medium& medium, const Image& image, CopyPlan& plan);
// After copy(): manifests and signatures; then the store's name for it, which makes it visible.
base::Result<void> finish_image(oci::Store& store, Medium& medium, const ImageParts& parts,
                                const std::vector<std::string>& names);

}  // namespace gridseal::media
