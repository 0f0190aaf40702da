// 070, 080, 081, 082, 084, 085: what scheduler and kubelet do with a pod.
#include <algorithm>

#include "kubesim/controllers/engine.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

namespace {

constexpr const char* kNode = "node-1";
constexpr Millis kCreating{150};
constexpr Millis kCrashAfter{1000};
constexpr Millis kFirstBackOff{10000};

struct Pod {
  Engine& engine;
  const Resource& resource;
  const Json& object;
  std::string uid;
  Behaviour behaviour;

  std::string timer(const char* what) const { return uid + "/" + what; }
};

std::vector<std::string> images(const Json& pod) {
  std::vector<std::string> out;
  for (const char* list : {"containers", "initContainers"}) {
    const Json* found = find(pod, {"spec", list});
    if (found == nullptr) continue;
    for (const Json& container : *found) out.push_back(text(container, {"image"}));
  }
  return out;
}

// The workload that the pod belongs to, for rules: a Deployment rather than its ReplicaSet.
// Port 9 is "discard" (RFC 863): a readiness probe of it never succeeds, here as on any real node.
bool probes_discard(const Json& pod) {
  for (const Json& container : pod["spec"]["containers"]) {
    for (const char* kind : {"tcpSocket", "httpGet"}) {
      const Json* port = find(container, {"readinessProbe", kind, "port"});
      if (port != nullptr && *port == 9) return true;
    }
  }
  return false;
}

Behaviour behaviour_of(Engine& engine, const Json& pod) {
  const std::string ns = text(pod, {"metadata", "namespace"});
  std::string kind = "Pod";
  std::string name = text(pod, {"metadata", "name"});
  Json object = pod;
  while (const Json* owners = find(object, {"metadata", "ownerReferences"})) {
    const Json& owner = owners->front();
    kind = text(owner, {"kind"});
    name = text(owner, {"name"});
    const auto type = engine.cluster().catalog.by_kind(text(owner, {"apiVersion"}), kind);
    const ObjectPtr found = type != nullptr ? engine.cluster().store.get(type->storage(), ns, name) : nullptr;
    if (found == nullptr) break;
    object = *found;
  }
  Behaviour behaviour = engine.cluster().script.behaviour(kind, ns, name, images(pod));
  if (behaviour.kind == Behaviour::Kind::ready && probes_discard(pod))
    behaviour.kind = Behaviour::Kind::never_ready;
  return behaviour;
}

Json pod_condition(const Json& pod, const std::string& type, bool holds, const std::string& reason = {},
                   const std::string& message = {}) {
  Json out = {{"type", type},
              {"status", holds ? "True" : "False"},
              {"lastProbeTime", nullptr},
              {"lastTransitionTime", Clock::date()}};
  if (const Json* old = condition(pod, type);
      old != nullptr && text(*old, {"status"}) == text(out, {"status"})) {
    out["lastTransitionTime"] = (*old)["lastTransitionTime"];
  }
  out["observedGeneration"] = number(pod, {"metadata", "generation"}, 1);
  if (!reason.empty()) out["reason"] = reason;
  if (!message.empty()) out["message"] = message;
  return out;
}

std::string container_names(const Json& pod) {
  std::string out;
  for (const Json& container : pod["spec"]["containers"])
    out += (out.empty() ? "" : " ") + text(container, {"name"});
  return "[" + out + "]";
}

Json container_status(const Json& container, const Json* old, const Json& state, bool ready,
                      std::int64_t restarts) {
  Json out = {
      {"name", text(container, {"name"})},
      {"state", state},
      {"lastState", old != nullptr && old->contains("lastState") ? (*old)["lastState"] : Json::object()},
      {"ready", ready},
      {"restartCount", restarts},
      {"image", text(container, {"image"})},
      {"imageID", ""},
      {"started", state.contains("running")}};
  if (!state.contains("waiting")) {
    out["containerID"] = "containerd://" + template_hash(container) + std::to_string(restarts);
    out["imageID"] = "sha256:" + template_hash(container["image"]);
  }
  return out;
}

// Writes the status of a pod whose containers are all in the same state.
void report(const Pod& pod, const std::string& phase, const Json& state, bool ready, std::int64_t restarts,
            const Json& last = nullptr) {
  const Json& object = pod.object;
  Json status = object["status"];
  status["observedGeneration"] = number(object, {"metadata", "generation"}, 1);
  status["phase"] = phase;
  const bool done = phase == "Succeeded" || phase == "Failed";
  const std::string reason = ready                  ? ""
                             : phase == "Succeeded" ? "PodCompleted"
                             : phase == "Failed"    ? "PodFailed"
                                                    : "ContainersNotReady";
  const std::string message =
      ready || done ? "" : "containers with unready status: " + container_names(object);
  status["conditions"] =
      Json::array({pod_condition(object, "PodReadyToStartContainers", !done && !state.contains("waiting")),
                   pod_condition(object, "Initialized", true, phase == "Succeeded" ? "PodCompleted" : ""),
                   pod_condition(object, "Ready", ready, reason, message),
                   pod_condition(object, "ContainersReady", ready, reason, message),
                   pod_condition(object, "PodScheduled", true)});
  status["hostIP"] = "10.90.0.1";
  status["hostIPs"] = Json::array({{{"ip", "10.90.0.1"}}});
  if (!status.contains("startTime")) status["startTime"] = Clock::date();
  if (!state.contains("waiting") && !status.contains("podIP")) {
    static unsigned next = 10;
    ++next;
    status["podIP"] = "10.42." + std::to_string(next / 250 % 256) + "." + std::to_string(1 + next % 250);
    status["podIPs"] = Json::array({{{"ip", status["podIP"]}}});
  }
  Json list = Json::array();
  std::size_t index = 0;
  const Json* old_list = find(object, {"status", "containerStatuses"});
  for (const Json& container : object["spec"]["containers"]) {
    const Json* old = old_list != nullptr && index < old_list->size() ? &(*old_list)[index] : nullptr;
    Json entry = container_status(container, old, state, ready, restarts);
    if (!last.is_null()) entry["lastState"] = last;
    list.push_back(std::move(entry));
    ++index;
  }
  status["containerStatuses"] = std::move(list);
  pod.engine.set_status(pod.resource, object, std::move(status), "kubelet");
}

Json waiting(const char* reason, const std::string& message = {}) {
  Json out = {{"waiting", {{"reason", reason}}}};
  if (!message.empty()) out["waiting"]["message"] = message;
  return out;
}

Json terminated(int code, const char* reason) {
  return {{"terminated",
           {{"exitCode", code},
            {"reason", reason},
            {"startedAt", Clock::date()},
            {"finishedAt", Clock::date()}}}};
}

std::string phase_of_containers(const Json& pod) {
  const Json* list = find(pod, {"status", "containerStatuses"});
  if (list == nullptr || list->empty()) return "none";
  const Json& state = list->front()["state"];
  if (state.contains("running")) return "running";
  if (state.contains("terminated")) return "terminated";
  return text(state, {"waiting", "reason"});
}

bool ready_now(const Json& pod) {
  const Json* list = find(pod, {"status", "containerStatuses"});
  return list != nullptr && !list->empty() && flag(list->front(), {"ready"});
}

std::int64_t restarts_of(const Json& pod) {
  const Json* list = find(pod, {"status", "containerStatuses"});
  return list == nullptr || list->empty() ? 0 : number(list->front(), {"restartCount"});
}

bool has_readiness_probe(const Json& pod) {
  const Json& containers = pod["spec"]["containers"];
  return std::any_of(containers.begin(), containers.end(),
                     [](const Json& c) { return c.contains("readinessProbe"); });
}

// True once the time is over; else the pod is looked at again then.
bool passed(const Pod& pod, const char* what, Millis delay) {
  const Millis so_far = pod.engine.elapsed(pod.timer(what));
  if (so_far >= delay) return true;
  pod.engine.wake(pod.resource, pod.object, delay - so_far + Millis(1));
  return false;
}

// Why the pod finds no node; empty if it does.
std::string unschedulable(const Pod& pod) {
  Cluster& cluster = pod.engine.cluster();
  if (pod.behaviour.kind == Behaviour::Kind::unschedulable)
    return "0/1 nodes are available: 1 Insufficient cpu.";
  if (!cluster.script.nodes_ready()) return "0/1 nodes are available: 1 node(s) had untolerated taint(s).";
  if (const Json* selector = find(pod.object, {"spec", "nodeSelector"}); selector != nullptr) {
    const ObjectPtr node = cluster.store.get("nodes.", "", kNode);
    for (const auto& [key, value] : selector->items()) {
      if (node == nullptr || find(*node, {"metadata", "labels"})->value(key, Json()) != value) {
        return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
      }
    }
  }
  const std::string ns = text(pod.object, {"metadata", "namespace"});
  for (const Json& volume : pod.object["spec"].value("volumes", Json::array())) {
    const std::string claim = text(volume, {"persistentVolumeClaim", "claimName"});
    if (claim.empty()) continue;
    const ObjectPtr found = cluster.store.get("persistentvolumeclaims.", ns, claim);
    if (found == nullptr)
      return "0/1 nodes are available: persistentvolumeclaim \"" + claim + "\" not found.";
    if (text(*found, {"status", "phase"}) != "Bound") {
      pod.engine.wake("persistentvolumeclaims.", ns, claim, kReaction);
      return "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    }
  }
  return {};
}

void schedule(const Pod& pod) {
  const std::string why = unschedulable(pod);
  if (!why.empty()) {
    Json status = pod.object["status"];
    const Json* old = condition(pod.object, "PodScheduled");
    pod.engine.wake(pod.resource, pod.object, Millis(500));
    if (old != nullptr && text(*old, {"message"}) == why) return;
    status["conditions"] =
        Json::array({pod_condition(pod.object, "PodScheduled", false, "Unschedulable", why)});
    pod.engine.event(pod.object, "Warning", "FailedScheduling", why, "default-scheduler");
    pod.engine.set_status(pod.resource, pod.object, std::move(status), "kube-scheduler");
    return;
  }
  Json after = pod.object;
  after["spec"]["nodeName"] = kNode;
  after["status"]["conditions"] = Json::array({pod_condition(pod.object, "PodScheduled", true)});
  pod.engine.event(pod.object, "Normal", "Scheduled",
                   "Successfully assigned " + text(pod.object, {"metadata", "namespace"}) + "/" +
                       text(pod.object, {"metadata", "name"}) + " to " + kNode,
                   "default-scheduler");
  pod.engine.cluster().put(pod.resource, std::move(after));
}

// 085: what a container or volume refers to and does not exist.
std::string missing(const Pod& pod, bool volumes) {
  Cluster& cluster = pod.engine.cluster();
  const std::string ns = text(pod.object, {"metadata", "namespace"});
  auto absent = [&](const char* storage, const char* noun, const Json* reference,
                    const char* field) -> std::string {
    if (reference == nullptr || flag(*reference, {"optional"})) return {};
    const std::string name = text(*reference, {field});
    return cluster.store.get(storage, ns, name) == nullptr ? std::string(noun) + " \"" + name + "\" not found"
                                                           : "";
  };
  std::string out;
  auto keep = [&](const std::string& found) {
    if (out.empty()) out = found;
  };
  if (volumes) {
    for (const Json& volume : pod.object["spec"].value("volumes", Json::array())) {
      keep(absent("configmaps.", "configmap", find(volume, {"configMap"}), "name"));
      keep(absent("secrets.", "secret", find(volume, {"secret"}), "secretName"));
    }
    return out;
  }
  for (const Json& container : pod.object["spec"]["containers"]) {
    for (const Json& variable : container.value("env", Json::array())) {
      keep(absent("configmaps.", "configmap", find(variable, {"valueFrom", "configMapKeyRef"}), "name"));
      keep(absent("secrets.", "secret", find(variable, {"valueFrom", "secretKeyRef"}), "name"));
    }
    for (const Json& from : container.value("envFrom", Json::array())) {
      keep(absent("configmaps.", "configmap", find(from, {"configMapRef"}), "name"));
      keep(absent("secrets.", "secret", find(from, {"secretRef"}), "name"));
    }
  }
  return out;
}

void pull_fails(const Pod& pod, const std::string& now) {
  const std::string image = images(pod.object).front();
  if (now == "ContainerCreating") {
    const std::string message = "failed to pull and unpack image \"" + image +
                                "\": failed to resolve image: " +
                                (pod.behaviour.pull_error.empty() ? "not found" : pod.behaviour.pull_error);
    pod.engine.event(pod.object, "Warning", "Failed", "Failed to pull image \"" + image + "\": " + message,
                     "kubelet");
    report(pod, "Pending", waiting("ErrImagePull", message), false, 0);
  } else if (now == "ErrImagePull" && passed(pod, "pull", Millis(2000))) {
    pod.engine.event(pod.object, "Normal", "BackOff", "Back-off pulling image \"" + image + "\"", "kubelet");
    report(pod, "Pending", waiting("ImagePullBackOff", "Back-off pulling image \"" + image + "\""), false, 0);
  }
}

// 081: terminated, then CrashLoopBackOff, then running again; each time the back-off doubles.
void crash(const Pod& pod, const std::string& now) {
  const std::int64_t restarts = restarts_of(pod.object);
  const std::string policy = text(pod.object, {"spec", "restartPolicy"});
  if (now == "running") {
    if (!passed(pod, "run", kCrashAfter)) return;
    pod.engine.forget(pod.timer("run"));
    pod.engine.restart(pod.timer("back-off"));
    report(pod, policy == "Never" ? "Failed" : "Running", terminated(1, "Error"), false, restarts);
  } else if (now == "terminated" && policy != "Never") {
    const Json last = pod.object["status"]["containerStatuses"][0]["state"];
    if (restarts == 0) {
      // The first restart comes at once.
      report(pod, "Running", {{"running", {{"startedAt", Clock::date()}}}}, !has_readiness_probe(pod.object),
             1, last);
      pod.engine.restart(pod.timer("run"));
      return;
    }
    if (!passed(pod, "back-off", Millis(500))) return;
    pod.engine.event(
        pod.object, "Warning", "BackOff",
        "Back-off restarting failed container " + text(pod.object["spec"]["containers"][0], {"name"}),
        "kubelet");
    report(pod, "Running", waiting("CrashLoopBackOff", "back-off restarting failed container"), false,
           restarts, last);
  } else if (now == "CrashLoopBackOff") {
    const std::int64_t doublings = std::min<std::int64_t>(restarts - 1, 5);
    if (!passed(pod, "back-off", kFirstBackOff * (1LL << std::max<std::int64_t>(doublings, 0)))) return;
    pod.engine.restart(pod.timer("run"));
    report(pod, "Running", {{"running", {{"startedAt", Clock::date()}}}}, !has_readiness_probe(pod.object),
           restarts + 1);
  }
}

void start(const Pod& pod) {
  if (!passed(pod, "create", kCreating)) return;
  if (const std::string why = missing(pod, true); !why.empty()) {
    pod.engine.event(pod.object, "Warning", "FailedMount", "MountVolume.SetUp failed: " + why, "kubelet");
    pod.engine.wake(pod.resource, pod.object, Millis(500));
    return;
  }
  if (const std::string why = missing(pod, false); !why.empty()) {
    pod.engine.wake(pod.resource, pod.object, Millis(500));
    pod.engine.event(pod.object, "Warning", "Failed", "Error: " + why, "kubelet");
    report(pod, "Pending", waiting("CreateContainerConfigError", why), false, 0);
    return;
  }
  const bool probe = has_readiness_probe(pod.object);
  const bool job = text(pod.object, {"spec", "restartPolicy"}) != "Always";
  const bool quick = !probe && (pod.behaviour.kind == Behaviour::Kind::crash_loop ||
                                pod.behaviour.ready_after_ms <= kCreating.count());
  pod.engine.event(pod.object, "Normal", "Started", "Container started", "kubelet");
  pod.engine.restart(pod.timer("run"));
  report(pod, "Running", {{"running", {{"startedAt", Clock::date()}}}}, quick || (job && !probe), 0);
}

void run_on(const Pod& pod, const std::string& now) {
  if (now != "running") return;
  const bool job = text(pod.object, {"spec", "restartPolicy"}) != "Always";
  const Millis delay(std::max<std::int64_t>(pod.behaviour.ready_after_ms - kCreating.count(), 0));
  if (pod.behaviour.kind == Behaviour::Kind::never_ready) {
    pod.engine.event(pod.object, "Warning", "Unhealthy",
                     "Readiness probe failed: HTTP probe failed with statuscode: 503", "kubelet");
    return;
  }
  if (job) {
    if (passed(pod, "run", delay))
      report(pod, "Succeeded", terminated(0, "Completed"), false, restarts_of(pod.object));
    return;
  }
  if (ready_now(pod.object)) return;
  if (passed(pod, "run", delay))
    report(pod, "Running", pod.object["status"]["containerStatuses"][0]["state"], true,
           restarts_of(pod.object));
}

// The kubelet stops the containers, says so, and then the pod goes.
void stop(const Pod& pod) {
  const Millis grace(number(pod.object, {"metadata", "deletionGracePeriodSeconds"}) * 1000);
  if (!passed(pod, "stop", std::min(grace, Millis(300)))) return;
  if (phase_of_containers(pod.object) == "running") {
    report(pod, "Failed", terminated(137, "Error"), false, restarts_of(pod.object));
    return;
  }
  const Json* finalizers = find(pod.object, {"metadata", "finalizers"});
  if (finalizers != nullptr && !finalizers->empty()) return;
  pod.engine.cluster().remove(pod.resource, text(pod.object, {"metadata", "namespace"}),
                              text(pod.object, {"metadata", "name"}));
}

void reconcile_pod(Engine& engine, const Resource& resource, const Json& object) {
  const Pod pod{engine, resource, object, text(object, {"metadata", "uid"}), behaviour_of(engine, object)};
  const std::string phase = text(object, {"status", "phase"});
  if (dying(object)) return stop(pod);
  if (phase == "Succeeded" || phase == "Failed") return;
  if (text(object, {"spec", "nodeName"}).empty()) return schedule(pod);
  const std::string now = phase_of_containers(object);
  if (now == "none") {
    report(pod, "Pending", waiting("ContainerCreating"), false, 0);
  } else if (pod.behaviour.kind == Behaviour::Kind::image_pull_failure && now != "running") {
    pull_fails(pod, now);
  } else if (now == "ContainerCreating" || now == "CreateContainerConfigError") {
    start(pod);
  } else if (pod.behaviour.kind == Behaviour::Kind::crash_loop) {
    crash(pod, now);
  } else {
    run_on(pod, now);
  }
}

}  // namespace

void add_pods(Engine& engine) {
  engine.add("pods.", reconcile_pod);
}

}  // namespace gridseal::kubesim
