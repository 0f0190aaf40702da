// One layout of a medium, looked through: which releases, trust bundles and images its index.json names.
// Nothing of it is trusted; what a manifest says of itself only tells what to judge it as.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/contents.hpp"
#include "media/medium_files.hpp"
#include "oci/layout.hpp"
#include "oci/reference.hpp"

namespace gridseal::media {

struct Release {
  std::string name;  // in index.json; may be empty
  oci::Descriptor descriptor;
  std::string component;  // as its manifest claims, as are the next two
  std::string version;
  base::Time created{};
  bool is_package = false;  // of Gridseal itself (docs/formats/package.md)

  // The tag that the name ends in; without a name the version.
  std::string tag() const;
  // Whether the name, when it says a repository, says this one ("water/pumps:stable", with or without a
  // registry in front).
  bool may_be_of(std::string_view repository) const;
};

struct Image {
  std::string name;  // "host/path[:tag]", as the medium says
  oci::Descriptor descriptor;
};

struct Bundle {
  std::string name;
  std::string envelope;
  int64_t version = 0;  // claimed
};

struct Flaw {
  std::string what;
  base::Error error;
};

class Medium {
 public:
  // Errors: those of MediumFiles and oci::Layout; media.too_large (refused: more of manifests than is read).
  // What is wrong with one entry is a flaw.
  static base::Result<std::unique_ptr<Medium>> open(base::Files& files, const LayoutPlace& place,
                                                    const Watch& watch);

  const std::string& path() const { return path_; }
  const Contents& contents() const { return contents_; }
  const std::vector<Release>& releases() const { return releases_; }
  const std::vector<Image>& images() const { return images_; }
  const std::vector<Bundle>& bundles() const { return bundles_; }  // by version
  const std::vector<Flaw>& flaws() const { return flaws_; }
  const Foreign& foreign() const { return files_->foreign(); }
  oci::Layout& layout() { return *layout_; }

  // A blob as it lies there, not hashed. Error (refused): media.missing (not there), media.size (of another
  // size than the descriptor says).
  base::Result<std::unique_ptr<base::InputFile>> open_blob(const oci::Descriptor& blob);
  bool holds(const base::Digest& digest);
  // All that lie there, by digest; their media types are not known.
  base::Result<std::vector<oci::Descriptor>> blobs();

 private:
  Medium(std::string path, std::unique_ptr<MediumFiles> files, std::unique_ptr<oci::Layout> layout)
      : path_(std::move(path)), files_(std::move(files)), layout_(std::move(layout)) {}
  base::Result<void> look_through();
  base::Result<void> look_at(const oci::Descriptor& entry);
  base::Result<std::string> read(const base::Digest& digest, uint64_t limit);
  base::Result<void> take(const std::string& name, const oci::Descriptor& entry,
                          const oci::Manifest& manifest);
  std::string blob_path(const base::Digest& digest) const;

  const std::string path_;
  std::unique_ptr<MediumFiles> files_;
  std::unique_ptr<oci::Layout> layout_;
  Contents contents_;
  std::vector<Release> releases_;
  std::vector<Image> images_;
  std::vector<Bundle> bundles_;
  std::vector<Flaw> flaws_;
  uint64_t read_ = 0;
};

// Whether an error says something of the medium's content, not of the way to it.
bool is_about_content(const base::Error& error);

}  // namespace gridseal::media
