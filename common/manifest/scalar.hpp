// What a YAML scalar means to Kubernetes (dependencies on tag, spelling and style): the resolver of the
// strict reader, by itself.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace gridseal::manifest {

using base::Json;

// `tag` is the full tag ("tag:yaml.org,2002:int"), empty when the scalar has none and is plain.
// Infinity and NaN come back as floats: they may be keys, never values.
// Error (refused): manifest.yaml, without place.
base::Result<Json> resolve_scalar(std::string_view tag, std::string_view text);

// A float without fraction becomes an integer, as Kubernetes prints it (1e3 is 1000).
Json as_value(Json value);

// The text of a key. Errors (refused): manifest.yaml (null, a sequence or a map as key).
base::Result<std::string> key_text(const Json& key);

inline constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
inline constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";

}  // namespace gridseal::manifest
