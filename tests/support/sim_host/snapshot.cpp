#include "support/sim_host/snapshot.hpp"

#include <algorithm>

namespace gridseal::test {
namespace {

using kubesim::Json;

// Who owns what of the object itself; status is the controllers' own affair.
Json owners_of(const Json& object) {
  Json owners = Json::object();
  const Json* entries = kubesim::find(object, {"metadata", "managedFields"});
  if (entries == nullptr || !entries->is_array()) return owners;
  for (const Json& entry : *entries) {
    if (!kubesim::text(entry, {"subresource"}).empty()) continue;
    const std::string who = kubesim::text(entry, {"manager"}) + " " + kubesim::text(entry, {"operation"});
    // The revision that the Deployment controller counts.
    if (who.starts_with("kube-controller-manager")) continue;
    if (const Json* fields = kubesim::find(entry, {"fieldsV1"})) owners[who].update(*fields, true);
  }
  return owners;
}

Json comparable(Json object) {
  Json owners = owners_of(object);
  Json& metadata = object["metadata"];
  for (const char* field : {"resourceVersion", "uid", "generation", "creationTimestamp", "managedFields"})
    metadata.erase(field);
  if (metadata.contains("deletionTimestamp")) metadata["deletionTimestamp"] = "set";
  if (metadata.contains("annotations")) {
    metadata["annotations"].erase("deployment.kubernetes.io/revision");
    metadata["annotations"].erase("deprecated.daemonset.template.generation");
    if (metadata["annotations"].empty()) metadata.erase("annotations");
  }
  object.erase("status");
  if (!owners.empty()) object["owners"] = std::move(owners);
  return object;
}

// Most objects of a cluster never change: what was made of one is kept, and the object with it.
struct Kept {
  kubesim::ObjectPtr object;
  std::shared_ptr<const Json> comparable;
};

std::shared_ptr<const Json> comparable_of(const kubesim::ObjectPtr& object) {
  static std::map<const Json*, Kept> cache;
  if (cache.size() > 5000) cache.clear();
  Kept& kept = cache[object.get()];
  if (!kept.comparable) kept = {object, std::make_shared<const Json>(comparable(*object))};
  return kept.comparable;
}

const std::string& text_of_object(const std::shared_ptr<const Json>& object) {
  static std::map<const Json*, std::pair<std::shared_ptr<const Json>, std::string>> cache;
  if (cache.size() > 5000) cache.clear();
  auto& kept = cache[object.get()];
  if (!kept.first) kept = {object, object->dump()};
  return kept.second;
}

const Json* controller_of(const Json& object) {
  const Json* owners = kubesim::find(object, {"metadata", "ownerReferences"});
  return owners == nullptr || owners->empty() ? nullptr : &owners->front();
}

// What a controller made anew is the same but for its name and what is derived from it.
Json comparable_dependent(const Json& object) {
  Json out = Json::object();
  out["labels"] = object["metadata"].value("labels", Json::object());
  for (const char* label : {"controller-uid", "job-name", "batch.kubernetes.io/controller-uid",
                            "pod-template-generation", "controller-revision-hash"})
    out["labels"].erase(label);
  out["spec"] = object.value("spec", Json::object());
  if (out["spec"].is_object()) {
    for (const char* field : {"hostname", "volumes", "selector"}) out["spec"].erase(field);
    if (out["spec"].contains("containers")) {
      for (Json& container : out["spec"]["containers"]) container.erase("volumeMounts");
    }
  }
  out["ready"] = kubesim::pod_ready(object);
  out["phase"] = kubesim::text(object, {"status", "phase"});
  out["dying"] = kubesim::dying(object);
  return out;
}

bool is_history(const std::string& storage, const Json& object) {
  return (storage == "replicasets.apps" && kubesim::number(object, {"spec", "replicas"}) == 0) ||
         storage == "controllerrevisions.apps";
}

void compare(const std::string& where, const Json& before, const Json& after,
             std::vector<std::string>& found) {
  if (before == after) return;
  if (!before.is_object() || !after.is_object()) {
    found.push_back(where + ": was " + before.dump() + ", is " + after.dump());
    return;
  }
  for (const auto& [key, value] : before.items()) {
    const auto it = after.find(key);
    if (it == after.end())
      found.push_back(where + "/" + key + ": is gone, was " + value.dump());
    else
      compare(where + "/" + key, value, *it, found);
  }
  for (const auto& [key, value] : after.items())
    if (!before.contains(key)) found.push_back(where + "/" + key + ": is new, " + value.dump());
}

}  // namespace

Snapshot snapshot(kubesim::LocalCluster& local) {
  kubesim::Cluster& cluster = local.cluster();
  const std::scoped_lock lock(cluster.mutex);
  Snapshot out;
  std::map<std::string, Json> made;
  for (const std::string& storage : cluster.store.storages()) {
    if (storage == "events" || storage == "nodes." || storage == "endpoints.") continue;
    for (const auto& object : cluster.store.list(storage)) {
      if (is_history(storage, *object)) continue;
      const std::string place = storage + " " + kubesim::text(*object, {"metadata", "namespace"}) + "/";
      if (const Json* owner = controller_of(*object)) {
        made[place + "of " + kubesim::text(*owner, {"kind"}) + " " + kubesim::text(*owner, {"name"})]
            .push_back(comparable_dependent(*object));
      } else {
        out[place + kubesim::text(*object, {"metadata", "name"})] = comparable_of(object);
      }
    }
  }
  for (auto& [key, list] : made) {
    auto& items = list.get_ref<Json::array_t&>();
    std::sort(items.begin(), items.end(), [](const Json& a, const Json& b) { return a.dump() < b.dump(); });
    out[key] = std::make_shared<const Json>(std::move(list));
  }
  return out;
}

std::string text_of(const Snapshot& snapshot) {
  std::string out;
  for (const auto& [key, object] : snapshot)
    out.append(key).append(" ").append(text_of_object(object)).append("\n");
  return out;
}

std::vector<std::string> differences(const Snapshot& before, const Snapshot& after) {
  std::vector<std::string> found;
  for (const auto& [key, object] : before) {
    const auto it = after.find(key);
    if (it == after.end())
      found.push_back(key + " is gone");
    else if (object != it->second)
      compare(key, *object, *it->second, found);
  }
  for (const auto& [key, object] : after)
    if (!before.contains(key)) found.push_back(key + " is new");
  return found;
}

}  // namespace gridseal::test
