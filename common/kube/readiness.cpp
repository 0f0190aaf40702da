#include "kube/readiness.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "kube/diagnose.hpp"
#include "kube/fields.hpp"
#include "kube/ignore.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

Readiness current(std::string message = {}) {
  return {State::current, "Current", std::move(message), 0, 0};
}
Readiness in_progress(std::string reason, std::string message) {
  return {State::in_progress, std::move(reason), std::move(message), 0, 0};
}
Readiness failed(std::string reason, std::string message) {
  return {State::failed, std::move(reason), std::move(message), 0, 0};
}

std::string of(int64_t part, int64_t whole, const char* what) {
  return std::to_string(part) + " of " + std::to_string(whole) + " replicas are " + what;
}

std::string or_else(std::string text, const char* fallback) {
  return text.empty() ? fallback : std::move(text);
}

Readiness judge_deployment(const Json& live) {
  const Condition progressing = condition_of(live, "Progressing");
  if (progressing.reason == "ProgressDeadlineExceeded")
    return failed(progressing.reason, "the rollout made no progress within its deadline");
  const int64_t wanted = number_at(live, {"spec", "replicas"}, 1);
  const int64_t total = number_at(live, {"status", "replicas"});
  const int64_t updated = number_at(live, {"status", "updatedReplicas"});
  const int64_t available = number_at(live, {"status", "availableReplicas"});
  const int64_t ready = number_at(live, {"status", "readyReplicas"});
  if (true_at(live, {"spec", "paused"}) && updated < wanted)
    return in_progress("Paused", "the rollout is paused");
  if (updated != wanted) return in_progress("Updating", of(updated, wanted, "updated"));
  if (total > wanted)
    return in_progress("Terminating", total - wanted == 1
                                          ? "an old replica is still there"
                                          : std::to_string(total - wanted) + " old replicas are still there");
  if (total < wanted) return in_progress("Creating", of(total, wanted, "created"));
  if (ready != wanted) return in_progress("NotReady", of(ready, wanted, "ready"));
  if (available != wanted) return in_progress("NotAvailable", of(available, wanted, "available"));
  if (!condition_of(live, "Available").is_true())
    return in_progress("NotAvailable", "the condition Available is not True");
  return current();
}

