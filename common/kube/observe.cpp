#include "kube/observe.hpp"

#include <utility>

#include "kube/fields.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using base::Result;
using manifest::ObjectKey;

Result<void> failure_unless_missing(const Failure& failure) {
  if (failure.is("kube.not_found") || failure.is("kube.forbidden") || failure.is("kube.unknown_kind"))
    return {};
  return failure.error;
}

// A claim whose class waits for its first consumer, and which nobody consumes, is as ready as it will get.
Result<void> consider_storage_class(Cluster& cluster, const Json& claim, Readiness& readiness,
                                    const Limits& limits) {
  const std::string name = text_at(claim, {"spec", "storageClassName"});
  const bool has_consumer =
      !text_at(claim, {"metadata", "annotations", "volume.kubernetes.io/selected-node"}).empty();
  if (name.empty() || has_consumer) return {};
  auto found = cluster.get(ObjectKey{"storage.k8s.io", "v1", "StorageClass", "", name}, limits);
  if (!found) return failure_unless_missing(found.error());
  if (text_at(*found, {"volumeBindingMode"}) != "WaitForFirstConsumer") return {};
  readiness.state = State::current;
  readiness.reason = "WaitForFirstConsumer";
  readiness.message = "it is bound when a pod uses it";
  return {};
}

// The Job that installs a k3s HelmChart.
Result<void> consider_chart_job(Cluster& cluster, const Json& chart, Readiness& readiness,
                                const Limits& limits) {
  const std::string name = text_at(chart, {"status", "jobName"});
  if (name.empty()) return {};
  const ObjectKey key{"batch", "v1", "Job", text_at(chart, {"metadata", "namespace"}), name};
  auto job = cluster.get(key, limits);
  if (!job) return failure_unless_missing(job.error());
  Readiness of_job = judge(*job);
  if (of_job.is_current()) return {};
  readiness.state = of_job.state;
  readiness.reason = std::move(of_job.reason);
  readiness.message = key.describe() + ": " + of_job.message;
  return {};
}

}  // namespace

Result<Reading> observe(Cluster& cluster, const Json& declared, int64_t applied_generation,
                        const Limits& limits, const ReadinessRules& rules) {
  auto key = key_of(declared);
  if (!key) return std::move(key).error();
  auto live = cluster.get(*key, limits);
  if (live) return observe_live(cluster, *live, applied_generation, limits, rules);
  if (!live.error().is("kube.not_found")) return std::move(live).error().error;
  return Reading{std::move(*key), judge_absent(declared), applied_generation, {}};
}

Result<Reading> observe_live(Cluster& cluster, const Json& live, int64_t applied_generation,
                             const Limits& limits, const ReadinessRules& rules) {
  auto key = key_of(live);
  if (!key) return std::move(key).error();
  Reading reading{std::move(*key), judge(live, rules), applied_generation, {}};
  Result<void> done;
  if (reading.key.kind == "PersistentVolumeClaim" && reading.readiness.state == State::in_progress)
    done = consider_storage_class(cluster, live, reading.readiness, limits);
  if (reading.key.kind == "HelmChart" && reading.readiness.is_current())
    done = consider_chart_job(cluster, live, reading.readiness, limits);
  if (!done) return std::move(done).error();
  auto findings = diagnose(cluster, live, limits);
  if (!findings) return std::move(findings).error();
  reading.findings = std::move(*findings);
  return reading;
}

}  // namespace gridseal::kube
