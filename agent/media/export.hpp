// Makes a medium: pulls releases with everything that speaks for them, the trust bundles and, when asked, the
// images that the manifests name, into one OCI image layout, and reads back what it wrote with the eyes of
// the site: what the site's own policies would refuse is an error here.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "deploy/site.hpp"
#include "media/contents.hpp"
#include "media/export_trust.hpp"
#include "media/import.hpp"

namespace gridseal::media {

struct ExportRequest {
  std::string to;                       // a folder, or a file that ends in ".tar"
  std::vector<std::string> components;  // names in the settings; empty: all that have a registry
  std::string label;
  bool images = false;
  std::optional<config::Component> package;                  // Gridseal's own, beside the components
  std::vector<oci::Platform> platforms;                      // of images; empty: all
  uint64_t chunk_size = 0;                                   // larger blobs are split; 0: none is
  std::function<bool(const base::Digest& digest)> site_has;  // is left out; empty: nothing is known
  int64_t trust_version = 0;                                 // the site has the bundles up to this one
  TrustPlaces trust{};
};

struct ExportReport {
  Contents contents;
  std::vector<std::string> warnings{};
  std::vector<std::string> left_out{};  // the site has it
  uint64_t written = 0;                 // bytes
  uint64_t checked = 0;                 // bytes that were read back and hashed
};

base::Json to_json(const ExportReport& report);

// What is on the medium already is not fetched again; a cut one goes on at the next try. The medium may be
// used only after success. Errors: media.request (refused: an unknown component, one without a registry),
// media.image (refused: nobody serves an image, or it is not whole), media.readback (blocked: what was read
// back is not what was written: the medium is broken), store.layout (refused: the folder is something else),
// media.would_be_refused (refused: with the reason that the site would give); those of Registry, Store, Files
// and Watch.
base::Result<ExportReport> export_medium(const deploy::Outside& outside,
                                         std::shared_ptr<const deploy::Generation> generation,
                                         const ExportRequest& request, Progress& progress,
                                         const std::stop_token& stop);

}  // namespace gridseal::media
