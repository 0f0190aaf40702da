#include "kube/diagnose.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/encoding.hpp"
#include "kube/fields.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using base::Result;
using manifest::ObjectKey;

constexpr base::milliseconds kLongCreation{20'000};

// Reads the pods behind one workload.
class Diagnosis {
 public:
  Diagnosis(Cluster& cluster, const Json& workload, const Limits& limits)
      : cluster_(cluster),
        workload_(workload),
        limits_(limits),
        kind_(text_at(workload, {"kind"})),
        namespace_(text_at(workload, {"metadata", "namespace"})),
        uid_(text_at(workload, {"metadata", "uid"})) {}

  Result<std::vector<PodFinding>> run() {
    Result<void> done;
    if (kind_ == "Pod") {
      done = take_pod(workload_, false);
    } else if (kind_ == "Deployment") {
      done = of_deployment();
    } else {
      note_creation_failure(workload_);
      done = each_pod(uid_);
    }
    if (!done) return std::move(done).error();
    return std::move(findings_);
  }

  // All pods that `owner` controls, in turn.
  Result<void> each_pod(const std::string& owner) {
    return each("v1", "Pod", [&](const Json& pod) -> Result<void> {
      if (!is_controlled_by(pod, owner)) return {};
      return take_pod(pod, is_of_old_revision(pod));
    });
  }

 private:
  Result<void> each(const char* version, const char* kind,
                    const std::function<Result<void>(const Json& object)>& visit) {
    const std::string group = std::string_view(kind) == "Pod" ? "" : "apps";
    auto resource = cluster_.discovery().find(group, version, kind, limits_);
    if (!resource) return std::move(resource).error();
    ListOptions options;
    if (const Json* selector = field_at(workload_, {"spec", "selector"}); selector != nullptr)
      options.label_selector = selector_text(*selector);
    auto listed = cluster_.client().list(
        collection_path(*resource, namespace_), options, [&](const Json& item) { return visit(item); },
        limits_);
    if (!listed) return std::move(listed).error().error;
    return {};
  }

  // The newest ReplicaSet has the highest revision; older ones are only being scaled down.
  Result<void> of_deployment() {
    Json newest;
    int64_t highest = -1;
    auto done = each("v1", "ReplicaSet", [&](const Json& set) -> Result<void> {
      const Json* annotations = field_at(set, {"metadata", "annotations"});
      const std::string* text = annotations == nullptr
                                    ? nullptr
                                    : base::find_string(*annotations, "deployment.kubernetes.io/revision");
      int64_t revision = 0;
      if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), revision);
      if (is_controlled_by(set, uid_) && revision > highest) {
        highest = revision;
        newest = set;
      }
      return {};
    });
    if (!done || newest.is_null()) return done;
    note_creation_failure(newest);
    return each_pod(text_at(newest, {"metadata", "uid"}));
  }

  // Quota, missing ServiceAccount, pod security: there is no pod to look at.
  void note_creation_failure(const Json& owner) {
    const Condition failure = condition_of(owner, "ReplicaFailure");
    if (!failure.is_true()) return;
    PodFinding finding;
    finding.fault = Fault::not_created;
    finding.reason = failure.reason;
    finding.message = "its pods cannot be created: " + failure.message;
    findings_.push_back(std::move(finding));
  }

  bool is_of_old_revision(const Json& pod) const {
    const Json* labels = field_at(pod, {"metadata", "labels"});
    if (labels == nullptr) return false;
    if (kind_ == "StatefulSet") {
      const std::string newest = text_at(workload_, {"status", "updateRevision"});
      return !newest.empty() && text_at(*labels, {"controller-revision-hash"}) != newest;
    }
    if (kind_ == "DaemonSet") {
      const std::string newest =
          text_at(workload_, {"metadata", "annotations", "deprecated.daemonset.template.generation"});
      const std::string own = text_at(*labels, {"pod-template-generation"});
      return !newest.empty() && !own.empty() && own != newest;
    }
    return false;
  }

  Result<void> take_pod(const Json& pod, bool old_revision) {
    // A pod that goes is no longer anybody's trouble.
    if (!text_at(pod, {"metadata", "deletionTimestamp"}).empty()) return {};
    auto findings = examine_pod(pod);
    bool in_trouble = false;
    for (PodFinding& finding : findings) {
      excuse_by_node(finding);
      finding.of_old_revision = old_revision;
      in_trouble = in_trouble || finding.fault != Fault::none;
    }
    const bool ready = condition_of(pod, "Ready").is_true();
    const std::string node = text_at(pod, {"spec", "nodeName"});
    const bool finished = text_at(pod, {"status", "phase"}) == "Succeeded";
    if ((in_trouble || (!ready && !finished)) && !node.empty() && !is_node_ready(node)) {
      PodFinding finding;
      finding.pod = text_at(pod, {"metadata", "name"});
      finding.fault = Fault::node_not_ready;
      finding.reason = "NodeNotReady";
      finding.message = "its node " + base::printable(node, 100) + " is not ready";
      findings_.push_back(std::move(finding));
      return {};
    }
    explain_creation(pod, findings);
    for (PodFinding& finding : findings) findings_.push_back(std::move(finding));
    return {};
  }

  // Nodes that are not ready take no pods: then it says nothing about a pod that no node takes it.
  void excuse_by_node(PodFinding& finding) {
    if (finding.fault != Fault::unschedulable) return;
    const std::string node = first_unready_node();
    if (node.empty()) return;
    finding.fault = Fault::node_not_ready;
    finding.reason = "NodeNotReady";
    finding.message = finding.message + " (node " + base::printable(node, 100) + " is not ready)";
  }

  // Empty when all are ready, or when the account may not read them.
  std::string first_unready_node() {
    if (std::exchange(asked_nodes_, true)) return unready_node_;
    auto resource = cluster_.discovery().find("", "v1", "Node", limits_);
    if (!resource) return {};
    (void)cluster_.client().list(
        collection_path(*resource, ""), {},
        [&](const Json& node) -> Result<void> {
          if (unready_node_.empty() && !condition_of(node, "Ready").is_true())
            unready_node_ = text_at(node, {"metadata", "name"});
          return {};
        },
        limits_);
    return unready_node_;
  }

  // A container that is being created for long waits for something that only the pod's events name: a volume
  // that cannot be mounted. They are read once for a workload; who may not read them is told less.
  void explain_creation(const Json& pod, std::vector<PodFinding>& findings) {
    const auto waiting = std::find_if(findings.begin(), findings.end(), [](const PodFinding& finding) {
      return finding.reason == "ContainerCreating" || finding.reason == "PodInitializing";
    });
    if (waiting == findings.end() || asked_events_) return;
    const auto created = base::parse_rfc3339(text_at(pod, {"metadata", "creationTimestamp"}));
    if (!created || cluster_.client().clock().now() - *created < kLongCreation) return;
    asked_events_ = true;
    const Resource events{"", "v1", "Event", "events", true, {}};
    ListOptions options;
    options.field_selector = "involvedObject.uid=" + text_at(pod, {"metadata", "uid"}) + ",type=Warning";
    std::string latest;
    std::string message;
    auto listed = cluster_.client().list(
        collection_path(events, namespace_), options,
        [&](const Json& event) -> Result<void> {
          const std::string at = text_at(event, {"lastTimestamp"});
          if (!message.empty() && at < latest) return {};
          latest = at;
          message = base::printable(text_at(event, {"message"}), 300);
          return {};
        },
        limits_);
    if (!listed || message.empty()) return;
    // "MountVolume.SetUp failed for volume "x": configmap "y" not found"
    const bool missing =
        message.find("configmap \"") != std::string::npos || message.find("secret \"") != std::string::npos;
    if (missing && message.ends_with("not found")) waiting->fault = Fault::config;
    waiting->message = "is not created: " + message;
  }

  // A node that cannot be read (no permission) is taken for ready: its pods then speak for themselves.
  bool is_node_ready(const std::string& name) {
    const auto known = nodes_.find(name);
    if (known != nodes_.end()) return known->second;
    bool ready = true;
    const auto node = cluster_.get(ObjectKey{"", "v1", "Node", "", name}, limits_);
    if (node) ready = condition_of(*node, "Ready").is_true();
    nodes_[name] = ready;
    return ready;
  }

  Cluster& cluster_;
  const Json& workload_;
  const Limits& limits_;
  std::string kind_;
  std::string namespace_;
  std::string uid_;
  bool asked_events_ = false;
  bool asked_nodes_ = false;
  std::string unready_node_;
  std::map<std::string, bool> nodes_;
  std::vector<PodFinding> findings_;
};

