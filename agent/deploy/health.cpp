#include "deploy/health.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "kube/owner.hpp"

namespace gridseal::deploy {
namespace {

using Collection =
    std::tuple<std::string, std::string, std::string, std::string>;  // group, version, kind, namespace

struct Seen {
  kube::Readiness readiness;
  std::vector<kube::PodFinding> findings;
};
using SeenObjects = std::map<manifest::ObjectKey, Seen>;

bool has_pods(const std::string& kind) {
  constexpr std::array<std::string_view, 5> kKinds{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
                                                   "Job"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

base::Result<void> read_collection(const Site& site, const std::string& component,
                                   const Collection& collection, SeenObjects& seen,
                                   const std::stop_token& stop) {
  const auto& [group, version, kind, namespace_name] = collection;
  std::vector<base::Json> workloads;
  const auto sink = [&](base::Json item) -> base::Result<void> {
    auto key = kube::key_of(item);
    if (!key) return std::move(key).error();
    seen[*key].readiness = kube::judge(item);
    if (has_pods(kind)) workloads.push_back(std::move(item));
    return {};
  };
  if (auto r = kube::list_owned(*site.cluster, group, version, kind, namespace_name, component, sink,
                                site.limits(stop));
      !r) {
    return r;
  }
  for (const auto& workload : workloads) {
    auto findings = kube::diagnose(*site.cluster, workload, site.limits(stop));
    if (!findings) return std::move(findings).error();
    auto key = kube::key_of(workload);
    if (key) seen[*key].findings = std::move(*findings);
  }
  return {};
}

}  // namespace

base::Result<std::vector<kube::Reading>> read_health(
    const Site& site, const std::string& component, const manifest::Rendered& objects,
    const AppliedSet& applied, const std::function<bool(const manifest::ObjectKey&)>& wanted,
    const std::stop_token& stop) {
  std::set<Collection> collections;
  for (const auto& entry : objects.entries()) {
    if (!wanted(entry.key) || applied.left_alone.contains(entry.key)) continue;
    collections.emplace(entry.key.group, entry.key.version, entry.key.kind, entry.key.namespace_);
  }
  SeenObjects seen;
  for (const auto& collection : collections) {
    if (auto r = read_collection(site, component, collection, seen, stop); !r) return std::move(r).error();
  }
  std::vector<kube::Reading> readings;
  for (const auto& entry : objects.entries()) {
    if (!wanted(entry.key) || applied.left_alone.contains(entry.key)) continue;
    kube::Reading reading{entry.key, {}, 0, {}};
    if (const auto it = seen.find(entry.key); it != seen.end()) {
      reading.readiness = it->second.readiness;
      reading.findings = it->second.findings;
    } else {
      reading.readiness.state = kube::State::not_found;
      reading.readiness.reason = "NotFound";
      reading.readiness.message = "it is not there";
    }
    if (const auto it = applied.generations.find(entry.key); it != applied.generations.end()) {
      reading.applied_generation = it->second;
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

}  // namespace gridseal::deploy
