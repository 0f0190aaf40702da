// Which container images this host's components name: written by the agent, read by the image registry,
// which serves nothing else. One JSON file, replaced as a whole (docs/images.md, "The list").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "oci/reference.hpp"

namespace gridseal::images {

struct ListedImage {
  oci::Repository repository;          // as pods name it: host and path
  std::string tag;                     // empty: named by digest alone
  std::optional<base::Digest> digest;  // empty: a tag that nobody could look up yet

  friend bool operator==(const ListedImage&, const ListedImage&) = default;
};

// The images of one artifact of one component.
struct ListedRevision {
  std::string component;
  base::Digest artifact;
  std::vector<ListedImage> images;

  friend bool operator==(const ListedRevision&, const ListedRevision&) = default;
};

struct ImageList {
  // In the order of admission: of two images with one tag the later one counts.
  std::vector<ListedRevision> revisions;
  std::vector<base::Digest> denied;  // manifests and blobs that are not served, whoever names them

  friend bool operator==(const ImageList&, const ImageList&) = default;
};

// What is kept of images below the state directory.
std::string images_directory(const std::string& state_directory);
std::string list_path(const std::string& state_directory);
// Where the image registry keeps what it pulled through: an OCI image layout that it alone writes.
std::string cache_directory(const std::string& state_directory);

// The name of an image among the roots of a store: "image/<host>/<path>@sha256:<hex>".
std::string root_name(const oci::Repository& repository, const base::Digest& digest);
bool is_root_name(std::string_view name);
// In the cache alone: what a tag stood for when it was last looked up. "tag/<host>/<path>:<tag>"
std::string tag_root_name(const oci::Repository& repository, const std::string& tag);

std::string serialize(const ImageList& list);
// Strict. Error (refused): images.list.
base::Result<ImageList> parse_list(std::string_view text);
// None is an empty list. Errors: images.list, files.*.
base::Result<ImageList> read_list(base::Files& files, const std::string& state_directory);
// Errors: files.*.
base::Result<void> write_list(base::Files& files, const std::string& state_directory, const ImageList& list);

}  // namespace gridseal::images
