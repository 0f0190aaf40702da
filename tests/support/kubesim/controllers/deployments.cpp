// 070, 071, 080, 082: Deployments. The status lags behind the spec as recorded: each pass does one thing.
#include <algorithm>
#include <cmath>

#include "kubesim/controllers/engine.hpp"

namespace gridseal::kubesim {

namespace {

struct Rollout {
  Engine& engine;
  const Resource& resource;
  const Json& deployment;
  std::shared_ptr<const Resource> sets;
  std::vector<ObjectPtr> all;
  ObjectPtr current;  // the ReplicaSet of the template that is declared now
  std::vector<ObjectPtr> old;
};

std::int64_t replicas_of(const Json& set) {
  return number(set, {"spec", "replicas"});
}

std::int64_t resolve(const Json* value, std::int64_t replicas, bool up) {
  if (value == nullptr) return 0;
  if (value->is_number()) return value->get<std::int64_t>();
  const double share =
      std::strtod(value->get<std::string>().c_str(), nullptr) / 100 * static_cast<double>(replicas);
  return static_cast<std::int64_t>(up ? std::ceil(share) : std::floor(share));
}

std::int64_t max_surge(const Json& deployment) {
  return resolve(find(deployment, {"spec", "strategy", "rollingUpdate", "maxSurge"}), replicas_of(deployment),
                 true);
}

std::int64_t max_unavailable(const Json& deployment) {
  const std::int64_t out = resolve(find(deployment, {"spec", "strategy", "rollingUpdate", "maxUnavailable"}),
                                   replicas_of(deployment), false);
  return out == 0 && max_surge(deployment) == 0 ? 1 : out;
}

Json without_hash(Json pod_template) {
  if (Json* labels =
          pod_template.contains("metadata") ? &make(pod_template, {"metadata", "labels"}) : nullptr;
      labels != nullptr) {
    if (labels->is_object()) labels->erase("pod-template-hash");
  }
  return pod_template;
}

std::int64_t revision_of(const Json& set) {
  const Json* notes = find(set, {"metadata", "annotations"});
  return notes == nullptr
             ? 0
             : std::strtoll(text(*notes, {"deployment.kubernetes.io/revision"}).c_str(), nullptr, 10);
}

std::int64_t sum(const std::vector<ObjectPtr>& sets, std::initializer_list<const char*> path) {
  std::int64_t out = 0;
  for (const ObjectPtr& set : sets) out += number(*set, path);
  return out;
}

void scale(Rollout& rollout, const Json& set, std::int64_t replicas) {
  if (replicas_of(set) == replicas) return;
  Json after = set;
  after["spec"]["replicas"] = replicas;
  after["metadata"]["generation"] = number(set, {"metadata", "generation"}) + 1;
  make(after, {"metadata", "annotations"})["deployment.kubernetes.io/desired-replicas"] =
      std::to_string(replicas_of(rollout.deployment));
  const std::string verb = replicas > replicas_of(set) ? "up" : "down";
  rollout.engine.event(rollout.deployment, "Normal", "ScalingReplicaSet",
                       "Scaled " + verb + " replica set " + text(set, {"metadata", "name"}) + " from " +
                           std::to_string(replicas_of(set)) + " to " + std::to_string(replicas),
                       "deployment-controller");
  rollout.engine.update(*rollout.sets, set, std::move(after));
}

// How many pods of the new template may exist now.
std::int64_t allowed_new(const Rollout& rollout, std::int64_t now) {
  const std::int64_t wanted = replicas_of(rollout.deployment);
  if (text(rollout.deployment, {"spec", "strategy", "type"}) == "Recreate") return wanted;
  const std::int64_t total = sum(rollout.all, {"spec", "replicas"});
  const std::int64_t room = wanted + max_surge(rollout.deployment) - total;
  return room <= 0 ? now : std::min(wanted, now + room);
}

void annotate(Rollout& rollout, std::int64_t revision, Json status) {
  Json after = rollout.deployment;
  make(after, {"metadata", "annotations"})["deployment.kubernetes.io/revision"] = std::to_string(revision);
  after["status"] = std::move(status);
  rollout.engine.update(rollout.resource, rollout.deployment, std::move(after));
}

void create_set(Rollout& rollout) {
  const Json& deployment = rollout.deployment;
  const std::string hash = template_hash(deployment["spec"]["template"]);
  const std::string name = text(deployment, {"metadata", "name"}) + "-" + hash;
  std::int64_t revision = 0;
  for (const ObjectPtr& set : rollout.old) revision = std::max(revision, revision_of(*set));
  Json pod_template = deployment["spec"]["template"];
  make(pod_template, {"metadata", "labels"})["pod-template-hash"] = hash;
  Json selector = deployment["spec"]["selector"];
  make(selector, {"matchLabels"})["pod-template-hash"] = hash;
  const std::int64_t wanted = replicas_of(deployment);
  Json set = {
      {"metadata",
       {{"name", name},
        {"namespace", text(deployment, {"metadata", "namespace"})},
        {"labels", pod_template["metadata"]["labels"]},
        {"annotations",
         {{"deployment.kubernetes.io/desired-replicas", std::to_string(wanted)},
          {"deployment.kubernetes.io/max-replicas", std::to_string(wanted + max_surge(deployment))},
          {"deployment.kubernetes.io/revision", std::to_string(revision + 1)}}},
        {"ownerReferences", Json::array({owner_reference(rollout.resource, deployment)})}}},
      {"spec", {{"replicas", allowed_new(rollout, 0)}, {"selector", selector}, {"template", pod_template}}}};
  if (const std::int64_t seconds = number(deployment, {"spec", "minReadySeconds"}); seconds > 0)
    set["spec"]["minReadySeconds"] = seconds;
  Json status = deployment.value("status", Json::object());
  std::string why;
  if (!rollout.engine.create(*rollout.sets, std::move(set), &why)) {
    set_condition(status["conditions"], "Progressing", "False", "ReplicaSetCreateError", why, true);
  } else {
    set_condition(status["conditions"], "Progressing", "True", "NewReplicaSetCreated",
                  "Created new replica set \"" + name + "\"", true);
  }
  rollout.engine.restart(text(deployment, {"metadata", "uid"}) + "/progress");
  // 070: the condition comes before observedGeneration.
  annotate(rollout, revision + 1, std::move(status));
}

bool adopt_revision(Rollout& rollout) {
  std::int64_t highest = 0;
  for (const ObjectPtr& set : rollout.old) highest = std::max(highest, revision_of(*set));
  if (revision_of(*rollout.current) > highest) return false;
  Json after = *rollout.current;
  make(after, {"metadata", "annotations"})["deployment.kubernetes.io/revision"] = std::to_string(highest + 1);
  rollout.engine.update(*rollout.sets, *rollout.current, std::move(after));
  annotate(rollout, highest + 1, rollout.deployment.value("status", Json::object()));
  return true;
}

void scale_down_old(Rollout& rollout) {
  const std::int64_t total = sum(rollout.all, {"spec", "replicas"});
  const std::int64_t minimum = replicas_of(rollout.deployment) - max_unavailable(rollout.deployment);
  const std::int64_t new_unavailable =
      replicas_of(*rollout.current) - number(*rollout.current, {"status", "availableReplicas"});
  std::int64_t may_go = total - minimum - new_unavailable;
  if (may_go <= 0) return;
  // Unhealthy old pods go first, whatever the availability.
  for (const ObjectPtr& set : rollout.old) {
    const std::int64_t unhealthy = replicas_of(*set) - number(*set, {"status", "availableReplicas"});
    const std::int64_t down = std::min(may_go, std::max<std::int64_t>(unhealthy, 0));
    if (down == 0) continue;
    scale(rollout, *set, replicas_of(*set) - down);
    return;
  }
  std::int64_t spare = sum(rollout.all, {"status", "availableReplicas"}) - minimum;
  for (const ObjectPtr& set : rollout.old) {
    const std::int64_t down = std::min(spare, replicas_of(*set));
    if (down <= 0) continue;
    scale(rollout, *set, replicas_of(*set) - down);
    spare -= down;
  }
}

void put_count(Json& status, const char* key, std::int64_t value, bool keep_zero = false) {
  // 070: numbers that are zero are left out.
  if (value != 0 || keep_zero)
    status[key] = value;
  else
    status.erase(key);
}

Json counted(const Rollout& rollout) {
  Json status = rollout.deployment.value("status", Json::object());
  std::vector<ObjectPtr> current;
  if (rollout.current != nullptr) current.push_back(rollout.current);
  const std::int64_t available = sum(rollout.all, {"status", "availableReplicas"});
  status["observedGeneration"] = number(rollout.deployment, {"metadata", "generation"});
  put_count(status, "replicas", sum(rollout.all, {"status", "replicas"}));
  put_count(status, "updatedReplicas", sum(current, {"status", "replicas"}));
  put_count(status, "readyReplicas", sum(rollout.all, {"status", "readyReplicas"}));
  put_count(status, "availableReplicas", available);
  put_count(status, "unavailableReplicas",
            std::max<std::int64_t>(0, sum(rollout.all, {"spec", "replicas"}) - available));
  put_count(status, "terminatingReplicas", sum(rollout.all, {"status", "terminatingReplicas"}), true);
  return status;
}

void judge_progress(Rollout& rollout, Json& status) {
  const Json& deployment = rollout.deployment;
  const Json before = deployment.value("status", Json::object());
  const Json* progressing = condition(deployment, "Progressing");
  const std::string reason = progressing != nullptr ? text(*progressing, {"reason"}) : "";
  auto count = [](const Json& from, const char* key) { return number(from, {key}); };
  if (count(status, "replicas") == count(status, "updatedReplicas") && reason == "NewReplicaSetAvailable")
    return;
  const std::string timer = text(deployment, {"metadata", "uid"}) + "/progress";
  const std::string set = rollout.current != nullptr
                              ? "ReplicaSet \"" + text(*rollout.current, {"metadata", "name"}) + "\""
                              : "Deployment";
  const std::int64_t wanted = replicas_of(deployment);
  const bool complete = count(status, "updatedReplicas") == wanted && count(status, "replicas") == wanted &&
                        count(status, "availableReplicas") == wanted;
  const std::int64_t old_before = count(before, "replicas") - count(before, "updatedReplicas");
  const std::int64_t old_now = count(status, "replicas") - count(status, "updatedReplicas");
  const bool moved = count(status, "updatedReplicas") > count(before, "updatedReplicas") ||
                     old_now < old_before ||
                     count(status, "readyReplicas") > count(before, "readyReplicas") ||
                     count(status, "availableReplicas") > count(before, "availableReplicas");
  if (complete) {
    set_condition(status["conditions"], "Progressing", "True", "NewReplicaSetAvailable",
                  set + " has successfully progressed.", true);
    return;
  }
  if (moved) {
    set_condition(status["conditions"], "Progressing", "True", "ReplicaSetUpdated", set + " is progressing.",
                  true);
    rollout.engine.restart(timer);
  }
  const Millis deadline(number(deployment, {"spec", "progressDeadlineSeconds"}, 600) * 1000);
  const Millis passed = rollout.engine.elapsed(timer);
  if (passed >= deadline && !moved && reason != "ProgressDeadlineExceeded") {
    // 080, 082: told once the deadline has passed, and it stays until something moves.
    set_condition(status["conditions"], "Progressing", "False", "ProgressDeadlineExceeded",
                  set + " has timed out progressing.", true);
  } else if (passed < deadline) {
    rollout.engine.wake(rollout.resource, deployment, deadline - passed + Millis(5));
  }
}

void sync_status(Rollout& rollout) {
  Json status = counted(rollout);
  const Json& deployment = rollout.deployment;
  if (number(status, {"availableReplicas"}) >= replicas_of(deployment) - max_unavailable(deployment)) {
    set_condition(status["conditions"], "Available", "True", "MinimumReplicasAvailable",
                  "Deployment has minimum availability.", true);
  } else {
    set_condition(status["conditions"], "Available", "False", "MinimumReplicasUnavailable",
                  "Deployment does not have minimum availability.", true);
  }
  Json* failure = nullptr;
  for (const ObjectPtr& set : rollout.all) {
    const Json* failed = condition(*set, "ReplicaFailure");
    if (failed == nullptr) continue;
    set_condition(status["conditions"], "ReplicaFailure", "True", text(*failed, {"reason"}),
                  text(*failed, {"message"}), true);
    failure = &status;
  }
  if (failure == nullptr) {
    Json& conditions = status["conditions"];
    conditions.erase(std::remove_if(conditions.begin(), conditions.end(),
                                    [](const Json& c) { return text(c, {"type"}) == "ReplicaFailure"; }),
                     conditions.end());
  }
  if (flag(deployment, {"spec", "paused"})) {
    set_condition(status["conditions"], "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused",
                  true);
  } else {
    judge_progress(rollout, status);
  }
  rollout.engine.set_status(rollout.resource, deployment, std::move(status));
}

// 071: Recreate kills first.
bool recreate(Rollout& rollout) {
  for (const ObjectPtr& set : rollout.old) scale(rollout, *set, 0);
  if (rollout.current != nullptr) return false;
  const bool left = sum(rollout.old, {"status", "replicas"}) > 0 ||
                    sum(rollout.old, {"status", "terminatingReplicas"}) > 0 ||
                    sum(rollout.old, {"spec", "replicas"}) > 0;
  if (left) return false;
  create_set(rollout);
  return true;
}

void clean_history(Rollout& rollout) {
  const std::int64_t keep = number(rollout.deployment, {"spec", "revisionHistoryLimit"}, 10);
  std::vector<ObjectPtr> idle;
  for (const ObjectPtr& set : rollout.old) {
    if (replicas_of(*set) == 0 && number(*set, {"status", "replicas"}) == 0 && !dying(*set))
      idle.push_back(set);
  }
  std::sort(idle.begin(), idle.end(),
            [](const ObjectPtr& a, const ObjectPtr& b) { return revision_of(*a) < revision_of(*b); });
  for (std::size_t i = 0;
       idle.size() > static_cast<std::size_t>(keep) && i < idle.size() - static_cast<std::size_t>(keep);
       ++i) {
    rollout.engine.cluster().remove(*rollout.sets, text(*idle[i], {"metadata", "namespace"}),
                                    text(*idle[i], {"metadata", "name"}));
  }
}

void reconcile_deployment(Engine& engine, const Resource& resource, const Json& deployment) {
  Rollout rollout{engine, resource, deployment, engine.resource("apps", "v1", "replicasets"),
                  {},     nullptr,  {}};
  rollout.all = owned_by(engine.cluster(), *rollout.sets, deployment);
  const Json wanted = without_hash(deployment["spec"]["template"]);
  for (const ObjectPtr& set : rollout.all) {
    if (rollout.current == nullptr && without_hash(set->at("spec").at("template")) == wanted)
      rollout.current = set;
    else
      rollout.old.push_back(set);
  }
  if (dying(deployment)) {
    engine.set_status(resource, deployment, counted(rollout));
    return;
  }
  const bool paused = flag(deployment, {"spec", "paused"});
  if (!paused) {
    const bool kill_first = text(deployment, {"spec", "strategy", "type"}) == "Recreate";
    if (kill_first && recreate(rollout)) return;
    if (!kill_first && rollout.current == nullptr) {
      create_set(rollout);
      return;
    }
    if (rollout.current != nullptr && adopt_revision(rollout)) return;
  }
  if (rollout.current != nullptr && !paused) {
    const std::int64_t now = replicas_of(*rollout.current);
    const std::int64_t wish = replicas_of(deployment);
    if (now > wish)
      scale(rollout, *rollout.current, wish);
    else if (now < wish)
      scale(rollout, *rollout.current, allowed_new(rollout, now));
    if (now == replicas_of(*rollout.current)) scale_down_old(rollout);
  }
  sync_status(rollout);
  clean_history(rollout);
}

}  // namespace

void add_deployments(Engine& engine) {
  engine.add("deployments.apps", reconcile_deployment);
}

}  // namespace gridseal::kubesim
