#include "notation/payload.hpp"

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr size_t kMaxAnnotations = 1024;

Error payload_error(const std::string& what) {
  return Error::refused("notary.payload", "the signed payload is refused: " + what);
}

Result<std::map<std::string, std::string>> annotations_of(const Json& target) {
  std::map<std::string, std::string> annotations;
  if (!target.contains("annotations")) return annotations;
  const Json* object = base::find_object(target, "annotations");
  if (object == nullptr || object->size() > kMaxAnnotations)
    return payload_error("annotations are no object of at most " + std::to_string(kMaxAnnotations) +
                         " members");
  for (const auto& [name, value] : object->items()) {
    if (!value.is_string())
      return payload_error("the annotation '" + base::printable(name, 80) + "' is no text");
    annotations.emplace(name, value.get<std::string>());
  }
  return annotations;
}

}  // namespace

Result<TargetArtifact> parse_payload(std::string_view payload) {
  base::JsonLimits limits;
  limits.max_depth = 16;
  limits.max_values = 5'000;
  const auto root = base::parse_json(payload, limits);
  if (!root) return Error(root.error()).with_context("the signed payload is not usable JSON");
  const Json* target = base::find_object(*root, "targetArtifact");
  if (target == nullptr) return payload_error("it has no object targetArtifact");
  const std::string* media_type = base::find_string(*target, "mediaType");
  const std::string* digest = base::find_string(*target, "digest");
  const auto size = base::find_integer(*target, "size");
  if (media_type == nullptr || digest == nullptr || !size || *size < 0)
    return payload_error("targetArtifact lacks mediaType, digest or size");
  auto annotations = annotations_of(*target);
  if (!annotations) return std::move(annotations).error();
  return TargetArtifact{*media_type, *digest, static_cast<uint64_t>(*size), std::move(*annotations)};
}

}  // namespace gridseal::notation
