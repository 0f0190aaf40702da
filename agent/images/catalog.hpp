// What may be served: the manifests and blobs that the listed images reach, and the signatures that lie
// beside them. Nothing else of store and cache exists for a client.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "images/image_list.hpp"
#include "images/route.hpp"
#include "oci/manifest.hpp"
#include "oci/store_view.hpp"

namespace gridseal::images {

// A manifest or blob that belongs to a listed image.
struct Part {
  oci::Repository repository;  // of the image
  oci::Descriptor descriptor;  // without size and type for what only the list names
  bool is_manifest = false;
  bool is_root = false;       // the image itself
  bool is_signature = false;  // speaks of the image, and is none
};

// What a tag stands for.
struct Tagged {
  oci::Repository repository;
  std::optional<base::Digest> digest;  // empty: nobody could look it up before it was listed
};

// Thread safe.
class Catalog {
 public:
  // `places`: where manifests are read from, best first; they outlive the catalog.
  Catalog(base::Files& files, std::string state_directory, std::vector<oci::StoreView*> places);

  // Reads the list when it has changed; true when it has. On an error the old list stays. Errors:
  // images.list, files.*.
  base::Result<bool> refresh();

  std::optional<Part> find(const Asked& asked, const base::Digest& digest);
  // Of images, and the tags that signers give to signatures.
  std::optional<Tagged> find_tag(const Asked& asked, const std::string& tag);
  // Empty: no listed image lies there.
  std::optional<std::vector<std::string>> tags(const Asked& asked);
  // The signatures of a manifest that are listed by subject; none for what is not served.
  std::vector<oci::Descriptor> referrers(const Asked& asked, const base::Digest& subject);
  bool is_denied(const base::Digest& digest) const;

  // What has just been pulled tells what else belongs to the image.
  void learn(const base::Digest& manifest, const oci::Document& document);
  // What a listed tag without a digest turned out to be.
  void add_image(const oci::Repository& repository, const base::Digest& digest);
  std::vector<base::Digest> roots() const;
  // What belongs to each image, as far as it can be known from what is on this host.
  struct Parts {
    std::vector<base::Digest> manifests;
    std::vector<oci::Descriptor> blobs;
  };
  std::vector<Parts> images();
  std::vector<ListedImage> open_tags() const;
  size_t size() const;

 private:
  struct Entry {
    oci::Descriptor descriptor;
    bool is_manifest = false;
    bool is_signature = false;
    bool learned = false;  // what it names is known
  };
  struct Image {
    oci::Repository repository;
    base::Digest digest;
    std::set<std::string> tags;
    std::map<base::Digest, Entry> parts;
  };

  void rebuild(const ImageList& list);
  void expand(Image& image);
  static void add(Image& image, const oci::Descriptor& descriptor, bool is_manifest, bool is_signature);
  static void learn(Image& image, Entry& entry, const oci::Document& document);
  std::vector<oci::SignatureEntry> signatures(const base::Digest& subject) const;
  std::optional<std::string> read(const base::Digest& manifest) const;

  base::Files& files_;
  const std::string state_directory_;
  const std::vector<oci::StoreView*> places_;

  mutable std::mutex mutex_;
  std::optional<base::FileInfo> read_;  // the list as it was when it was read
  std::vector<Image> images_;
  std::vector<ListedImage> open_tags_;          // without a digest
  std::map<std::string, base::Digest> by_tag_;  // "host/path:tag"
  std::set<base::Digest> denied_;
};

}  // namespace gridseal::images
