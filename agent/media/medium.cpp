#include "media/medium.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "oci/media_types.hpp"
#include "trust/trust_bundle.hpp"

namespace gridseal::media {

using base::Error;
using base::Result;

namespace {

constexpr uint64_t kMaxRead = uint64_t{256} << 20U;  // of manifests and bundles
constexpr size_t kMaxFlaws = 100;
constexpr size_t kMaxBundles = 1'000;
constexpr std::string_view kComponent = "dev.gridseal.component";
constexpr std::string_view kImageName = "io.containerd.image.name";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";

std::string annotation(const oci::Annotations& annotations, std::string_view name) {
  const auto found = annotations.find(name);
  return found == annotations.end() ? std::string() : found->second;
}

// Listed only so that other tools find it: it speaks for something else.
bool is_signature(const oci::Descriptor& entry, const std::string& name) {
  if (entry.annotations.contains(oci::kAnnotationSignatureSubject)) return true;
  constexpr std::string_view kPrefix = "sha256-";
  return name.starts_with(kPrefix) && base::Digest::from_hex(name.substr(kPrefix.size(), 64)).has_value();
}

const oci::Descriptor* layer_of(const oci::Manifest& manifest, std::string_view type) {
  const auto found = std::ranges::find(manifest.layers, type, &oci::Descriptor::media_type);
  return found == manifest.layers.end() ? nullptr : &*found;
}

std::string component_of(const oci::Annotations& annotations) {
  std::string component = annotation(annotations, kComponent);
  return component.empty() ? annotation(annotations, oci::kAnnotationTitle) : component;
}

bool is_image_config(std::string_view type) {
  return type == oci::kOciConfig || type == kDockerConfig;
}

// "host/path" without tag and digest; empty: the text names no image.
std::string image_name(std::string_view text) {
  const auto reference = oci::Reference::parse(text, false);
  return reference ? reference->repository.to_string() : std::string();
}

}  // namespace

bool is_about_content(const Error& error) {
  return error.outcome() == base::Outcome::refused || error.code() == "store.not_found" ||
         error.code() == "files.not_found";
}

std::string Release::tag() const {
  std::string_view text = name;
  text = text.substr(0, text.find('@'));
  if (text.empty()) return version;
  const size_t colon = text.rfind(':');
  const size_t slash = text.rfind('/');
  if (colon == std::string_view::npos) return slash == std::string_view::npos ? std::string(text) : version;
  if (slash != std::string_view::npos && slash > colon) return version;
  return std::string(text.substr(colon + 1));
}

bool Release::may_be_of(std::string_view repository) const {
  const std::string_view text = std::string_view(name).substr(0, name.find('@'));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return text.find('/') == std::string_view::npos;
  const std::string_view said = text.substr(0, colon);
  return said == repository ||
         (said.ends_with(repository) && said[said.size() - repository.size() - 1] == '/');
}

Result<std::unique_ptr<Medium>> Medium::open(base::Files& files, const LayoutPlace& place,
                                             const Watch& watch) {
  auto inner = MediumFiles::open(files, place, watch);
  if (!inner) return std::move(inner).error();
  auto layout = oci::Layout::open(**inner, place.path);
  if (!layout) return std::move(layout).error();
  std::unique_ptr<Medium> medium(new Medium(place.path, std::move(*inner), std::move(*layout)));
  if (auto r = medium->look_through(); !r) return std::move(r).error();
  std::ranges::stable_sort(medium->bundles_, {}, &Bundle::version);
  return medium;
}

Result<void> Medium::look_through() {
  for (const oci::Descriptor& entry : layout_->entries()) {
    auto looked = look_at(entry);
    if (looked) continue;
    if (!is_about_content(looked.error()) || looked.error().code() == "media.too_large") return looked;
    const std::string name = annotation(entry.annotations, oci::kAnnotationRefName);
    if (flaws_.size() < kMaxFlaws)
      flaws_.push_back(
          {base::printable(name.empty() ? entry.digest.to_string() : name, 200), std::move(looked).error()});
  }
  return {};
}

Result<std::string> Medium::read(const base::Digest& digest, uint64_t limit) {
  auto bytes = layout_->read_blob(digest, limit);
  if (bytes) read_ += bytes->size();
  if (read_ > kMaxRead)
    return Error::refused("media.too_large",
                          "the manifests of " + path_ + " are more than is read of one medium");
  return bytes;
}

Result<void> Medium::look_at(const oci::Descriptor& entry) {
  const std::string name = annotation(entry.annotations, oci::kAnnotationRefName);
  if (is_signature(entry, name)) return {};
  auto bytes = read(entry.digest, oci::kMaxManifestBytes);
  if (!bytes) return std::move(bytes).error();
  auto document = oci::parse_document(*bytes, entry.media_type);
  if (!document) return std::move(document).error();
  oci::Descriptor top = entry;
  top.size = bytes->size();
  if (const auto* manifest = std::get_if<oci::Manifest>(&*document)) return take(name, top, *manifest);
  const auto& index = std::get<oci::Index>(*document);
  // What an index is for, its first manifest tells.
  for (const oci::Descriptor& one : index.manifests) {
    if (!holds(one.digest)) continue;
    auto inner = read(one.digest, oci::kMaxManifestBytes);
    if (!inner) return std::move(inner).error();
    auto manifest = oci::parse_manifest(*inner, one.media_type);
    if (!manifest) return std::move(manifest).error();
    return take(name, top, *manifest);
  }
  return Error::refused("media.missing", "the index names manifests, and none of them is on the medium");
}

Result<void> Medium::take(const std::string& name, const oci::Descriptor& entry,
                          const oci::Manifest& manifest) {
  if (const oci::Descriptor* layer = layer_of(manifest, trust::kTrustBundlePayloadType)) {
    if (bundles_.size() >= kMaxBundles)
      return Error::refused("media.too_many", "the medium holds more trust bundles than are read");
    auto envelope = read(layer->digest, trust::kMaxTrustBundleBytes);
    if (!envelope) return std::move(envelope).error();
    const auto bundle = trust::parse_trust_bundle(*envelope);
    if (!bundle) return bundle.error();
    bundles_.push_back({name, std::move(*envelope), bundle->version()});
    return {};
  }
  if (const oci::Descriptor* layer = layer_of(manifest, kContentsType)) {
    auto text = read(layer->digest, kMaxContents);
    if (!text) return std::move(text).error();
    contents_ = parse_contents(*text);
    return {};
  }
  std::string image = annotation(entry.annotations, kImageName);
  if (image.empty()) image = name;
  image = image_name(image);
  std::string component = component_of(manifest.annotations);
  if (is_image_config(manifest.config.media_type) && (component.empty() || !image.empty())) {
    images_.push_back({std::move(image), entry});
    if (component.empty()) return {};
  }
  if (component.empty()) return {};
  const auto created = base::parse_rfc3339(annotation(manifest.annotations, oci::kAnnotationCreated));
  releases_.push_back({name, entry, std::move(component),
                       annotation(manifest.annotations, oci::kAnnotationVersion),
                       created ? *created : base::Time{}, manifest.artifact_type == oci::kPackageArtifact});
  return {};
}

std::string Medium::blob_path(const base::Digest& digest) const {
  return path_ + "/blobs/sha256/" + digest.hex();
}

bool Medium::holds(const base::Digest& digest) {
  return files_->stat(blob_path(digest)).has_value();
}

Result<std::vector<oci::Descriptor>> Medium::blobs() {
  auto names = files_->list(path_ + "/blobs/sha256/");
  if (!names) return std::move(names).error();
  std::vector<oci::Descriptor> blobs;
  for (const base::Entry& entry : *names) {
    const auto digest = base::Digest::from_hex(entry.name);
    if (!digest) continue;
    auto info = files_->stat(blob_path(*digest));
    if (!info) return std::move(info).error();
    blobs.push_back({{}, *digest, info->size, {}, {}, {}});
  }
  return blobs;
}

Result<std::unique_ptr<base::InputFile>> Medium::open_blob(const oci::Descriptor& blob) {
  auto file = files_->open_input(blob_path(blob.digest));
  if (!file && base::is_not_found(file.error()))
    return Error::refused("media.missing", "blob " + blob.digest.short_form() +
                                               " is named, and is not on the medium: make it again");
  if (!file) return file;
  if ((*file)->size() != blob.size)
    return Error::refused("media.size", "blob " + blob.digest.short_form() + " has " +
                                            std::to_string((*file)->size()) + " bytes on the medium; " +
                                            std::to_string(blob.size) + " are said");
  return file;
}

}  // namespace gridseal::media
