#include "images/image_list.hpp"

#include "base/json.hpp"

namespace gridseal::images {

using base::Error;
using base::Json;
using base::Result;

namespace {

constexpr uint64_t kMaxListBytes = uint64_t{16} << 20U;
constexpr std::string_view kRootPrefix = "image/";

Error bad(const std::string& why) {
  return Error::refused("images.list", "the list of images cannot be used: " + why);
}

Json to_json(const ListedImage& image) {
  Json json{{"registry", image.repository.registry}, {"repository", image.repository.path}};
  if (!image.tag.empty()) json["tag"] = image.tag;
  if (image.digest) json["digest"] = image.digest->to_string();
  return json;
}

Result<base::Digest> digest_in(const Json& object, std::string_view name) {
  const std::string* text = base::find_string(object, name);
  if (text == nullptr) return bad("an entry has no " + std::string(name));
  auto digest = base::Digest::parse(*text);
  if (!digest) return bad(digest.error().describe());
  return *digest;
}

Result<ListedImage> image_in(const Json& json) {
  const std::string* registry = base::find_string(json, "registry");
  const std::string* path = base::find_string(json, "repository");
  if (registry == nullptr || registry->empty() || path == nullptr || !oci::is_repository_path(*path))
    return bad("an image has no registry and repository");
  ListedImage image{{*registry, *path}, {}, std::nullopt};
  if (const std::string* tag = base::find_string(json, "tag"); tag != nullptr) {
    if (!oci::is_tag(*tag)) return bad("a tag is none");
    image.tag = *tag;
  }
  if (json.contains("digest")) {
    auto digest = digest_in(json, "digest");
    if (!digest) return std::move(digest).error();
    image.digest = *digest;
  }
  if (image.tag.empty() && !image.digest) return bad("an image has neither tag nor digest");
  return image;
}

Result<ListedRevision> revision_in(const Json& json) {
  const std::string* component = base::find_string(json, "component");
  const Json* list = base::find_array(json, "images");
  if (component == nullptr || list == nullptr) return bad("a revision has no component and images");
  auto artifact = digest_in(json, "artifact");
  if (!artifact) return std::move(artifact).error();
  ListedRevision revision{*component, *artifact, {}};
  for (const Json& one : *list) {
    auto image = image_in(one);
    if (!image) return std::move(image).error();
    revision.images.push_back(std::move(*image));
  }
  return revision;
}

}  // namespace

std::string images_directory(const std::string& state_directory) {
  return state_directory + "/images";
}
std::string list_path(const std::string& state_directory) {
  return images_directory(state_directory) + "/list.json";
}
std::string cache_directory(const std::string& state_directory) {
  return images_directory(state_directory) + "/cache";
}

std::string root_name(const oci::Repository& repository, const base::Digest& digest) {
  return std::string(kRootPrefix) + repository.to_string() + "@" + digest.to_string();
}

bool is_root_name(std::string_view name) {
  return name.starts_with(kRootPrefix);
}

std::string tag_root_name(const oci::Repository& repository, const std::string& tag) {
  return "tag/" + repository.to_string() + ":" + tag;
}

std::string serialize(const ImageList& list) {
  Json revisions = Json::array();
  for (const ListedRevision& revision : list.revisions) {
    Json images = Json::array();
    for (const ListedImage& image : revision.images) images.push_back(to_json(image));
    revisions.push_back({{"component", revision.component},
                         {"artifact", revision.artifact.to_string()},
                         {"images", std::move(images)}});
  }
  Json denied = Json::array();
  for (const base::Digest& digest : list.denied) denied.push_back(digest.to_string());
  return base::dump_json_pretty(
             {{"version", 1}, {"revisions", std::move(revisions)}, {"denied", std::move(denied)}}) +
         "\n";
}

Result<ImageList> parse_list(std::string_view text) {
  base::JsonLimits limits;
  limits.max_bytes = kMaxListBytes;
  auto json = base::parse_json(text, limits);
  if (!json) return bad(json.error().describe());
  if (base::find_integer(*json, "version") != 1) return bad("its version is not 1");
  const Json* revisions = base::find_array(*json, "revisions");
  const Json* denied = base::find_array(*json, "denied");
  if (revisions == nullptr || denied == nullptr) return bad("it has no revisions and denied");
  ImageList list;
  for (const Json& one : *revisions) {
    auto revision = revision_in(one);
    if (!revision) return std::move(revision).error();
    list.revisions.push_back(std::move(*revision));
  }
  for (const Json& one : *denied) {
    const auto* name = one.get_ptr<const std::string*>();
    auto digest = name == nullptr ? Result<base::Digest>(bad("a denied digest is no text"))
                                  : base::Digest::parse(*name);
    if (!digest) return bad(digest.error().describe());
    list.denied.push_back(*digest);
  }
  return list;
}

Result<ImageList> read_list(base::Files& files, const std::string& state_directory) {
  auto text = base::read_file(files, list_path(state_directory), kMaxListBytes);
  if (!text && base::is_not_found(text.error())) return ImageList();
  if (!text) return std::move(text).error();
  return parse_list(*text);
}

Result<void> write_list(base::Files& files, const std::string& state_directory, const ImageList& list) {
  if (auto r = files.make_directories(images_directory(state_directory), 0750); !r) return r;
  return base::write_file(files, list_path(state_directory), serialize(list), 0640);
}

}  // namespace gridseal::images
