#include "oci/manifest.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/json_stream.hpp"
#include "oci/media_types.hpp"

namespace gridseal::oci {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr base::JsonStreamLimits kDocumentLimits{.max_bytes = kMaxManifestBytes,
                                                 .max_depth = 32,
                                                 .max_values = 200'000,
                                                 .max_held = 2 * kMaxManifestBytes};

Error bad(const std::string& why) {
  return Error::refused("oci.manifest", "the manifest is not as the OCI image spec asks: " + why);
}

// Takes the elements of the two lists as they come, so that the document is never there as a whole.
class ListFilter final : public base::JsonFilter {
 public:
  struct List {
    std::vector<Descriptor> descriptors;
    size_t count = 0;
    std::optional<Error> wrong;  // the first
  };

  List layers;
  List manifests;

 private:
  bool complete(const base::JsonPath& path, Json& value) override {
    if (path.size() != 2 || (path[0] != "layers" && path[0] != "manifests")) return true;
    List& list = path[0] == "layers" ? layers : manifests;
    if (++list.count > kMaxIndexEntries || list.wrong) return false;
    auto descriptor = parse_descriptor(value);
    if (descriptor)
      list.descriptors.push_back(std::move(*descriptor));
    else
      list.wrong = std::move(descriptor).error();
    return false;
  }
};

Result<std::vector<Descriptor>> take_list(const Json& value, std::string_view name, ListFilter::List& list,
                                          size_t limit) {
  if (base::find_array(value, name) == nullptr) return bad(std::string(name) + " is no list");
  if (list.count > limit)
    return bad(std::string(name) + " has more than " + std::to_string(limit) + " entries");
  if (list.wrong) return Error(*list.wrong).with_context("in " + std::string(name));
  return std::move(list.descriptors);
}

// What manifests and indexes have in common.
template <class T>
Result<void> parse_common(const Json& value, T& out) {
  if (base::find_member(value, "artifactType") != nullptr) {
    const std::string* type = base::find_string(value, "artifactType");
    if (type == nullptr || type->size() > 255) return bad("artifactType is no media type");
    out.artifact_type = *type;
  }
  if (const Json* subject = base::find_member(value, "subject"); subject != nullptr) {
    auto descriptor = parse_descriptor(*subject);
    if (!descriptor) return std::move(descriptor).error().with_context("in subject");
    out.subject = std::move(*descriptor);
  }
  auto annotations = parse_annotations(value);
  if (!annotations) return std::move(annotations).error();
  out.annotations = std::move(*annotations);
  return {};
}

Result<Document> build_index(const Json& value, ListFilter& lists, std::string media_type) {
  Index index;
  index.media_type = std::move(media_type);
  auto manifests = take_list(value, "manifests", lists.manifests, kMaxIndexEntries);
  if (!manifests) return std::move(manifests).error();
  index.manifests = std::move(*manifests);
  if (auto r = parse_common(value, index); !r) return std::move(r).error();
  return Document(std::move(index));
}

Result<Document> build_manifest(const Json& value, ListFilter& lists, std::string media_type) {
  const Json* config = base::find_member(value, "config");
  if (config == nullptr) return bad("config is missing");
  auto descriptor = parse_descriptor(*config);
  if (!descriptor) return std::move(descriptor).error().with_context("in config");
  auto layers = take_list(value, "layers", lists.layers, kMaxLayers);
  if (!layers) return std::move(layers).error();
  Manifest manifest{std::move(media_type), {}, std::move(*descriptor), std::move(*layers), {}, {}};
  if (auto r = parse_common(value, manifest); !r) return std::move(r).error();
  return Document(std::move(manifest));
}

std::string clip(std::string_view text) {
  return "\"" + base::printable(text, 80) + "\"";
}

template <class T>
std::string finish(const T& value, Json json) {
  json["schemaVersion"] = 2;
  json["mediaType"] = value.media_type;
  if (!value.artifact_type.empty()) json["artifactType"] = value.artifact_type;
  if (value.subject) json["subject"] = to_json(*value.subject);
  if (!value.annotations.empty()) json["annotations"] = Json(value.annotations);
  return base::dump_json(json);
}

Json to_list(const std::vector<Descriptor>& descriptors) {
  Json list = Json::array();
  for (const auto& descriptor : descriptors) list.push_back(to_json(descriptor));
  return list;
}

Result<Document> build_document(const Result<Json>& value, ListFilter& lists, std::string_view media_type) {
  if (!value) return Error(value.error()).with_context("the manifest cannot be read");
  if (!value->is_object()) return bad("it is no object");
  if (base::find_integer(*value, "schemaVersion") != 2) return bad("schemaVersion is not 2");

  std::string type(media_type);
  if (const Json* member = base::find_member(*value, "mediaType"); member != nullptr) {
    const auto* inside = member->get_ptr<const std::string*>();
    if (inside == nullptr) return bad("mediaType is no string");
    if (!type.empty() && type != *inside)
      return bad("it was announced as " + clip(type) + " and says it is " + clip(*inside));
    type = *inside;
  }
  const bool has_index = value->contains("manifests");
  const bool has_manifest = value->contains("layers") || value->contains("config");
  if (has_index && has_manifest) return bad("it is both an image manifest and an index");
  if (type.empty()) type = has_index ? kOciIndex : kOciManifest;
  if (is_index_type(type)) return build_index(*value, lists, std::move(type));
  if (is_manifest_type(type)) return build_manifest(*value, lists, std::move(type));
  return bad("its media type " + clip(type) + " is not known");
}

Result<Index> as_index(Result<Document> document) {
  if (!document) return std::move(document).error();
  if (auto* index = std::get_if<Index>(&*document)) return std::move(*index);
  return bad("an index was expected, this is an image manifest");
}

}  // namespace