Readiness judge_stateful_set(const Json& live) {
  if (text_at(live, {"spec", "updateStrategy", "type"}) == "OnDelete")
    return current("updated when its pods are deleted (OnDelete)");
  const int64_t wanted = number_at(live, {"spec", "replicas"}, 1);
  const int64_t total = number_at(live, {"status", "replicas"});
  const int64_t ready = number_at(live, {"status", "readyReplicas"});
  const int64_t updated = number_at(live, {"status", "updatedReplicas"});
  const int64_t partition = number_at(live, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  if (total < wanted) return in_progress("Creating", of(total, wanted, "created"));
  if (ready < wanted) return in_progress("NotReady", of(ready, wanted, "ready"));
  if (total > wanted)
    return in_progress("Terminating", std::to_string(total - wanted) + " replicas too many are still there");
  if (partition > 0) {
    const int64_t due = partition < wanted ? wanted - partition : 0;
    if (updated < due) return in_progress("Updating", of(updated, due, "updated"));
    return current("updated down to partition " + std::to_string(partition));
  }
  if (text_at(live, {"status", "currentRevision"}) != text_at(live, {"status", "updateRevision"}))
    return in_progress("Updating", of(updated, wanted, "updated"));
  return current();
}

Readiness judge_daemon_set(const Json& live) {
  if (field_at(live, {"status", "observedGeneration"}) == nullptr)
    return in_progress("NotObserved", "its controller has not seen it yet");
  if (field_at(live, {"status", "desiredNumberScheduled"}) == nullptr)
    return in_progress("NotScheduled", "its controller has not counted its nodes yet");
  const int64_t wanted = number_at(live, {"status", "desiredNumberScheduled"});
  const bool on_delete = text_at(live, {"spec", "updateStrategy", "type"}) == "OnDelete";
  struct Counter {
    const char* field;
    const char* reason;
    const char* word;
  };
  static constexpr std::array<Counter, 4> kCounters = {{{"currentNumberScheduled", "Creating", "created"},
                                                        {"updatedNumberScheduled", "Updating", "updated"},
                                                        {"numberAvailable", "NotAvailable", "available"},
                                                        {"numberReady", "NotReady", "ready"}}};
  for (const Counter& counter : kCounters) {
    if (on_delete && std::string_view(counter.reason) == "Updating") continue;
    const int64_t count = number_at(live, {"status", counter.field});
    if (count < wanted) return in_progress(counter.reason, of(count, wanted, counter.word));
  }
  return current();
}

Readiness judge_replica_set(const Json& live) {
  if (const Condition failure = condition_of(live, "ReplicaFailure"); failure.is_true())
    return in_progress(or_else(failure.reason, "ReplicaFailure"), failure.message);
  const int64_t wanted = number_at(live, {"spec", "replicas"}, 1);
  const int64_t total = number_at(live, {"status", "replicas"});
  const int64_t labelled = number_at(live, {"status", "fullyLabeledReplicas"});
  const int64_t available = number_at(live, {"status", "availableReplicas"});
  const int64_t ready = number_at(live, {"status", "readyReplicas"});
  if (labelled < wanted) return in_progress("Creating", of(labelled, wanted, "created"));
  if (available < wanted) return in_progress("NotAvailable", of(available, wanted, "available"));
  if (ready < wanted) return in_progress("NotReady", of(ready, wanted, "ready"));
  if (total > wanted)
    return in_progress("Terminating", std::to_string(total - wanted) + " replicas too many are still there");
  return current();
}

Readiness judge_job(const Json& live) {
  if (condition_of(live, "Complete").is_true()) return current("completed");
  if (const Condition failure = condition_of(live, "Failed"); failure.is_true())
    return failed(or_else(failure.reason, "Failed"), or_else(failure.message, "the Job failed"));
  if (condition_of(live, "Suspended").is_true() || true_at(live, {"spec", "suspend"}))
    return current("suspended");
  return in_progress("Running", "the Job has not finished");
}

Readiness judge_pod(const Json& live) {
  const std::string phase = text_at(live, {"status", "phase"});
  if (phase == "Succeeded") return current("completed");
  if (phase == "Failed") {
    return failed(or_else(text_at(live, {"status", "reason"}), "PodFailed"),
                  or_else(text_at(live, {"status", "message"}), "the pod failed"));
  }
  if (phase == "Running" && condition_of(live, "Ready").is_true()) return current();
  const auto findings = examine_pod(live);
  for (const PodFinding& finding : findings) {
    if (finding.fault == Fault::image || finding.fault == Fault::config || finding.fault == Fault::crash)
      return failed(finding.reason, worst_cause(findings));
  }
  const std::string cause = worst_cause(findings);
  return in_progress(findings.empty() ? "Pending" : or_else(findings.front().reason, "NotReady"),
                     cause.empty() ? "the pod is not ready" : cause);
}

Readiness judge_service(const Json& live) {
  if (text_at(live, {"spec", "type"}) != "LoadBalancer") return current();
  const Json* ingress = field_at(live, {"status", "loadBalancer", "ingress"});
  if (ingress != nullptr && ingress->is_array() && !ingress->empty()) return current();
  return in_progress("NoLoadBalancer", "it has no load balancer address yet");
}

Readiness judge_claim(const Json& live) {
  const std::string phase = text_at(live, {"status", "phase"});
  if (phase == "Bound") return current();
  if (phase == "Lost") return failed("Lost", "its volume is gone");
  return in_progress("NotBound", "it is not bound to a volume yet");
}

Readiness judge_definition(const Json& live) {
  if (const Condition names = condition_of(live, "NamesAccepted"); names.is_false())
    return failed(or_else(names.reason, "NamesNotAccepted"),
                  "its names are not accepted: " + or_else(names.message, "another definition has them"));
  if (condition_of(live, "Established").is_true()) return current();
  return in_progress("NotEstablished", "it is not established yet");
}

Readiness judge_namespace(const Json& live) {
  const std::string phase = text_at(live, {"status", "phase"});
  if (phase.empty() || phase == "Active") return current();
  return in_progress(phase, "it is not active");
}

Readiness judge_api_service(const Json& live) {
  const Condition available = condition_of(live, "Available");
  if (available.is_true()) return current();
  return in_progress(or_else(available.reason, "NotAvailable"),
                     or_else(available.message, "its extension server does not answer yet"));
}

// helm.cattle.io of k3s; whether the Job of the chart has finished is added by observe().
Readiness judge_helm_chart(const Json& live) {
  if (const Condition failure = condition_of(live, "Failed"); failure.is_true())
    return failed(or_else(failure.reason, "Failed"),
                  or_else(failure.message, "the chart could not be installed"));
  if (condition_of(live, "JobCreated").is_true()) return current();
  return in_progress("NoJob", "its install Job has not been created yet");
}

Readiness judge_by_ready_condition(const Json& live) {
  const Condition ready = condition_of(live, "Ready");
  if (ready.status.empty() || ready.is_true()) return current();
  return in_progress(or_else(ready.reason, "NotReady"),
                     or_else(ready.message, "the condition Ready is not True"));
}

struct Rule {
  std::string_view group;
  std::string_view kind;
  Readiness (*judge)(const Json& live);
};

Readiness always_current(const Json& /*live*/) {
  return current();
}

constexpr std::array<Rule, 16> kRules = {
    {{"apps", "Deployment", judge_deployment},
     {"apps", "StatefulSet", judge_stateful_set},
     {"apps", "DaemonSet", judge_daemon_set},
     {"apps", "ReplicaSet", judge_replica_set},
     {"batch", "Job", judge_job},
     {"batch", "CronJob", always_current},
     {"", "Pod", judge_pod},
     {"", "Service", judge_service},
     {"", "PersistentVolumeClaim", judge_claim},
     {"", "Namespace", judge_namespace},
     {"", "ConfigMap", always_current},
     {"", "Secret", always_current},
     {"policy", "PodDisruptionBudget", always_current},
     {"apiextensions.k8s.io", "CustomResourceDefinition", judge_definition},
     {"apiregistration.k8s.io", "APIService", judge_api_service},
     {"helm.cattle.io", "HelmChart", judge_helm_chart}}};

// What a field is and what it is asked to be.
std::string state_of(const base::JsonCondition& condition, const Json& live) {
  const Json* field = condition.find(live);
  return condition.test().field + " is " +
         (field == nullptr ? std::string("not there") : base::printable(base::dump_json(*field), 120));
}

// By the site's own rules; nothing when it has none that decide.
std::optional<Readiness> judge_by_rules(const Json& live, const ReadinessRules& rules) {
  const manifest::ObjectKey key{group_of(live), "", text_at(live, {"kind"}), "", ""};
  for (const ReadinessRule& rule : rules.failed) {
    if (is_of_kind(key, rule.kind) && rule.condition.holds(live))
      return failed("RuleFailed", state_of(rule.condition, live));
  }
  bool decided = false;
  for (const ReadinessRule& rule : rules.ready) {
    if (!is_of_kind(key, rule.kind)) continue;
    decided = true;
    if (!rule.condition.holds(live)) {
      return in_progress("RuleNotMet", state_of(rule.condition, live) + "; ready when it " +
                                           base::describe(rule.condition.test()));
    }
  }
  if (!decided) return std::nullopt;
  return current();
}

Readiness judge_by_kind(const Json& live, const ReadinessRules& rules) {
  const std::string group = group_of(live);
  const std::string kind = text_at(live, {"kind"});
  for (const Rule& rule : kRules)
    if (rule.group == group && rule.kind == kind) return rule.judge(live);
  if (auto ruled = judge_by_rules(live, rules); ruled) return std::move(*ruled);
  return judge_by_ready_condition(live);
}

Readiness judge_in_order(const Json& live, int64_t generation, const ReadinessRules& rules) {
  if (!text_at(live, {"metadata", "deletionTimestamp"}).empty())
    return {State::terminating, "Terminating", "it is being deleted", 0, 0};
  const Json* observed = field_at(live, {"status", "observedGeneration"});
  if (observed != nullptr && observed->is_number_integer() && observed->get<int64_t>() != generation)
    return in_progress("NotObserved", "its controller has not seen the newest generation yet");
  // Workload controllers report every generation; before their first word there is no status at all.
  const std::string kind = text_at(live, {"kind"});
  const bool reports =
      group_of(live) == "apps" && (kind == "Deployment" || kind == "StatefulSet" || kind == "ReplicaSet");
  if (observed == nullptr && reports) return in_progress("NotObserved", "its controller has not seen it yet");
  if (const Condition reconciling = condition_of(live, "Reconciling"); reconciling.is_true())
    return in_progress(or_else(reconciling.reason, "Reconciling"),
                       or_else(reconciling.message, "it is reconciling"));
  if (const Condition stalled = condition_of(live, "Stalled"); stalled.is_true())
    return failed(or_else(stalled.reason, "Stalled"), or_else(stalled.message, "it is stalled"));
  return judge_by_kind(live, rules);
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::current:
      return "current";
    case State::in_progress:
      return "in progress";
    case State::failed:
      return "failed";
    case State::terminating:
      return "terminating";
    case State::not_found:
      return "not found";
  }
  return "in progress";
}

Readiness judge(const Json& live, const ReadinessRules& rules) {
  const int64_t generation = number_at(live, {"metadata", "generation"});
  Readiness readiness = judge_in_order(live, generation, rules);
  readiness.generation = generation;
  readiness.observed = number_at(live, {"status", "observedGeneration"});
  return readiness;
}

Readiness judge_absent(const Json& declared) {
  if (text_at(declared, {"kind"}) == "Job" && group_of(declared) == "batch" &&
      field_at(declared, {"spec", "ttlSecondsAfterFinished"}) != nullptr) {
    return current("finished, and removed by its ttlSecondsAfterFinished");
  }
  return {State::not_found, "NotFound", "it is not there", 0, 0};
}

}  // namespace gridseal::kube
