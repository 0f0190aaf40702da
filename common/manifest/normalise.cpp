#include "manifest/normalise.hpp"

#include "base/encoding.hpp"
#include "manifest/images.hpp"
#include "manifest/pods.hpp"

namespace gridseal::manifest {
namespace {

void drop_null_creation(Json& body) {
  const auto metadata = body.find("metadata");
  if (metadata == body.end() || !metadata->is_object()) return;
  const auto created = metadata->find("creationTimestamp");
  if (created != metadata->end() && created->is_null()) metadata->erase(created);
}

void drop_server_fields(Object& object) {
  Json& metadata = object.body["metadata"];
  for (const char* name :
       {"uid", "resourceVersion", "generation", "managedFields", "selfLink", "creationTimestamp"})
    metadata.erase(name);
  if (object.key.kind != "CustomResourceDefinition") object.body.erase("status");
}

base::Result<void> encode_string_data(Object& object) {
  const auto plain = object.body.find("stringData");
  if (plain == object.body.end()) return {};
  const auto refuse = [&](const char* name) {
    return base::Error::refused("manifest.not_an_object", object.key.describe() + " in " +
                                                              object.origin.describe() + ": " + name +
                                                              " must be a map of strings");
  };
  if (!plain->is_null() && !plain->is_object()) return refuse("stringData");
  Json& data = object.body["data"];
  if (data.is_null()) data = Json::object();
  if (!data.is_object()) return refuse("data");
  if (plain->is_object()) {
    for (const auto& [name, value] : plain->items()) {
      if (!value.is_string()) return refuse("stringData");
      data[name] = base::encode_base64(value.get_ref<const std::string&>());
    }
  }
  object.body.erase("stringData");
  return {};
}

void default_protocol(Json& owner) {
  if (!owner.is_object()) return;
  const auto ports = owner.find("ports");
  if (ports == owner.end() || !ports->is_array()) return;
  for (auto& port : *ports) {
    if (!port.is_object()) continue;
    Json& protocol = port["protocol"];
    const bool blank = protocol.is_string() && protocol.get_ref<const std::string&>().empty();
    if (protocol.is_null() || blank) protocol = "TCP";
  }
}

void normalise_pod_spec(Json& spec) {
  for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
    const auto found = spec.find(list);
    if (found == spec.end() || !found->is_array()) continue;
    for (auto& container : *found) default_protocol(container);
  }
}

}  // namespace

base::Result<void> normalise(Object& object) {
  drop_server_fields(object);
  if (object.key.group.empty() && object.key.kind == "Secret")
    if (auto encoded = encode_string_data(object); !encoded) return encoded;
  if (object.key.group.empty() && object.key.kind == "Service")
    if (const auto spec = object.body.find("spec"); spec != object.body.end()) default_protocol(*spec);
  if (Json* spec = find_pod_spec(object)) normalise_pod_spec(*spec);
  for (const auto& path : template_paths(object.key)) {
    const Json::json_pointer pointer(path);
    if (object.body.contains(pointer)) drop_null_creation(object.body[pointer]);
  }
  return {};
}

void set_metadata(Object& object, const std::map<std::string, std::string>& labels,
                  const std::map<std::string, std::string>& annotations) {
  const auto put = [&object](const char* name, const std::map<std::string, std::string>& values) {
    if (values.empty()) return;
    Json& map = object.body["metadata"][name];
    if (!map.is_object()) map = Json::object();
    for (const auto& [key, value] : values) map[key] = value;
  };
  put("labels", labels);
  put("annotations", annotations);
}

void set_owner_label(Object& object, std::string_view component) {
  Json& labels = object.body["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  labels[kComponentLabel] = component;
}

std::string owner_of(const Json& body) {
  const auto* metadata = base::find_object(body, "metadata");
  const auto* labels = metadata == nullptr ? nullptr : base::find_object(*metadata, "labels");
  const auto* owner = labels == nullptr ? nullptr : base::find_string(*labels, kComponentLabel);
  return owner == nullptr ? std::string() : *owner;
}

}  // namespace gridseal::manifest