bool is_manifest_type(std::string_view media_type) {
  return media_type == kOciManifest || media_type == kDockerManifest;
}

bool is_index_type(std::string_view media_type) {
  return media_type == kOciIndex || media_type == kDockerIndex;
}

Result<Document> parse_document(std::string_view bytes, std::string_view media_type) {
  ListFilter lists;
  base::JsonStream stream(lists, kDocumentLimits);
  stream.feed(bytes);
  return build_document(stream.finish(), lists, media_type);
}

Result<Index> read_index(const base::Blob& bytes) {
  ListFilter lists;
  base::JsonStream stream(lists, kDocumentLimits);
  auto read = bytes.read([&](std::string_view piece) { return stream.feed(piece); });
  if (!read) return std::move(read).error();
  return as_index(build_document(stream.finish(), lists, {}));
}

Result<Manifest> parse_manifest(std::string_view bytes, std::string_view media_type) {
  auto document = parse_document(bytes, media_type);
  if (!document) return std::move(document).error();
  if (auto* manifest = std::get_if<Manifest>(&*document)) return std::move(*manifest);
  return bad("an image manifest was expected, this is an index");
}

Result<Index> parse_index(std::string_view bytes, std::string_view media_type) {
  return as_index(parse_document(bytes, media_type));
}

std::string serialize(const Manifest& manifest) {
  return finish(manifest, {{"config", to_json(manifest.config)}, {"layers", to_list(manifest.layers)}});
}

std::string serialize(const Index& index) {
  return finish(index, {{"manifests", to_list(index.manifests)}});
}

Result<Descriptor> select_layer(const Manifest& manifest, std::string_view wanted) {
  const auto find = [&](auto&& accept) { return std::ranges::find_if(manifest.layers, accept); };
  const auto typed = [&](std::string_view type) {
    return find([&](const Descriptor& layer) { return layer.media_type == type; });
  };
  auto it = typed(wanted.empty() ? kFluxContent : wanted);
  if (it == manifest.layers.end() && wanted.empty()) {
    it = find([](const Descriptor& layer) {
      const std::string_view type = layer.media_type;
      return type.ends_with("tar+gzip") || type.ends_with("tar+zstd") || type == kDockerLayerTarGzip;
    });
  }
  if (it != manifest.layers.end()) return *it;
  std::string seen;
  for (size_t i = 0; i < manifest.layers.size() && i < 5; ++i)
    seen += (i == 0 ? "" : ", ") + clip(manifest.layers[i].media_type);
  const std::string want =
      wanted.empty() ? "of a tar+gzip or tar+zstd media type" : "of media type " + clip(wanted);
  return Error::refused("oci.no_content_layer", "the artifact has no layer " + want +
                                                    "; its layers are: " + (seen.empty() ? "none" : seen) +
                                                    ". Is this the right repository?");
}

Result<Descriptor> select_manifest(const Index& index, std::string_view architecture) {
  if (index.manifests.size() == 1) return index.manifests.front();
  const Descriptor* found = nullptr;
  for (const Descriptor& entry : index.manifests) {
    if (!entry.platform || entry.platform->os != "linux" || entry.platform->architecture != architecture)
      continue;
    if (found != nullptr) {
      return Error::refused("oci.index", "the index names several manifests for linux/" +
                                             std::string(architecture) + "; name one of them by digest");
    }
    found = &entry;
  }
  if (found != nullptr) return *found;
  return Error::refused("oci.index", "the index names no manifest for linux/" + std::string(architecture) +
                                         "; name an image manifest by digest");
}

std::string_view host_architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#elif defined(__arm__)
  return "arm";
#elif defined(__riscv)
  return "riscv64";
#elif defined(__i386__)
  return "386";
#elif defined(__powerpc64__)
  return "ppc64le";
#elif defined(__s390x__)
  return "s390x";
#else
  return "unknown";
#endif
}

}  // namespace gridseal::oci
