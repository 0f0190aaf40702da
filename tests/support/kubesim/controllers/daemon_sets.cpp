// 090: DaemonSets on the one node. A bad pod is replaced by a good template at once.
#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

bool fits_node(Engine& engine, const Json& set) {
  const Json* selector = find(set, {"spec", "template", "spec", "nodeSelector"});
  if (selector == nullptr) return true;
  const ObjectPtr node = engine.cluster().store.get("nodes.", "", "node-1");
  const Json* labels = node != nullptr ? find(*node, {"metadata", "labels"}) : nullptr;
  for (const auto& [key, value] : selector->items()) {
    if (labels == nullptr || labels->value(key, Json()) != value) return false;
  }
  return true;
}

void create_pod(Engine& engine, const Resource& resource, const Json& set, const std::string& hash) {
  Json pod = set["spec"]["template"];
  const std::string prefix = text(set, {"metadata", "name"}) + "-";
  pod["metadata"]["generateName"] = prefix;
  pod["metadata"]["name"] = prefix + engine.cluster().random_suffix(5);
  pod["metadata"]["namespace"] = text(set, {"metadata", "namespace"});
  pod["metadata"]["ownerReferences"] = Json::array({owner_reference(resource, set)});
  Json& labels = make(pod, {"metadata", "labels"});
  labels["controller-revision-hash"] = hash;
  labels["pod-template-generation"] = std::to_string(number(set, {"metadata", "generation"}));
  engine.event(set, "Normal", "SuccessfulCreate", "Created pod: " + text(pod, {"metadata", "name"}),
               "daemonset-controller");
  engine.create(*engine.resource("", "v1", "pods"), std::move(pod));
}

void reconcile_daemon_set(Engine& engine, const Resource& resource, const Json& set) {
  if (dying(set)) return;
  const auto pods = engine.resource("", "v1", "pods");
  const std::string hash = template_hash(set["spec"]["template"]);
  const bool wanted = fits_node(engine, set);
  const bool rolling = text(set, {"spec", "updateStrategy", "type"}) != "OnDelete";
  std::int64_t current = 0;
  std::int64_t updated = 0;
  std::int64_t ready = 0;
  bool any = false;
  for (const ObjectPtr& pod : owned_by(engine.cluster(), *pods, set)) {
    any = true;
    if (dying(*pod)) continue;
    const bool fresh = text((*pod)["metadata"]["labels"], {"controller-revision-hash"}) == hash;
    if (!wanted || (rolling && !fresh)) {
      (void)delete_object(engine.cluster(), *pods, *pod, {});
      continue;
    }
    ++current;
    updated += fresh ? 1 : 0;
    ready += pod_ready(*pod) ? 1 : 0;
  }
  if (wanted && !any) create_pod(engine, resource, set, hash);
  const std::int64_t desired = wanted ? 1 : 0;
  Json status = {{"currentNumberScheduled", std::min(current, desired)},
                 {"numberMisscheduled", 0},
                 {"desiredNumberScheduled", desired},
                 {"numberReady", ready},
                 {"observedGeneration", number(set, {"metadata", "generation"})}};
  if (updated > 0) status["updatedNumberScheduled"] = updated;
  if (ready > 0) status["numberAvailable"] = ready;
  if (desired > ready) status["numberUnavailable"] = desired - ready;
  engine.set_status(resource, set, std::move(status));
}

}  // namespace

void add_daemon_sets(Engine& engine) {
  engine.add("daemonsets.apps", reconcile_daemon_set);
}

}  // namespace gridseal::kubesim
