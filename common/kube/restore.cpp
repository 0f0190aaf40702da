#include "kube/restore.hpp"

#include <utility>

#include "kube/fields.hpp"
#include "kube/takeover.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;

constexpr int kAttempts = 5;

Json copy_of_entries(const Json& object) {
  const Json* entries = field_at(object, {"metadata", "managedFields"});
  return entries != nullptr && entries->is_array() ? *entries : Json::array();
}

bool is_under_our_name(const Json& entry) {
  return text_at(entry, {"manager"}) == kFieldManager && text_at(entry, {"subresource"}).empty();
}

bool same_owner(const Json& a, const Json& b) {
  for (const char* field : {"manager", "operation", "apiVersion", "subresource"})
    if (text_at(a, {field}) != text_at(b, {field})) return false;
  return true;
}

Result<void> give_back(Cluster& cluster, const manifest::ObjectKey& key, const Json& image,
                       const Limits& limits) {
  auto path = cluster.path_for(key, limits);
  if (!path) return std::move(path).error();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto live = cluster.client().get(*path, limits);
    if (!live) return std::move(live).error().error;
    Json owners = owners_given_back(*live, image);
    if (owners == copy_of_entries(*live)) return {};
    // One empty entry is the word for "nobody" (Kubernetes, server-side apply, "Clearing managedFields").
    if (owners.empty()) owners.push_back(Json::object());
    const Json patch =
        Json::array({{{"op", "replace"},
                      {"path", "/metadata/resourceVersion"},
                      {"value", text_at(*live, {"metadata", "resourceVersion"})}},
                     {{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(owners)}}});
    auto patched = cluster.client().patch(*path, PatchKind::json, patch, {}, limits);
    if (patched) return {};
    if (patched.error().status != 409 && patched.error().status != 422)
      return std::move(patched).error().error;
  }
  return Error::blocked("kube.conflict",
                        key.describe() + " changes all the time: its fields could not be given back");
}

}  // namespace

Json owned_preimage(Json live) {
  Json entries = copy_of_entries(live);
  Json image = preimage(std::move(live));
  if (!entries.empty()) image["metadata"]["managedFields"] = std::move(entries);
  return image;
}

Json owners_given_back(const Json& live, const Json& image) {
  Json owners = Json::array();
  for (const Json& entry : copy_of_entries(live)) {
    if (!is_under_our_name(entry)) owners.push_back(entry);
  }
  for (const Json& entry : copy_of_entries(image)) {
    if (!text_at(entry, {"subresource"}).empty()) continue;  // status is what it is now
    Json* present = nullptr;
    for (Json& owner : owners)
      if (same_owner(owner, entry)) present = &owner;
    if (present == nullptr) {
      owners.push_back(entry);
    } else if (const Json* fields = base::find_object(entry, "fieldsV1"); fields != nullptr) {
      unite_fields((*present)["fieldsV1"], *fields);
    }
  }
  return owners;
}

Result<ApplyResult> restore_object(Cluster& cluster, const Json& image, const Limits& limits,
                                   const ApplyRules& rules) {
  auto applied = put_back_object(cluster, preimage(image), limits, rules);
  if (!applied || applied->action == Action::skip || copy_of_entries(image).empty()) return applied;
  if (auto given = give_back(cluster, applied->key, image, limits); !given) return std::move(given).error();
  return applied;
}

}  // namespace gridseal::kube
