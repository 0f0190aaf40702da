// 100: dependents go with their owner; foreground deletion waits for them.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

bool owns(const Json& object, const std::string& uid, bool blocking_only) {
  const Json* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return false;
  return std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
    return text(owner, {"uid"}) == uid && (!blocking_only || flag(owner, {"blockOwnerDeletion"}));
  });
}

bool owner_exists(Engine& engine, const Json& owner, const std::string& ns) {
  const auto type = engine.cluster().catalog.by_kind(text(owner, {"apiVersion"}), text(owner, {"kind"}));
  if (type == nullptr) return false;
  const ObjectPtr found =
      engine.cluster().store.get(type->storage(), type->namespaced ? ns : "", text(owner, {"name"}));
  return found != nullptr && text(*found, {"metadata", "uid"}) == text(owner, {"uid"});
}

using Visitor = std::function<void(const Resource&, const ObjectPtr&)>;

void visit(Engine& engine, const std::string& ns, const Visitor& visitor) {
  std::set<std::string> seen;
  for (const auto& resource : engine.cluster().catalog.all()) {
    if (resource->plural == "events" || !seen.insert(resource->storage()).second) continue;
    for (const ObjectPtr& object :
         engine.cluster().store.list(resource->storage(), resource->namespaced ? ns : ""))
      visitor(*resource, object);
  }
}

void collect_dependents(Engine& engine, const Json& gone) {
  const std::string uid = text(gone, {"metadata", "uid"});
  visit(engine, text(gone, {"metadata", "namespace"}),
        [&](const Resource& resource, const ObjectPtr& object) {
          if (!owns(*object, uid, false)) return;
          const Json& owners = (*object)["metadata"]["ownerReferences"];
          const std::string ns = text(*object, {"metadata", "namespace"});
          const bool other = std::any_of(owners.begin(), owners.end(),
                                         [&](const Json& owner) { return owner_exists(engine, owner, ns); });
          if (!other)
            (void)delete_object(engine.cluster(), resource, *object, {"Background", -1, "", "", false});
        });
}

bool waits_for_dependents(const Json& object) {
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  return dying(object) && finalizers != nullptr &&
         std::find(finalizers->begin(), finalizers->end(), "foregroundDeletion") != finalizers->end();
}

// 100: orphaned dependents stay without an owner; then the object goes.
bool orphan(Engine& engine, const Resource& resource, const Json& object) {
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  if (!dying(object) || finalizers == nullptr ||
      std::find(finalizers->begin(), finalizers->end(), "orphan") == finalizers->end())
    return false;
  orphan_dependents(engine.cluster(), text(object, {"metadata", "uid"}));
  if (finalizers->size() == 1) {
    engine.cluster().remove(resource, text(object, {"metadata", "namespace"}),
                            text(object, {"metadata", "name"}));
    return true;
  }
  Json after = object;
  Json& left = after["metadata"]["finalizers"];
  left.erase(std::remove(left.begin(), left.end(), "orphan"), left.end());
  engine.cluster().put(resource, std::move(after));
  return true;
}

void foreground(Engine& engine, const Resource& resource, const Json& object) {
  if (!waits_for_dependents(object)) return;
  const std::string uid = text(object, {"metadata", "uid"});
  bool blocked = false;
  visit(engine, text(object, {"metadata", "namespace"}),
        [&](const Resource& kind, const ObjectPtr& dependent) {
          if (!owns(*dependent, uid, false)) return;
          blocked = blocked || owns(*dependent, uid, true);
          if (!dying(*dependent))
            (void)delete_object(engine.cluster(), kind, *dependent, {"Foreground", -1, "", "", false});
        });
  if (blocked) {
    engine.wake(resource, object, Millis(100));
    return;
  }
  Json after = object;
  Json& finalizers = after["metadata"]["finalizers"];
  finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), "foregroundDeletion"), finalizers.end());
  if (finalizers.empty() && resource.plural != "pods") {
    engine.cluster().remove(resource, text(object, {"metadata", "namespace"}),
                            text(object, {"metadata", "name"}));
    return;
  }
  if (finalizers.empty()) after["metadata"].erase("finalizers");
  engine.cluster().put(resource, std::move(after));
}

// 050: an owner that never existed is no owner; the object is deleted a moment later.
void orphaned(Engine& engine, const Resource& resource, const Json& object) {
  const Json* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr || owners->empty() || dying(object)) return;
  const std::string ns = text(object, {"metadata", "namespace"});
  const bool any = std::any_of(owners->begin(), owners->end(),
                               [&](const Json& owner) { return owner_exists(engine, owner, ns); });
  if (!any) (void)delete_object(engine.cluster(), resource, object, {"Background", -1, "", "", false});
}

}  // namespace

void add_garbage_collection(Engine& engine) {
  engine.listen([](Engine& self, const Change& change) {
    if (change.kind != ChangeKind::deleted || change.storage == "events") return;
    if (change.storage == "pods." || change.storage == "configmaps." || change.storage == "secrets.") return;
    const Json gone = *change.object;
    collect_dependents(self, gone);
  });
  for (const auto& resource : engine.cluster().catalog.all()) {
    if (resource->plural == "events" || (resource->group == "autoscaling" && resource->version == "v1"))
      continue;
    engine.add(resource->storage(), [](Engine& self, const Resource& type, const Json& object) {
      if (orphan(self, type, object)) return;
      foreground(self, type, object);
      orphaned(self, type, object);
    });
  }
}

}  // namespace gridseal::kubesim