bool has_pods(const Json& object) {
  const std::string group = group_of(object);
  const std::string kind = text_at(object, {"kind"});
  if (group == "apps")
    return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet" || kind == "ReplicaSet";
  return (group == "batch" && kind == "Job") || (group.empty() && kind == "Pod");
}

}  // namespace

Result<std::vector<PodFinding>> diagnose(Cluster& cluster, const Json& workload, const Limits& limits) {
  if (!has_pods(workload)) return std::vector<PodFinding>();
  return Diagnosis(cluster, workload, limits).run();
}

Result<std::vector<std::string>> delete_stuck_pods(Cluster& cluster, const ObjectKey& stateful_set,
                                                   const Limits& limits) {
  auto live = cluster.get(stateful_set, limits);
  if (!live) return std::move(live).error().error;
  std::vector<std::string> deleted;
  const std::string newest = text_at(*live, {"status", "updateRevision"});
  const bool observed =
      number_at(*live, {"status", "observedGeneration"}) == number_at(*live, {"metadata", "generation"});
  const Json* selector = field_at(*live, {"spec", "selector"});
  if (newest.empty() || !observed || selector == nullptr) return deleted;

  auto resource = cluster.discovery().find("", "v1", "Pod", limits);
  if (!resource) return std::move(resource).error();
  const std::string uid = text_at(*live, {"metadata", "uid"});
  std::vector<std::pair<std::string, std::string>> stuck;  // name, uid
  ListOptions options;
  options.label_selector = selector_text(*selector);
  auto listed = cluster.client().list(
      collection_path(*resource, text_at(*live, {"metadata", "namespace"})), options,
      [&](const Json& pod) -> Result<void> {
        const bool old = text_at(pod, {"metadata", "labels", "controller-revision-hash"}) != newest;
        const bool going = !text_at(pod, {"metadata", "deletionTimestamp"}).empty();
        if (is_controlled_by(pod, uid) && old && !going && !condition_of(pod, "Ready").is_true())
          stuck.emplace_back(text_at(pod, {"metadata", "name"}), text_at(pod, {"metadata", "uid"}));
        return {};
      },
      limits);
  if (!listed) return std::move(listed).error().error;
  for (const auto& [name, pod_uid] : stuck) {
    RemoveOptions remove;
    remove.uid = pod_uid;
    const ObjectKey key{"", "v1", "Pod", text_at(*live, {"metadata", "namespace"}), name};
    auto removed = cluster.remove(key, remove, limits);
    // Another pod took the name: the controller was quicker.
    if (!removed && !removed.error().is("kube.conflict")) return std::move(removed).error().error;
    if (removed) deleted.push_back(name);
  }
  return deleted;
}

}  // namespace gridseal::kube
