// 111: custom resources against their structural schema. Rules in CEL are not evaluated.
#include <algorithm>

#include "kubesim/typed.hpp"
#include "kubesim/validation.hpp"

namespace gridseal::kubesim {

namespace {

using Causes = std::vector<Cause>;

std::string go_type(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  return value.is_array() ? "array" : "object";
}

Cause wrong(const std::string& field, const Json& value, const std::string& why) {
  return {"FieldValueInvalid", field, "Invalid value: " + compact(value) + ": " + why};
}

bool type_fits(const Json& schema, const Json& value) {
  const std::string type = text(schema, {"type"});
  if (type.empty() || flag(schema, {"x-kubernetes-int-or-string"})) return true;
  if (value.is_null()) return flag(schema, {"nullable"});
  const std::string is = go_type(value);
  return is == type || (type == "number" && is == "integer");
}

void check(const Json& schema, const Json& value, const std::string& field, Causes& out);

void check_properties(const Json& schema, const Json& value, const std::string& field, Causes& out) {
  if (const Json* names = find(schema, {"required"}); names != nullptr) {
    for (const Json& name : *names) {
      if (value.contains(name.get<std::string>())) continue;
      out.push_back({"FieldValueRequired", (field.empty() ? "" : field + ".") + name.get<std::string>(),
                     "Required value"});
    }
  }
  const Json* properties = find(schema, {"properties"});
  const Json* additional = find(schema, {"additionalProperties"});
  for (const auto& [key, item] : value.items()) {
    const std::string at = (field.empty() ? "" : field + ".") + key;
    if (field.empty() && (key == "metadata" || key == "apiVersion" || key == "kind")) continue;
    if (properties != nullptr && properties->contains(key)) {
      check((*properties)[key], item, at, out);
    } else if (additional != nullptr && additional->is_object()) {
      check(*additional, item, at, out);
    }
  }
}

void check_bounds(const Json& schema, const Json& value, const std::string& field, Causes& out) {
  if (value.is_number()) {
    const double held = value.get<double>();
    if (schema.contains("minimum") && held < schema["minimum"].get<double>()) {
      out.push_back(wrong(
          field, value, field + " in body should be greater than or equal to " + compact(schema["minimum"])));
    }
    if (schema.contains("maximum") && held > schema["maximum"].get<double>()) {
      out.push_back(wrong(field, value,
                          field + " in body should be less than or equal to " + compact(schema["maximum"])));
    }
  }
  if (!value.is_string()) return;
  const std::int64_t size = static_cast<std::int64_t>(value.get_ref<const std::string&>().size());
  const std::int64_t limit = number(schema, {"maxLength"}, size);
  if (size > limit) {
    out.push_back(
        {"FieldValueTooLong", field, "Too long: may not be more than " + std::to_string(limit) + " bytes"});
  }
  if (text(schema, {"format"}) == "date-time" &&
      (size < 20 || value.get_ref<const std::string&>()[4] != '-')) {
    out.push_back(wrong(field, value, field + " in body must be of type date-time: " + compact(value)));
  }
}

void check(const Json& schema, const Json& value, const std::string& field, Causes& out) {
  if (!type_fits(schema, value)) {
    out.push_back(
        wrong(field, go_type(value),
              field + " in body must be of type " + text(schema, {"type"}) + ": \"" + go_type(value) + "\""));
    return;
  }
  if (const Json* allowed = find(schema, {"enum"}); allowed != nullptr) {
    if (std::find(allowed->begin(), allowed->end(), value) == allowed->end()) {
      std::string names;
      for (const Json& name : *allowed) names += (names.empty() ? "" : ", ") + compact(name);
      out.push_back({"FieldValueNotSupported", field,
                     "Unsupported value: " + compact(value) + ": supported values: " + names});
    }
  }
  check_bounds(schema, value, field, out);
  if (value.is_object()) check_properties(schema, value, field, out);
  if (value.is_array() && schema.contains("items")) {
    std::size_t index = 0;
    for (const Json& item : value)
      check(schema["items"], item, field + "[" + std::to_string(index++) + "]", out);
  }
}

void prune(const Type& type, Json& value, const std::string& path, std::vector<std::string>& out) {
  if (value.is_array() && type.element != nullptr) {
    std::size_t index = 0;
    for (Json& item : value) prune(*type.element, item, path + "[" + std::to_string(index++) + "]", out);
  }
  if (!value.is_object()) return;
  for (auto it = value.begin(); it != value.end();) {
    const Type* inner = child_type(type, it.key());
    const std::string at = (path.empty() ? "" : path + ".") + it.key();
    if (inner == nullptr) {
      out.push_back(at);
      it = value.erase(it);
      continue;
    }
    if (inner != &type) prune(*inner, *it, at, out);
    ++it;
  }
}

}  // namespace

Causes validate_custom(const Resource& resource, const Json& object) {
  Causes out;
  const Json* schema = find(resource.definition, {"schema", "openAPIV3Schema"});
  if (schema == nullptr) return out;
  check(*schema, object, "", out);
  const bool has_rules = compact(*schema).find("x-kubernetes-validations") != std::string::npos;
  if (!out.empty() && has_rules) {
    out.push_back({"FieldValueInvalid", "<nil>",
                   "Invalid value: null: some validation rules were not checked because the object was "
                   "invalid; correct the existing errors "
                   "to complete validation"});
  }
  return out;
}

std::vector<std::string> prune_unknown(const Resource& resource, Json& object) {
  std::vector<std::string> out;
  prune(*resource.type, object, "", out);
  return out;
}

}  // namespace gridseal::kubesim
