#include "trust/image_manifest.hpp"

#include "base/encoding.hpp"
#include "base/json_stream.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr base::JsonStreamLimits kManifestLimits{.max_bytes = kMaxSignatureManifest,
                                                 .max_depth = 16,
                                                 .max_values = 100'000,
                                                 .max_held = size_t{512} << 10U};
constexpr size_t kMaxLayers = 1000;  // cosign's limit for signatures; no artifact in use comes near it
constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

// Collects the pieces of one manifest; every complaint carries the caller's code.
class ManifestReader final : public base::JsonFilter {
 public:
  ManifestReader(const std::string& code, const TakeLayer& take) : code_(code), take_(take) {}

  Result<ImageManifest> read(std::string_view bytes) {
    base::JsonStream stream(*this, kManifestLimits);
    stream.feed(bytes);
    const auto json = stream.finish();
    if (!json) return json.error();
    return read(*json);
  }

 private:
  bool complete(const base::JsonPath& path, Json& value) override {
    if (path.size() != 2 || path.front() != "layers") return true;
    auto layer = content(value);
    if (!layer) {
      if (!wrong_layer_) wrong_layer_ = std::move(layer).error();
    } else if (++layers_count_ > kMaxLayers || wrong_layer_) {
      return false;
    } else if (take_) {
      take_(std::move(*layer));
    } else {
      layers_.push_back(std::move(*layer));
    }
    return false;
  }

  Result<ImageManifest> read(const Json& json) {
    const auto version = base::find_integer(json, "schemaVersion");
    if (!version || *version != 2) return bad("schemaVersion is not 2");
    const Json* config = base::find_object(json, "config");
    const Json* layers = base::find_array(json, "layers");
    if (config == nullptr || layers == nullptr) return bad("it has no config or no layers");
    if (layers_count_ > kMaxLayers)
      return Error::refused("parse.limit",
                            "a manifest with more than " + std::to_string(kMaxLayers) + " layers");
    auto config_content = content(*config);
    if (!config_content) return std::move(config_content).error();
    auto manifest_annotations = annotations(json);
    if (!manifest_annotations) return std::move(manifest_annotations).error();
    if (wrong_layer_) return *wrong_layer_;
    ImageManifest manifest{
        {}, {}, std::move(*config_content), std::move(layers_), {}, std::move(*manifest_annotations)};
    if (auto rest = read_types(json, manifest); !rest) return std::move(rest).error();
    return manifest;
  }

  Error bad(const std::string& why) const {
    return Error::refused(code_, "not an OCI image manifest: " + why);
  }

  Result<void> read_types(const Json& json, ImageManifest& manifest) const {
    for (const auto& [name, target] :
         {std::pair<std::string_view, std::string*>{"mediaType", &manifest.media_type},
          {"artifactType", &manifest.artifact_type}}) {
      if (base::find_member(json, name) == nullptr) continue;
      const std::string* text = base::find_string(json, name);
      if (text == nullptr) return bad(std::string(name) + " is not a string");
      *target = *text;
    }
    if (!manifest.media_type.empty() && manifest.media_type != kOciManifest &&
        manifest.media_type != kDockerManifest) {
      return bad("its media type is '" + base::printable(manifest.media_type, 80) + "'");
    }
    const Json* subject = base::find_member(json, "subject");
    if (subject == nullptr) return {};
    auto parsed = content(*subject);
    if (!parsed) return std::move(parsed).error();
    manifest.subject = parsed->digest;
    return {};
  }

  Result<Content> content(const Json& descriptor) const {
    const std::string* media_type = base::find_string(descriptor, "mediaType");
    const std::string* digest = base::find_string(descriptor, "digest");
    const auto size = base::find_integer(descriptor, "size");
    if (media_type == nullptr || digest == nullptr || !size || *size < 0)
      return bad("a descriptor lacks mediaType, digest or size");
    const auto parsed = base::Digest::parse(*digest);
    if (!parsed) return bad("a descriptor without a sha256 digest");
    auto notes = annotations(descriptor);
    if (!notes) return std::move(notes).error();
    return Content{*media_type, *parsed, static_cast<uint64_t>(*size), std::move(*notes)};
  }

  Result<Annotations> annotations(const Json& owner) const {
    Annotations result;
    const Json* object = base::find_member(owner, "annotations");
    if (object == nullptr) return result;
    if (!object->is_object()) return bad("annotations are not an object");
    for (const auto& [name, value] : object->items()) {
      if (!value.is_string()) return bad("an annotation is not a string");
      result.emplace(name, value.get_ref<const std::string&>());
    }
    return result;
  }

  const std::string& code_;
  const TakeLayer& take_;
  size_t layers_count_ = 0;
  std::vector<Content> layers_;
  std::optional<Error> wrong_layer_;
};

}  // namespace

Result<ImageManifest> parse_image_manifest(std::string_view bytes, const std::string& code,
                                           const TakeLayer& take) {
  return ManifestReader(code, take).read(bytes);
}

}  // namespace gridseal::trust
