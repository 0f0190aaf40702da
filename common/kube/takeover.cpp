#include "kube/takeover.hpp"

#include <utility>

#include "kube/client.hpp"
#include "kube/fields.hpp"
#include "kube/ownership.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

constexpr const char* kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool is_left_over(const Json& entry) {
  const std::string manager = text_at(entry, {"manager"});
  return text_at(entry, {"operation"}) == "Update" && text_at(entry, {"subresource"}).empty() &&
         (manager.starts_with("kubectl") || manager == "before-first-apply" || manager == kFieldManager);
}

// Owning the map of labels or annotations itself ("." or an empty set) would remove what others put into it.
void disown_map(Json& metadata, const char* map) {
  const auto it = metadata.find(map);
  if (it == metadata.end() || !it->is_object()) return;
  it->erase(".");
  it->erase(std::string("f:") + kLastApplied);
  if (it->empty()) metadata.erase(it);
}

void clean(Json& fields) {
  const auto metadata = fields.find("f:metadata");
  if (metadata == fields.end() || !metadata->is_object()) return;
  disown_map(*metadata, "f:annotations");
  disown_map(*metadata, "f:labels");
  if (metadata->empty()) fields.erase(metadata);
}

// False when there is nothing to merge. An entry of another API version describes other paths and is left
// alone.
bool merge_entries(Json& entries) {
  Json* ours = nullptr;
  for (Json& entry : entries)
    if (is_own_apply(entry)) ours = &entry;
  if (ours == nullptr) {
    for (Json& entry : entries) {
      if (!is_left_over(entry)) continue;
      entry["manager"] = kFieldManager;
      entry["operation"] = "Apply";
      ours = &entry;
      break;
    }
    if (ours == nullptr) return false;
    clean((*ours)["fieldsV1"]);
    merge_entries(entries);
    return true;
  }
  const std::string version = text_at(*ours, {"apiVersion"});
  Json merged = Json::object();
  if (const Json* fields = base::find_object(*ours, "fieldsV1"); fields != nullptr) merged = *fields;
  Json kept = Json::array();
  for (const Json& entry : entries) {
    if (is_left_over(entry) && text_at(entry, {"apiVersion"}) == version) {
      if (const Json* fields = base::find_object(entry, "fieldsV1"); fields != nullptr)
        unite_fields(merged, *fields);
    } else {
      kept.push_back(entry);
    }
  }
  if (kept.size() == entries.size()) return false;
  clean(merged);
  for (Json& entry : kept)
    if (is_own_apply(entry)) entry["fieldsV1"] = merged;
  entries = std::move(kept);
  return true;
}

}  // namespace

void unite_fields(Json& into, const Json& other) {
  if (!into.is_object() || !other.is_object()) return;
  for (const auto& [path, set] : other.items()) {
    const auto it = into.find(path);
    if (it == into.end()) {
      into[path] = set;
    } else {
      unite_fields(*it, set);
    }
  }
}

std::optional<Json> takeover_patch(const Json& live) {
  const Json* metadata = base::find_object(live, "metadata");
  const Json* managed = metadata == nullptr ? nullptr : base::find_array(*metadata, "managedFields");
  const std::string version = metadata == nullptr ? std::string() : text_at(*metadata, {"resourceVersion"});
  if (managed == nullptr || version.empty()) return std::nullopt;
  for (const Json& entry : *managed)
    if (!entry.is_object()) return std::nullopt;
  Json entries = *managed;
  if (!merge_entries(entries)) return std::nullopt;

  Json patch = Json::array();
  patch.push_back({{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", version}});
  patch.push_back({{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(entries)}});
  const Json* annotations = base::find_object(*metadata, "annotations");
  if (annotations != nullptr && annotations->contains(kLastApplied)) {
    patch.push_back({{"op", "remove"},
                     {"path", "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"}});
  }
  return patch;
}

}  // namespace gridseal::kube
