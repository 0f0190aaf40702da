#include "kubesim/normalise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "kubesim/quantity.hpp"
#include "kubesim/typed.hpp"

namespace gridseal::kubesim {

namespace {

Failure unconvertible(const Resource& resource, const Json& object, const std::string& why) {
  const std::string kind =
      (resource.group.empty() ? "/" + resource.version : resource.api_version()) + ", Kind=" + resource.kind;
  return internal_error("failed to convert new object (" + text(object, {"metadata", "namespace"}) + "/" +
                        text(object, {"metadata", "name"}) + "; " + kind +
                        ") to proper version: unable to convert unstructured object to " + kind + ": " + why);
}

// Go leaves out nil maps, nil slices and nil pointers; structures stay even if empty.
void drop_blank(const Type& type, Json& value) {
  if (value.is_array()) {
    for (Json& item : value) {
      if (type.element != nullptr) drop_blank(*type.element, item);
    }
    return;
  }
  if (!value.is_object()) return;
  for (auto it = value.begin(); it != value.end();) {
    const Type* inner = child_type(type, it.key());
    if (inner != nullptr && inner != &type) drop_blank(*inner, *it);
    const bool container = inner != nullptr && inner->shape != Shape::structure &&
                           inner->shape != Shape::deduced && it->is_structured();
    if (it->is_null() && type.shape == Shape::map) *it = "";
    if (it->is_null() || (container && it->empty())) {
      it = value.erase(it);
    } else {
      ++it;
    }
  }
}

const std::set<std::string>& quantity_maps() {
  static const std::set<std::string> kNames = {"limits",   "requests",    "hard", "capacity",
                                               "overhead", "allocatable", "used"};
  return kNames;
}

bool is_limit_range_map(const std::string& key) {
  static const std::set<std::string> kNames = {"min", "max", "default", "defaultRequest",
                                               "maxLimitRequestRatio"};
  return kNames.contains(key);
}

bool is_quantity_field(const std::string& key) {
  return key == "sizeLimit" || key == "divisor" || key == "averageValue";
}

bool canonical(Json& value) {
  if (!value.is_string() && !value.is_number()) return false;
  auto quantity = canonical_quantity(value.is_string() ? value.get<std::string>() : compact(value));
  if (!quantity) return false;
  value = *quantity;
  return true;
}

bool canonical_map(Json& map) {
  if (!map.is_object()) return true;
  return std::all_of(map.begin(), map.end(), [](Json& value) { return canonical(value); });
}

bool canonical_quantities(const Resource& resource, Json& value) {
  if (value.is_array()) {
    return std::all_of(value.begin(), value.end(),
                       [&](Json& item) { return canonical_quantities(resource, item); });
  }
  if (!value.is_object()) return true;
  for (auto& [key, item] : value.items()) {
    const bool map =
        quantity_maps().contains(key) || (resource.plural == "limitranges" && is_limit_range_map(key));
    if (map && item.is_object()) {
      if (!canonical_map(item)) return false;
    } else if (is_quantity_field(key) && !item.is_structured()) {
      if (!canonical(item)) return false;
    } else if (!canonical_quantities(resource, item)) {
      return false;
    }
  }
  return true;
}

// 021: 2.0 counts as 2, numbers beyond 32 bits wrap, 2.5 cannot be converted.
bool whole_numbers(const Type& type, Json& value) {
  if (type.shape == Shape::number && value.is_number_float()) {
    const double number = value.get<double>();
    if (std::floor(number) != number) return false;
    value = static_cast<std::int64_t>(number);
  }
  if (value.is_array() && type.element != nullptr) {
    return std::all_of(value.begin(), value.end(),
                       [&](Json& item) { return whole_numbers(*type.element, item); });
  }
  if (!value.is_object()) return true;
  for (auto& [key, item] : value.items()) {
    const Type* inner = child_type(type, key);
    if (inner != nullptr && inner != &type && !whole_numbers(*inner, item)) return false;
  }
  return true;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode_base64(const std::string& bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::array<unsigned, 3> b{};
    for (std::size_t j = 0; j < 3 && i + j < bytes.size(); ++j)
      b[j] = static_cast<unsigned char>(bytes[i + j]);
    const unsigned word = b[0] << 16U | b[1] << 8U | b[2];
    for (unsigned j = 0; j < 4; ++j) out += i + j <= bytes.size() ? kBase64[word >> (18 - 6 * j) & 63U] : '=';
  }
  return out;
}

// The first byte that is not base64, or npos.
std::size_t base64_error(const std::string& text) {
  std::size_t end = text.size();
  while (end > 0 && text[end - 1] == '=' && text.size() - end < 2) --end;
  for (std::size_t i = 0; i < end; ++i) {
    if (kBase64.find(text[i]) == std::string_view::npos) return i;
  }
  return text.size() % 4 == 0 ? std::string::npos : text.size() - text.size() % 4;
}

Outcome<void> decode_secret(const Resource& resource, Json& object) {
  for (const char* field : {"data", "binaryData"}) {
    if (resource.plural == "configmaps" && std::string(field) == "data") continue;
    const Json* data = find(object, {field});
    if (data == nullptr || !data->is_object()) continue;
    for (const auto& [key, value] : data->items()) {
      if (!value.is_string()) continue;
      const std::size_t at = base64_error(value.get<std::string>());
      if (at != std::string::npos) {
        return tl::unexpected(unconvertible(
            resource, object,
            "error decoding from json: illegal base64 data at input byte " + std::to_string(at)));
      }
    }
  }
  if (resource.plural != "secrets" || !object.contains("stringData")) return {};
  // 131: stringData is written into data and not kept.
  const Json strings = object["stringData"];
  object.erase("stringData");
  if (!strings.is_object()) return {};
  for (const auto& [key, value] : strings.items()) {
    if (value.is_string()) make(object, {"data"})[key] = encode_base64(value.get<std::string>());
  }
  return {};
}

}  // namespace

Outcome<void> normalise(const Resource& resource, Json& object) {
  if (resource.custom) return {};
  // 021: a 32-bit field keeps the low half of a larger number.
  if (Json* spec = object.contains("spec") ? &object["spec"] : nullptr;
      spec != nullptr && spec->is_object() && spec->contains("replicas")) {
    Json& replicas = (*spec)["replicas"];
    if (replicas.is_number_integer()) replicas = static_cast<std::int32_t>(replicas.get<std::int64_t>());
  }
  if (!whole_numbers(*resource.type, object))
    return tl::unexpected(unconvertible(resource, object, "cannot convert float64 to int32"));
  drop_blank(*resource.type, object);
  const bool has_quantities = resource.plural != "configmaps" && resource.plural != "secrets";
  if (has_quantities) {
    for (auto& [key, part] : object.items()) {
      if (key != "metadata" && !canonical_quantities(resource, part)) {
        return tl::unexpected(unconvertible(
            resource, object,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
      }
    }
    return {};
  }
  return decode_secret(resource, object);
}

bool has_generation(const Resource& resource) {
  if (resource.custom) return true;
  static const std::set<std::string> kWith = {"deployments",
                                              "replicasets",
                                              "statefulsets",
                                              "daemonsets",
                                              "jobs",
                                              "cronjobs",
                                              "pods",
                                              "ingresses",
                                              "ingressclasses",
                                              "networkpolicies",
                                              "poddisruptionbudgets",
                                              "customresourcedefinitions",
                                              "priorityclasses",
                                              "validatingwebhookconfigurations",
                                              "mutatingwebhookconfigurations",
                                              "validatingadmissionpolicies",
                                              "validatingadmissionpolicybindings",
                                              "endpointslices",
                                              "replicationcontrollers",
                                              "mutatingadmissionpolicies",
                                              "mutatingadmissionpolicybindings",
                                              "flowschemas",
                                              "prioritylevelconfigurations"};
  return kWith.contains(resource.plural);
}

Json initial_status(const Resource& resource) {
  if (resource.custom) return nullptr;
  const std::string& plural = resource.plural;
  if (plural == "deployments" || plural == "jobs" || plural == "cronjobs" || plural == "resourcequotas")
    return Json::object();
  if (plural == "replicasets") return {{"replicas", 0}};
  if (plural == "statefulsets") return {{"replicas", 0}, {"availableReplicas", 0}};
  if (plural == "daemonsets") {
    return {{"currentNumberScheduled", 0},
            {"numberMisscheduled", 0},
            {"desiredNumberScheduled", 0},
            {"numberReady", 0}};
  }
  if (plural == "services" || plural == "ingresses") return {{"loadBalancer", Json::object()}};
  if (plural == "poddisruptionbudgets") {
    return {{"disruptionsAllowed", 0}, {"currentHealthy", 0}, {"desiredHealthy", 0}, {"expectedPods", 0}};
  }
  if (plural == "horizontalpodautoscalers") return {{"desiredReplicas", 0}, {"currentMetrics", nullptr}};
  if (plural == "persistentvolumeclaims") return {{"phase", "Pending"}};
  if (plural == "persistentvolumes") return {{"phase", "Pending"}};
  if (plural == "namespaces") return {{"phase", "Active"}};
  if (plural == "apiservices") return Json::object();
  if (plural == "customresourcedefinitions") {
    return {{"conditions", nullptr},
            {"acceptedNames", {{"plural", ""}, {"kind", ""}}},
            {"storedVersions", nullptr}};
  }
  return nullptr;
}

}  // namespace gridseal::kubesim
