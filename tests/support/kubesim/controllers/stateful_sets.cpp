// 090: StatefulSets: one pod after the other. A pod that does not get ready stops the rollout, and applying
// the good template again does not help it.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

struct Set {
  Engine& engine;
  const Resource& resource;
  const Json& object;
  std::shared_ptr<const Resource> pods;
  std::string name;
  std::string ns;
  std::string update_revision;
  std::map<std::int64_t, ObjectPtr> by_ordinal;
};

std::string revision_of(const Json& pod) {
  const Json* labels = find(pod, {"metadata", "labels"});
  return labels == nullptr ? "" : text(*labels, {"controller-revision-hash"});
}

std::int64_t ordinal(const std::string& pod) {
  return std::strtoll(pod.substr(pod.rfind('-') + 1).c_str(), nullptr, 10);
}

void create_claims(const Set& set, Json& pod, std::int64_t index) {
  const auto claims = set.engine.resource("", "v1", "persistentvolumeclaims");
  for (const Json& claim_template : set.object["spec"].value("volumeClaimTemplates", Json::array())) {
    const std::string volume = text(claim_template, {"metadata", "name"});
    const std::string claim = volume + "-" + set.name + "-" + std::to_string(index);
    if (set.engine.cluster().store.get(claims->storage(), set.ns, claim) == nullptr) {
      Json made = {{"metadata", {{"name", claim}, {"namespace", set.ns}}}, {"spec", claim_template["spec"]}};
      made["metadata"]["labels"] = set.object["spec"]["selector"].value("matchLabels", Json::object());
      set.engine.create(*claims, std::move(made));
    }
    Json& volumes = make(pod, {"spec", "volumes"});
    if (!volumes.is_array()) volumes = Json::array();
    volumes.push_back({{"name", volume}, {"persistentVolumeClaim", {{"claimName", claim}}}});
  }
}

void create_pod(const Set& set, std::int64_t index) {
  Json pod = set.object["spec"]["template"];
  const std::string name = set.name + "-" + std::to_string(index);
  pod["metadata"]["name"] = name;
  pod["metadata"]["generateName"] = set.name + "-";
  pod["metadata"]["namespace"] = set.ns;
  pod["metadata"]["ownerReferences"] = Json::array({owner_reference(set.resource, set.object)});
  Json& labels = make(pod, {"metadata", "labels"});
  labels["controller-revision-hash"] = set.update_revision;
  labels["statefulset.kubernetes.io/pod-name"] = name;
  labels["apps.kubernetes.io/pod-index"] = std::to_string(index);
  pod["spec"]["hostname"] = name;
  pod["spec"]["subdomain"] = text(set.object, {"spec", "serviceName"});
  create_claims(set, pod, index);
  set.engine.event(set.object, "Normal", "SuccessfulCreate",
                   "create Pod " + name + " in StatefulSet " + set.name + " successful",
                   "statefulset-controller");
  set.engine.create(*set.pods, std::move(pod));
}

void remove_pod(const Set& set, const Json& pod) {
  (void)delete_object(set.engine.cluster(), *set.pods, pod, {});
}

// One step at most; the next change brings the next one.
void advance(const Set& set) {
  const std::int64_t wanted = number(set.object, {"spec", "replicas"}, 1);
  const bool parallel = text(set.object, {"spec", "podManagementPolicy"}) == "Parallel";
  for (std::int64_t i = 0; i < wanted; ++i) {
    auto it = set.by_ordinal.find(i);
    if (it == set.by_ordinal.end()) {
      create_pod(set, i);
      if (!parallel) return;
    } else if (!parallel && (dying(*it->second) || !pod_ready(*it->second))) {
      return;
    }
  }
  for (auto it = set.by_ordinal.rbegin(); it != set.by_ordinal.rend(); ++it) {
    if (it->first < wanted) break;
    if (!dying(*it->second)) remove_pod(set, *it->second);
    if (!parallel) return;
  }
  if (text(set.object, {"spec", "updateStrategy", "type"}) == "OnDelete") return;
  const std::int64_t partition = number(set.object, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  for (auto it = set.by_ordinal.rbegin(); it != set.by_ordinal.rend(); ++it) {
    if (it->first < partition || it->first >= wanted) continue;
    if (dying(*it->second)) return;
    if (revision_of(*it->second) != set.update_revision) return remove_pod(set, *it->second);
    if (!pod_ready(*it->second)) return;
  }
}

void keep_revision(const Set& set) {
  const auto revisions = set.engine.resource("apps", "v1", "controllerrevisions");
  if (set.engine.cluster().store.get(revisions->storage(), set.ns, set.update_revision) != nullptr) return;
  set.engine.create(*revisions,
                    {{"metadata",
                      {{"name", set.update_revision},
                       {"namespace", set.ns},
                       {"ownerReferences", Json::array({owner_reference(set.resource, set.object)})}}},
                     {"revision", number(set.object, {"metadata", "generation"})},
                     {"data", {{"spec", {{"template", set.object["spec"]["template"]}}}}}});
}

Json status_of(const Set& set) {
  const std::int64_t wanted = number(set.object, {"spec", "replicas"}, 1);
  std::int64_t ready = 0;
  std::int64_t updated = 0;
  std::int64_t current = 0;
  std::string current_revision = text(set.object, {"status", "currentRevision"});
  if (current_revision.empty()) current_revision = set.update_revision;
  for (const auto& [index, pod] : set.by_ordinal) {
    ready += pod_ready(*pod) && !dying(*pod) ? 1 : 0;
    updated += revision_of(*pod) == set.update_revision && !dying(*pod) ? 1 : 0;
    current += revision_of(*pod) == current_revision && !dying(*pod) ? 1 : 0;
  }
  if (updated == wanted && ready == wanted && static_cast<std::int64_t>(set.by_ordinal.size()) == wanted) {
    current_revision = set.update_revision;
    current = updated;
  }
  Json status = {{"observedGeneration", number(set.object, {"metadata", "generation"})},
                 {"replicas", static_cast<std::int64_t>(set.by_ordinal.size())},
                 {"availableReplicas", ready},
                 {"currentRevision", current_revision},
                 {"updateRevision", set.update_revision},
                 {"collisionCount", 0}};
  if (ready > 0) status["readyReplicas"] = ready;
  if (current > 0) status["currentReplicas"] = current;
  if (updated > 0) status["updatedReplicas"] = updated;
  return status;
}

void reconcile_stateful_set(Engine& engine, const Resource& resource, const Json& object) {
  if (dying(object)) return;
  Set set{engine,
          resource,
          object,
          engine.resource("", "v1", "pods"),
          text(object, {"metadata", "name"}),
          text(object, {"metadata", "namespace"}),
          "",
          {}};
  set.update_revision = set.name + "-" + template_hash(object["spec"]["template"]);
  for (const ObjectPtr& pod : owned_by(engine.cluster(), *set.pods, object))
    set.by_ordinal[ordinal(text(*pod, {"metadata", "name"}))] = pod;
  keep_revision(set);
  // 090: the new revision is told before any pod of it exists.
  if (number(object, {"status", "observedGeneration"}) == number(object, {"metadata", "generation"}))
    advance(set);
  else
    engine.wake(resource, object, kReaction * 2);
  engine.set_status(resource, object, status_of(set));
}

}  // namespace

void add_stateful_sets(Engine& engine) {
  engine.add("statefulsets.apps", reconcile_stateful_set);
}

}  // namespace gridseal::kubesim
