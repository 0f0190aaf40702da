// Fetching into the layout that becomes a medium. Private to this module.
#pragma once

#include "media/export.hpp"
#include "oci/artifact.hpp"
#include "oci/registry.hpp"
#include "oci/store.hpp"

namespace gridseal::media {

struct FetchWork {
  oci::Store& store;
  Progress& progress;
  const std::stop_token& stop;
};

// One repository of a registry.
struct Remote {
  oci::Registry& registry;
  oci::Repository repository;
};

// Every manifest that refers to `subject`, and to those: software bills of materials, provenance, signatures
// of both. At most 200; what is no more than that is a warning. Errors: those of Registry and Store.
base::Result<void> fetch_referrers(FetchWork& work, const Remote& from, const base::Digest& subject,
                                   std::vector<std::string>& warnings);

// An artifact with its signatures; says beforehand how much is to come.
base::Result<oci::FetchedArtifact> fetch_release(FetchWork& work, const Remote& from,
                                                 const base::Digest& digest);

// Manifest or index with the wanted platforms, their blobs and signatures; returns what the digest names.
base::Result<oci::Descriptor> fetch_image(FetchWork& work, const Remote& from, const base::Digest& digest,
                                          const std::vector<oci::Platform>& platforms,
                                          std::vector<std::string>& warnings);

// One manifest with config and layers, by tag; nothing when there is no such tag.
base::Result<std::optional<oci::Descriptor>> fetch_tagged(FetchWork& work, const Remote& from,
                                                          const std::string& tag);

}  // namespace gridseal::media
