// 053: what a new namespace gets, and how it goes.
#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

constexpr const char* kCaNote =
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such "
    "as the internal service IP or "
    "kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

void furnish(Engine& engine, const std::string& ns) {
  const auto accounts = engine.resource("", "v1", "serviceaccounts");
  const auto maps = engine.resource("", "v1", "configmaps");
  if (engine.cluster().store.get(accounts->storage(), ns, "default") == nullptr) {
    engine.create(*accounts, {{"metadata", {{"name", "default"}, {"namespace", ns}}}});
  }
  if (engine.cluster().store.get(maps->storage(), ns, "kube-root-ca.crt") == nullptr) {
    engine.create(*maps, {{"metadata",
                           {{"name", "kube-root-ca.crt"},
                            {"namespace", ns},
                            {"annotations", {{"kubernetes.io/description", kCaNote}}}}},
                          {"data", {{"ca.crt", "-----BEGIN CERTIFICATE-----\n"}}}});
  }
}

// What is left, by resource and by finalizer.
struct Remaining {
  std::map<std::string, std::size_t> resources;
  std::map<std::string, std::size_t> finalizers;
};

std::string counted(const std::map<std::string, std::size_t>& counts, const char* joint, const char* noun) {
  std::string out;
  for (const auto& [name, count] : counts)
    out += (out.empty() ? "" : ", ") + name + joint + std::to_string(count) + noun;
  return out;
}

// Deletes everything in it; returns how much is left.
std::size_t empty_out(Engine& engine, const std::string& ns, Remaining& remaining) {
  std::size_t left = 0;
  std::set<std::string> seen;
  for (const auto& resource : engine.cluster().catalog.all()) {
    if (!resource->namespaced || !seen.insert(resource->storage()).second) continue;
    for (const ObjectPtr& object : engine.cluster().store.list(resource->storage(), ns)) {
      Deletion deletion;
      deletion.propagation = "Background";
      if (resource->plural == "persistentvolumeclaims") {
        engine.cluster().remove(*resource, ns, text(*object, {"metadata", "name"}));
        continue;
      }
      auto deleted = delete_object(engine.cluster(), *resource, *object, deletion);
      if (deleted && deleted->gone) continue;
      ++left;
      const Json* finalizers = find(*object, {"metadata", "finalizers"});
      ++remaining.resources[resource->plural + "." + resource->group];
      if (finalizers == nullptr) continue;
      for (const Json& finalizer : *finalizers) ++remaining.finalizers[finalizer.get<std::string>()];
    }
  }
  return left;
}

void reconcile_namespace(Engine& engine, const Resource& resource, const Json& object) {
  const std::string name = text(object, {"metadata", "name"});
  if (!dying(object)) return furnish(engine, name);
  if (engine.elapsed(text(object, {"metadata", "uid"}) + "/terminate") < Millis(50)) {
    engine.wake(resource, object, Millis(60));
    return;
  }
  Remaining remaining_objects;
  const std::size_t left = empty_out(engine, name, remaining_objects);
  const std::size_t held = remaining_objects.finalizers.size();
  if (left > 0) {
    Json status = object["status"];
    const char* remaining = held > 0 ? "True" : "False";
    set_condition(status["conditions"], "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered",
                  "All resources successfully discovered");
    set_condition(status["conditions"], "NamespaceDeletionGroupVersionParsingFailure", "False",
                  "ParsedGroupVersions", "All legacy kube types successfully parsed");
    set_condition(status["conditions"], "NamespaceDeletionContentFailure", "False", "ContentDeleted",
                  "All content successfully deleted, may be waiting on finalization");
    set_condition(status["conditions"], "NamespaceContentRemaining", "True", "SomeResourcesRemain",
                  "Some resources are remaining: " +
                      counted(remaining_objects.resources, " has ", " resource instances"));
    set_condition(status["conditions"], "NamespaceFinalizersRemaining", remaining,
                  held > 0 ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
                  held > 0 ? "Some content in the namespace has finalizers remaining: " +
                                 counted(remaining_objects.finalizers, " in ", " resource instances")
                           : "All content-preserving finalizers finished");
    engine.set_status(resource, object, std::move(status));
    engine.wake(resource, object, Millis(200));
    return;
  }
  const Json* finalizers = find(object, {"metadata", "finalizers"});
  if (finalizers == nullptr || finalizers->empty()) engine.cluster().remove(resource, "", name);
}

}  // namespace

void add_namespaces(Engine& engine) {
  engine.add("namespaces.", reconcile_namespace);
  // 100: what every namespace has is made again.
  engine.listen([](Engine& self, const Change& change) {
    if (change.kind != ChangeKind::deleted) return;
    if (change.storage != "configmaps." && change.storage != "serviceaccounts.") return;
    self.wake("namespaces.", "", text(*change.object, {"metadata", "namespace"}), kReaction);
  });
}

}  // namespace gridseal::kubesim
