#include "deploy/image_import.hpp"

#include <algorithm>
#include <set>

#include "crypto/sha256.hpp"
#include "images/image_archive.hpp"
#include "oci/store_view.hpp"

namespace gridseal::deploy {
namespace {

using base::Error;
using base::Result;
using images::ListedImage;

constexpr std::string_view kPrefix = "gridseal-";
constexpr std::string_view kSuffix = ".tar";
constexpr size_t kImportRequests = 20'000;

bool is_on(const Site& site) {
  return site.generation->settings.images.kind() == config::ImageMode::k3s_import;
}

// The names are part of the file: another tag is another file.
std::string file_name(const ListedImage& image) {
  const std::string what = images::root_name(image.repository, *image.digest) + " " + image.tag;
  return std::string(kPrefix) + crypto::sha256(what).hex().substr(0, 32) + std::string(kSuffix);
}

class Importer {
 public:
  Importer(const Site& site, const std::stop_token& stop)
      : site_(site),
        stop_(stop),
        view_(site.outside.files, site.state_directory + "/store"),
        directory_(site.generation->settings.images.import_directory) {}

  Result<void> import(const ListedImage& image) {
    const std::string path = directory_ + "/" + file_name(image);
    if (site_.outside.files.stat(path)) return {};
    if (auto r = check_version(); !r) return r;
    auto archived = collect(image);
    if (!archived) return std::move(archived).error();
    // Not its final name before it is whole: k3s reads what ends in .tar as soon as it appears.
    const std::string part = directory_ + "/." + file_name(image) + ".part";
    auto written = write(part, *archived);
    if (written) written = site_.outside.files.rename(part, path);
    if (written) return site_.outside.files.sync_directory(directory_);
    (void)site_.outside.files.remove(part);
    return std::move(written).error().with_context("the image " + image.repository.to_string() +
                                                   " cannot be handed to k3s in " + directory_);
  }

 private:
  Result<void> check_version() {
    if (checked_) return {};
    auto version = site_.cluster->client().server_version(site_.limits(stop_));
    if (!version) return std::move(version).error().error;
    if (!images::imports_while_running(*version))
      return Error::blocked(
          "image.k3s_version",
          "k3s " + *version +
              " imports images at its start alone; update it to v1.29.13, v1.30.9, v1.31.5, "
              "v1.32.0 or newer, or set images.mode to \"registry\"");
    checked_ = true;
    return {};
  }

  Result<images::ArchivedImage> collect(const ListedImage& image) {
    oci::StoredImages stored(*site_.store);
    size_t requests = kImportRequests;
    auto found = oci::find_image(stored, {image.repository, {}, image.digest}, oci::host_platform(),
                                 oci::ImageDepth::whole, requests, stop_);
    if (!found)
      return Error::blocked(
          "image.not_here",
          "the image " + image.repository.to_string() +
              " is not whole on this host, so it cannot be handed to k3s: " + found.error().describe());
    auto manifest = oci::parse_manifest(found->manifest().bytes, found->manifest().media_type);
    if (!manifest) return std::move(manifest).error();
    for (oci::ManifestBytes* one : {&found->named, found->of_platform ? &*found->of_platform : nullptr}) {
      if (one == nullptr || !one->media_type.empty()) continue;
      auto document = oci::parse_document(one->bytes);
      if (!document) return std::move(document).error();
      one->media_type = std::visit([](const auto& it) { return it.media_type; }, *document);
    }
    images::ArchivedImage archived{{image.repository.to_string() + "@" + image.digest->to_string()},
                                   std::move(*found),
                                   {manifest->config}};
    if (!image.tag.empty()) archived.names.push_back(image.repository.to_string() + ":" + image.tag);
    for (const oci::Descriptor& layer : manifest->layers)
      if (!oci::is_foreign_layer(layer.media_type)) archived.blobs.push_back(layer);
    return archived;
  }

  Result<void> write(const std::string& path, const images::ArchivedImage& image) {
    // k3s reads as root; nobody else has to.
    auto out = site_.outside.files.open_output(path, base::WriteMode::truncate, 0640);
    if (!out) return std::move(out).error();
    auto written = images::write_image_archive(
        **out, image, [&](const oci::Descriptor& blob) { return view_.open_blob(blob); });
    return written ? (*out)->sync() : std::move(written);
  }

  const Site& site_;
  const std::stop_token& stop_;
  const oci::StoreView view_;
  const std::string directory_;
  bool checked_ = false;
};

}  // namespace

Result<void> import_images(const Site& site, const images::ListedRevision& revision,
                           const std::stop_token& stop) {
  if (!is_on(site)) return {};
  Importer importer(site, stop);
  for (const ListedImage& image : revision.images) {
    if (!image.digest) continue;
    // One that nobody here serves, and that was not brought, is the node's own matter.
    if (!site.store->contains(*image.digest) &&
        places_of(site.generation->settings.registries, image.repository).empty())
      continue;
    if (auto r = importer.import(image); !r) return r;
  }
  return {};
}

Result<void> forget_imports(const Site& site) {
  if (!is_on(site)) return {};
  auto list = images::read_list(site.outside.files, site.state_directory);
  if (!list) return std::move(list).error();
  std::set<std::string> named;
  for (const auto& revision : list->revisions)
    for (const ListedImage& image : revision.images)
      if (image.digest) named.insert(file_name(image));
  const std::string& directory = site.generation->settings.images.import_directory;
  auto entries = site.outside.files.list(directory);
  if (!entries && base::is_not_found(entries.error())) return {};
  if (!entries) return std::move(entries).error();
  for (const base::Entry& entry : *entries) {
    const bool ours = entry.name.starts_with(kPrefix) && entry.name.ends_with(kSuffix);
    const bool part = entry.name.starts_with("." + std::string(kPrefix)) && entry.name.ends_with(".tar.part");
    if ((!ours && !part) || named.contains(entry.name)) continue;
    if (auto r = site.outside.files.remove(directory + "/" + entry.name); !r) return r;
  }
  return {};
}

}  // namespace gridseal::deploy
