#include "deploy/health_watch.hpp"

#include <set>
#include <tuple>

#include "manifest/normalise.hpp"

namespace gridseal::deploy {
namespace {

using Collection =
    std::tuple<std::string, std::string, std::string, std::string>;  // group, version, kind, namespace

bool has_pods(const manifest::ObjectKey& key) {
  return key.group == "apps" || (key.group == "batch" && key.kind == "Job") ||
         (key.group.empty() && key.kind == "Pod");
}

std::set<Collection> relevant(const std::vector<kube::Reading>& readings) {
  std::set<Collection> waiting;
  std::set<Collection> workloads;
  for (const auto& reading : readings) {
    const Collection own{reading.key.group, reading.key.version, reading.key.kind, reading.key.namespace_};
    if (!reading.readiness.is_current()) waiting.insert(own);
    if (has_pods(reading.key)) workloads.insert(own);
  }
  return waiting.empty() ? workloads : waiting;
}

}  // namespace

bool HealthWatch::covers(const Site& site, const config::Component& component,
                         const std::vector<kube::Reading>& readings, const std::stop_token& stop) {
  if (!owner_.empty() && owner_ != component.name) return false;
  const auto collections = relevant(readings);
  if (collections.size() != 1) {
    release(component.name);
    return false;
  }
  const auto& [group, version, kind, namespace_name] = *collections.begin();
  kube::Cluster& cluster = site.cluster_for(component);
  const auto resource = cluster.discovery().find(group, version, kind, site.limits(stop));
  if (!resource || !resource->can("watch")) return false;
  owner_ = component.name;
  watch_.follow(cluster.client(), {kube::collection_path(*resource, namespace_name),
                                   std::string(manifest::kComponentLabel) + "=" + component.name});
  return watch_.is_open();
}

void HealthWatch::release(const std::string& component) {
  if (owner_ == component) stop();
}

void HealthWatch::stop() {
  watch_.stop();
  owner_.clear();
}

}  // namespace gridseal::deploy
