#include "oci/descriptor.hpp"

#include "crypto/hash.hpp"
#include "oci/local_content.hpp"

namespace gridseal::oci {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxMediaType = 255;
constexpr size_t kMaxAnnotations = 1000;

Error bad(const std::string& why) {
  return Error::refused("oci.descriptor", "a descriptor is not as the OCI image spec asks: " + why);
}

// Absent: empty. Another type than a string: an error.
Result<std::string> text_member(const Json& owner, std::string_view name) {
  const Json* member = base::find_member(owner, name);
  if (member == nullptr) return std::string();
  const auto* text = member->get_ptr<const std::string*>();
  if (text == nullptr) return bad(std::string(name) + " is no string");
  if (text->size() > kMaxMediaType) return bad(std::string(name) + " is too long");
  return *text;
}

Result<Platform> parse_platform(const Json& value) {
  if (!value.is_object()) return bad("platform is no object");
  Platform platform;
  for (auto [name, field] : {std::pair{"os", &platform.os}, std::pair{"architecture", &platform.architecture},
                             std::pair{"variant", &platform.variant}}) {
    auto text = text_member(value, name);
    if (!text) return std::move(text).error();
    *field = std::move(*text);
  }
  return platform;
}

}  // namespace

std::string_view to_string(Place place) {
  switch (place) {
    case Place::legacy_tag:
      return "legacy_tag";
    case Place::referrer:
      return "referrer";
    case Place::referrer_tag:
      break;
  }
  return "referrer_tag";
}

Error unreadable(const base::Digest& digest, const std::string& place, const Error& why) {
  const std::string what = "blob " + digest.short_form();
  if (base::is_not_found(why)) return Error::blocked("store.not_found", what + " is not in " + place);
  if (why.code() == "files.too_large")
    return Error::refused("store.too_large", what + " of " + place + " is too large: " + why.message());
  return why;
}

Result<Annotations> parse_annotations(const Json& owner) {
  Annotations annotations;
  const Json* member = base::find_member(owner, "annotations");
  if (member == nullptr) return annotations;
  if (!member->is_object() || member->size() > kMaxAnnotations) return bad("annotations is no small object");
  for (const auto& [name, value] : member->items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr) return bad("an annotation is no string");
    annotations.emplace(name, *text);
  }
  return annotations;
}

Result<Descriptor> parse_descriptor(const Json& value) {
  if (!value.is_object()) return bad("it is no object");
  auto media_type = text_member(value, "mediaType");
  if (!media_type) return std::move(media_type).error();
  if (media_type->empty()) return bad("mediaType is missing");
  const std::string* digest_text = base::find_string(value, "digest");
  if (digest_text == nullptr) return bad("digest is missing");
  auto digest = base::Digest::parse(*digest_text);
  if (!digest) return bad("digest is not sha256:<64 lower-case hex>");
  const auto size = base::find_integer(value, "size");
  if (!size || *size < 0) return bad("size is no length");
  auto annotations = parse_annotations(value);
  if (!annotations) return std::move(annotations).error();
  auto artifact_type = text_member(value, "artifactType");
  if (!artifact_type) return std::move(artifact_type).error();
  Descriptor descriptor{std::move(*media_type),       *digest,
                        static_cast<uint64_t>(*size), std::move(*annotations),
                        std::move(*artifact_type),    {}};
  if (const Json* platform = base::find_member(value, "platform"); platform != nullptr) {
    auto parsed = parse_platform(*platform);
    if (!parsed) return std::move(parsed).error();
    descriptor.platform = std::move(*parsed);
  }
  return descriptor;
}

Descriptor describe(std::string_view media_type, std::string_view bytes) {
  return {std::string(media_type), crypto::sha256(bytes), bytes.size(), {}, {}, {}};
}

Json to_json(const Descriptor& descriptor) {
  Json value = {{"mediaType", descriptor.media_type},
                {"digest", descriptor.digest.to_string()},
                {"size", descriptor.size}};
  if (!descriptor.artifact_type.empty()) value["artifactType"] = descriptor.artifact_type;
  if (!descriptor.annotations.empty()) value["annotations"] = Json(descriptor.annotations);
  if (descriptor.platform) {
    value["platform"] = {{"os", descriptor.platform->os},
                         {"architecture", descriptor.platform->architecture}};
    if (!descriptor.platform->variant.empty()) value["platform"]["variant"] = descriptor.platform->variant;
  }
  return value;
}

}  // namespace gridseal::oci
