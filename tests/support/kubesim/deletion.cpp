// 100: deletion.
#include <algorithm>

#include "kubesim/normalise.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

Failure precondition(const Resource& resource, const std::string& name, const std::string& what) {
  // 100: here the kind is told, not the plural.
  Json details = {{"name", name}, {"kind", resource.kind}};
  std::string kind = resource.kind;
  if (!resource.group.empty()) {
    details["group"] = resource.group;
    kind += "." + resource.group;
  }
  return failure(409, "Conflict", "Operation cannot be fulfilled on " + kind + " \"" + name + "\": " + what,
                 std::move(details));
}

Outcome<void> check(const Resource& resource, const Json& live, const Deletion& deletion) {
  const std::string name = text(live, {"metadata", "name"});
  const std::string uid = text(live, {"metadata", "uid"});
  const std::string revision = text(live, {"metadata", "resourceVersion"});
  if (!deletion.uid.empty() && deletion.uid != uid) {
    return tl::unexpected(precondition(resource, name,
                                       "the UID in the precondition (" + deletion.uid +
                                           ") does not match the UID in record (" + uid +
                                           "). The object might have been deleted and then recreated"));
  }
  if (!deletion.revision.empty() && deletion.revision != revision) {
    return tl::unexpected(precondition(resource, name,
                                       "the ResourceVersion in the precondition (" + deletion.revision +
                                           ") does not match the ResourceVersion in record (" + revision +
                                           "). The object might have been modified"));
  }
  return {};
}

void mark(const Resource& resource, Json& object, std::int64_t grace) {
  Json& metadata = object["metadata"];
  if (metadata.contains("deletionTimestamp")) return;
  metadata["deletionTimestamp"] = Clock::date();
  metadata["deletionGracePeriodSeconds"] = grace;
  if (has_generation(resource)) metadata["generation"] = number(metadata, {"generation"}) + 1;
}

bool add_finalizer(Json& object, const char* name) {
  Json& finalizers = make(object, {"metadata", "finalizers"});
  if (!finalizers.is_array()) finalizers = Json::array();
  if (std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end()) return false;
  finalizers.push_back(name);
  return true;
}

bool is_dependent_of(const Json& object, const std::string& uid) {
  const Json* owners = find(object, {"metadata", "ownerReferences"});
  if (owners == nullptr) return false;
  return std::any_of(owners->begin(), owners->end(),
                     [&](const Json& owner) { return text(owner, {"uid"}) == uid; });
}

}  // namespace

void orphan_dependents(Cluster& cluster, const std::string& uid) {
  for (const auto& resource : cluster.catalog.all()) {
    for (const ObjectPtr& object : cluster.store.list(resource->storage())) {
      if (!is_dependent_of(*object, uid)) continue;
      Json freed = *object;
      Json& owners = freed["metadata"]["ownerReferences"];
      Json left = Json::array();
      for (const Json& owner : owners) {
        if (text(owner, {"uid"}) != uid) left.push_back(owner);
      }
      if (left.empty())
        freed["metadata"].erase("ownerReferences");
      else
        owners = left;
      cluster.put(*resource, std::move(freed));
    }
  }
}

Outcome<Deleted> delete_object(Cluster& cluster, const Resource& resource, const Json& live,
                               const Deletion& deletion) {
  if (auto ok = check(resource, live, deletion); !ok) return tl::unexpected(ok.error());
  const std::string ns = text(live, {"metadata", "namespace"});
  const std::string name = text(live, {"metadata", "name"});
  Json object = live;
  if (resource.plural == "namespaces") {
    if (name == "default" || name == "kube-system" || name == "kube-public") {
      return tl::unexpected(forbidden(resource, name, "this namespace may not be deleted"));
    }
    if (deletion.dry_run) return Deleted{object, false};
    // 053: deleting it again is no error.
    if (find(object, {"metadata", "deletionTimestamp"}) != nullptr) return Deleted{object, false};
    mark(resource, object, 0);
    object["metadata"].erase("deletionGracePeriodSeconds");
    object["status"]["phase"] = "Terminating";
    return Deleted{*cluster.put(resource, std::move(object)), false};
  }
  if (deletion.dry_run) return Deleted{object, true};
  if (deletion.propagation == "Foreground") add_finalizer(object, "foregroundDeletion");
  if (deletion.propagation == "Orphan") add_finalizer(object, "orphan");
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  const bool held = finalizers != nullptr && !finalizers->empty();
  std::int64_t grace = 0;
  if (resource.plural == "pods") {
    grace =
        deletion.grace >= 0 ? deletion.grace : number(live, {"spec", "terminationGracePeriodSeconds"}, 30);
    const std::string phase = text(live, {"status", "phase"});
    // A pod that never ran anywhere has nothing to stop.
    if (text(live, {"spec", "nodeName"}).empty() || phase == "Succeeded" || phase == "Failed") grace = 0;
  }
  if (held || grace > 0) {
    mark(resource, object, grace);
    if (object == live) return Deleted{object, false};
    return Deleted{*cluster.put(resource, std::move(object)), false};
  }
  cluster.remove(resource, ns, name);
  return Deleted{std::move(object), true};
}

}  // namespace gridseal::kubesim
