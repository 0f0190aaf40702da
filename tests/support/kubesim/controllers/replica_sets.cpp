// ReplicaSets: as many pods as declared.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

bool finished(const Json& pod) {
  const std::string phase = text(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

bool available(Engine& engine, const Json& set, const Json& pod) {
  if (!pod_ready(pod)) {
    engine.forget(text(pod, {"metadata", "uid"}) + "/ready");
    return false;
  }
  const Millis wanted(number(set, {"spec", "minReadySeconds"}) * 1000);
  if (wanted.count() == 0) return true;
  // 071: available comes minReadySeconds after ready.
  const Millis passed = engine.elapsed(text(pod, {"metadata", "uid"}) + "/ready");
  if (passed >= wanted) return true;
  engine.wake("replicasets.apps", text(set, {"metadata", "namespace"}), text(set, {"metadata", "name"}),
              wanted - passed + Millis(5));
  return false;
}

bool create_pod(Engine& engine, const Resource& resource, const Json& set, const Resource& pods,
                std::string& why) {
  Json pod = set["spec"]["template"];
  Json& metadata = pod["metadata"];
  const std::string prefix = text(set, {"metadata", "name"}) + "-";
  metadata["generateName"] = prefix;
  metadata["name"] = prefix + engine.cluster().random_suffix(5);
  metadata["namespace"] = text(set, {"metadata", "namespace"});
  metadata["ownerReferences"] = Json::array({owner_reference(resource, set)});
  const std::string name = text(metadata, {"name"});
  const std::string account = text(pod, {"spec", "serviceAccountName"});
  const std::string ns = text(set, {"metadata", "namespace"});
  if (!account.empty() && account != "default" &&
      engine.cluster().store.get("serviceaccounts.", ns, account) == nullptr) {
    // 085: a missing ServiceAccount keeps pods from being made at all.
    why = "pods \"" + prefix + "\" is forbidden: error looking up service account " + ns + "/" + account +
          ": serviceaccount \"" + account + "\" not found";
    return false;
  }
  if (!engine.create(pods, std::move(pod), &why)) return false;
  engine.event(set, "Normal", "SuccessfulCreate", "Created pod: " + name, "replicaset-controller");
  return true;
}

void reconcile_replica_set(Engine& engine, const Resource& resource, const Json& set) {
  const auto pods = engine.resource("", "v1", "pods");
  std::vector<ObjectPtr> active;
  std::int64_t terminating = 0;
  for (const ObjectPtr& pod : owned_by(engine.cluster(), *pods, set)) {
    if (dying(*pod))
      ++terminating;
    else if (!finished(*pod))
      active.push_back(pod);
  }
  const std::int64_t wanted =
      dying(set) ? static_cast<std::int64_t>(active.size()) : number(set, {"spec", "replicas"});
  std::string why;
  bool failed = false;
  for (std::int64_t have = static_cast<std::int64_t>(active.size()); have < wanted && !failed; ++have) {
    failed = !create_pod(engine, resource, set, *pods, why);
  }
  if (static_cast<std::int64_t>(active.size()) > wanted) {
    // Pods that are not ready go first.
    std::stable_sort(active.begin(), active.end(),
                     [](const ObjectPtr& a, const ObjectPtr& b) { return pod_ready(*a) < pod_ready(*b); });
    for (std::size_t i = 0; i < active.size() - static_cast<std::size_t>(wanted); ++i) {
      (void)delete_object(engine.cluster(), *pods, *active[i], {});
    }
  }
  Json status = {{"replicas", static_cast<std::int64_t>(active.size())},
                 {"observedGeneration", number(set, {"metadata", "generation"})},
                 {"terminatingReplicas", terminating}};
  std::int64_t ready = 0;
  std::int64_t usable = 0;
  for (const ObjectPtr& pod : active) {
    ready += pod_ready(*pod) ? 1 : 0;
    usable += available(engine, set, *pod) ? 1 : 0;
  }
  if (!active.empty()) status["fullyLabeledReplicas"] = status["replicas"];
  if (ready > 0) status["readyReplicas"] = ready;
  if (usable > 0) status["availableReplicas"] = usable;
  if (failed) {
    Json conditions = set.value("status", Json::object()).value("conditions", Json::array());
    set_condition(conditions, "ReplicaFailure", "True", "FailedCreate", why);
    status["conditions"] = std::move(conditions);
    engine.event(set, "Warning", "FailedCreate", "Error creating: " + why, "replicaset-controller");
    engine.wake(resource, set, Millis(2000));
  }
  engine.set_status(resource, set, std::move(status));
}

}  // namespace

void add_replica_sets(Engine& engine) {
  engine.add("replicasets.apps", reconcile_replica_set);
}

}  // namespace gridseal::kubesim
