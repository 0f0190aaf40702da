#include "manifest/object.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace gridseal::manifest {
namespace {

constexpr size_t kMaxName = 253;  // RFC 1123 section 2.1

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// RFC 1123 subdomain: labels of lower-case letters, digits and '-', joined by '.'.
bool is_subdomain(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  char before = '.';
  for (const char c : name) {
    const bool edge = before == '.' || before == '-';
    if (c == '.' ? edge : c == '-' ? before == '.' : !is_label_character(c)) return false;
    before = c;
  }
  return is_label_character(before);
}

// What Kubernetes accepts in a URL path ("path segment name"); RBAC names hold colons.
bool is_path_segment(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || name == "." || name == "..") return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || c == '%' || byte <= 0x20 || byte == 0x7f;
  });
}

bool is_label(std::string_view name) {
  return name.size() <= 63 && is_subdomain(name) && name.find('.') == std::string_view::npos;
}

bool is_kind(std::string_view kind) {
  return !kind.empty() && kind.size() <= 63 && kind.front() >= 'A' && kind.front() <= 'Z' &&
         std::all_of(kind.begin(), kind.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

// Groups that every Kubernetes serves and whose kinds follow the common rule for names; RBAC does not, and
// what a custom kind accepts only its definition knows.
bool has_subdomain_names(std::string_view group) {
  static constexpr std::array<std::string_view, 8> kGroups = {"",
                                                              "apps",
                                                              "batch",
                                                              "autoscaling",
                                                              "policy",
                                                              "networking.k8s.io",
                                                              "storage.k8s.io",
                                                              "scheduling.k8s.io"};
  return std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
}

bool is_string_map(const Json& value) {
  return value.is_object() &&
         std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); });
}

base::Error not_an_object(const Origin& origin, const std::string& why) {
  return base::Error::refused("manifest.not_an_object",
                              origin.describe() + " is not a Kubernetes object: " + why);
}

base::Result<void> split_api_version(std::string_view text, ObjectKey& key, const Origin& origin) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) key.group = text.substr(0, slash);
  key.version = slash == std::string_view::npos ? text : text.substr(slash + 1);
  const bool valid = is_label(key.version) && (slash == std::string_view::npos || is_subdomain(key.group));
  if (!valid) return not_an_object(origin, "apiVersion \"" + base::printable(text, 80) + "\" is not valid");
  return {};
}

base::Result<void> check_metadata(const Json& metadata, const Origin& origin) {
  for (const char* name : {"labels", "annotations"}) {
    const auto found = metadata.find(name);
    if (found != metadata.end() && !found->is_null() && !is_string_map(*found))
      return not_an_object(origin, std::string("metadata.") + name + " must be a map of strings");
  }
  return {};
}

base::Result<void> take_names(const Json& metadata, ObjectKey& key, const Origin& origin) {
  const auto* name = base::find_string(metadata, "name");
  if (name == nullptr || name->empty()) {
    const bool generated = base::find_string(metadata, "generateName") != nullptr;
    return not_an_object(origin, generated ? "generateName gives a new object at every apply; name it"
                                           : "metadata.name is missing");
  }
  const bool valid = has_subdomain_names(key.group) ? is_subdomain(*name) : is_path_segment(*name);
  if (!valid) return not_an_object(origin, "the name \"" + base::printable(*name, 80) + "\" is not valid");
  key.name = *name;
  const auto space = metadata.find("namespace");
  if (space == metadata.end() || space->is_null()) return {};
  if (!space->is_string()) return not_an_object(origin, "metadata.namespace must be a string");
  key.namespace_ = space->get<std::string>();
  if (!key.namespace_.empty() && !is_label(key.namespace_))
    return not_an_object(origin,
                         "the namespace \"" + base::printable(key.namespace_, 80) + "\" is not valid");
  return {};
}

}  // namespace

bool is_list(const Json& document) {
  const auto* kind = base::find_string(document, "kind");
  if (kind == nullptr || kind->size() < 4 || kind->substr(kind->size() - 4) != "List") return false;
  return *kind == "List" || document.contains("items");
}

std::strong_ordering operator<=>(const ObjectKey& a, const ObjectKey& b) {
  if (const auto c = a.group <=> b.group; std::is_neq(c)) return c;
  if (const auto c = a.kind <=> b.kind; std::is_neq(c)) return c;
  if (const auto c = a.namespace_ <=> b.namespace_; std::is_neq(c)) return c;
  return a.name <=> b.name;
}

std::string ObjectKey::describe() const {
  std::string out = kind;
  if (!builtin_scope(group, kind)) out += "." + group;
  out += " ";
  if (!namespace_.empty()) out += namespace_ + "/";
  return out + name;
}

std::string Origin::describe() const {
  const std::string name = file.empty() ? "the manifest" : base::printable(file);
  return document == 0 ? name : name + ", document " + std::to_string(document);
}

base::Result<Object> Object::from_json(Json body, Origin origin) {
  if (!body.is_object()) return not_an_object(origin, "it is not a map");
  const auto* api_version = base::find_string(body, "apiVersion");
  const auto* kind = base::find_string(body, "kind");
  if (api_version == nullptr || api_version->empty()) return not_an_object(origin, "apiVersion is missing");
  if (kind == nullptr || !is_kind(*kind)) return not_an_object(origin, "kind is missing or not valid");
  const auto* metadata = base::find_object(body, "metadata");
  if (metadata == nullptr) return not_an_object(origin, "metadata is missing");
  ObjectKey key;
  key.kind = *kind;
  if (auto split = split_api_version(*api_version, key, origin); !split) return std::move(split).error();
  if (auto named = take_names(*metadata, key, origin); !named) return std::move(named).error();
  if (auto checked = check_metadata(*metadata, origin); !checked) return std::move(checked).error();
  return Object{std::move(key), std::move(body), std::move(origin)};
}

base::Result<std::vector<Object>> Object::from_document(Json document, const Origin& origin) {
  std::vector<Object> out;
  if (document.is_null()) return out;
  std::vector<Json> bodies;
  if (is_list(document)) {
    const auto items = document.find("items");
    const bool none = items == document.end() || items->is_null();
    if (!none && !items->is_array()) return not_an_object(origin, "items of a list must be a sequence");
    if (!none)
      for (auto& item : *items) bodies.push_back(std::move(item));
  } else {
    bodies.push_back(std::move(document));
  }
  for (auto& body : bodies) {
    if (is_list(body)) return not_an_object(origin, "a list inside a list");
    auto object = from_json(std::move(body), origin);
    if (!object) return std::move(object).error();
    out.push_back(std::move(*object));
  }
  return out;
}

void set_namespace(Object& object, std::string_view target, const ScopeLookup& lookup) {
  const auto scope =
      lookup ? lookup(object.key.group, object.key.kind) : builtin_scope(object.key.group, object.key.kind);
  if (!scope) return;
  Json& metadata = object.body["metadata"];
  if (*scope == Scope::cluster) {
    object.key.namespace_.clear();
    metadata.erase("namespace");
    return;
  }
  if (!target.empty()) object.key.namespace_ = target;
  if (object.key.namespace_.empty()) object.key.namespace_ = "default";
  metadata["namespace"] = object.key.namespace_;
}

std::optional<std::string> annotation(const Json& body, std::string_view name) {
  const auto* metadata = base::find_object(body, "metadata");
  const auto* annotations = metadata == nullptr ? nullptr : base::find_object(*metadata, "annotations");
  const auto* value = annotations == nullptr ? nullptr : base::find_string(*annotations, name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(*value);
}

}  // namespace gridseal::manifest
