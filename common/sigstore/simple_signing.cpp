#include "sigstore/simple_signing.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/json_stream.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr base::JsonStreamLimits kSimpleSigningLimits{
    .max_bytes = kMaxSimpleSigning, .max_depth = 32, .max_values = 20'000, .max_held = size_t{256} << 10U};

Error bad_payload(const std::string& why) {
  return Error::refused("parse.json", "the signed payload is not simple signing: " + why);
}

// Of `optional` only texts are read.
class SimpleSigningFilter final : public base::JsonFilter {
  Keep keep(const base::JsonPath& path, bool container) override {
    return path.size() > 1 && path[0] == "optional" && container ? Keep::no : Keep::yes;
  }
};

// An object with no other members than these.
bool has_only(const Json& object, std::initializer_list<std::string_view> names) {
  if (!object.is_object()) return false;
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::count(names, name) == 0) return false;
  }
  return true;
}

}  // namespace

Result<SimpleSigning> parse_simple_signing(std::string_view payload) {
  SimpleSigningFilter filter;
  base::JsonStream stream(filter, kSimpleSigningLimits);
  stream.feed(payload);
  const auto json = stream.finish();
  if (!json) return json.error();
  if (!has_only(*json, {"critical", "optional"})) return bad_payload("unknown members");
  const Json* critical = base::find_object(*json, "critical");
  if (critical == nullptr || !has_only(*critical, {"identity", "image", "type"}))
    return bad_payload("'critical' is missing or has unknown members");
  const Json* identity = base::find_object(*critical, "identity");
  const Json* image = base::find_object(*critical, "image");
  const std::string* type = base::find_string(*critical, "type");
  if (identity == nullptr || image == nullptr || type == nullptr)
    return bad_payload("'critical' is not complete");
  if (!has_only(*identity, {"docker-reference"}) || !has_only(*image, {"docker-manifest-digest"}))
    return bad_payload("unknown members in 'critical'");
  const std::string* reference = base::find_string(*identity, "docker-reference");
  const std::string* digest = base::find_string(*image, "docker-manifest-digest");
  if (reference == nullptr || digest == nullptr) return bad_payload("reference or digest are missing");
  SimpleSigning claims{*reference, *digest, *type, {}};
  const Json* optional = base::find_member(*json, "optional");
  if (optional == nullptr) return claims;
  if (!optional->is_object()) return bad_payload("'optional' is not an object");
  for (const auto& [name, value] : optional->items()) {
    if (value.is_string()) claims.annotations.emplace(name, value.get_ref<const std::string&>());
  }
  return claims;
}

}  // namespace gridseal::sigstore
