#include "deploy/health.hpp"

#include <tuple>

#include "kube/observe.hpp"
#include "kube/owner.hpp"

namespace gridseal::deploy {
namespace {

using Collection =
    std::tuple<std::string, std::string, std::string, std::string>;  // group, version, kind, namespace

using Readings = std::map<manifest::ObjectKey, kube::Reading>;

base::Result<void> read_collection(const Site& site, const config::Component& component,
                                   const Collection& collection, const AppliedSet& applied,
                                   Readings& readings, const std::stop_token& stop) {
  const auto& [group, version, kind, namespace_name] = collection;
  const auto sink = [&](base::Json item) -> base::Result<void> {
    auto key = kube::key_of(item);
    if (!key) return std::move(key).error();
    const auto generation = applied.generations.find(*key);
    auto reading = kube::observe_live(site.cluster_for(component), item,
                                      generation == applied.generations.end() ? 0 : generation->second,
                                      site.limits(stop), site.generation->readiness_of(component));
    if (!reading) return std::move(reading).error();
    readings.insert_or_assign(*key, std::move(*reading));
    return {};
  };
  auto listed = kube::list_owned(site.cluster_for(component), group, version, kind, namespace_name,
                                 component.name, sink, site.limits(stop));
  // Its definition was taken away under us, and the objects with it: they are missing, which is a verdict.
  if (!listed && (listed.error().code() == "kube.not_found" || listed.error().code() == "kube.unknown_kind"))
    return {};
  return listed;
}

}  // namespace

base::Result<std::vector<kube::Reading>> read_health(
    const Site& site, const config::Component& component, const manifest::Rendered& objects,
    const AppliedSet& applied, const std::function<bool(const manifest::ObjectKey&)>& wanted,
    const std::stop_token& stop) {
  std::set<Collection> collections;
  for (const auto& entry : objects.entries()) {
    if (!wanted(entry.key) || applied.left_alone.contains(entry.key)) continue;
    collections.emplace(entry.key.group, entry.key.version, entry.key.kind, entry.key.namespace_);
  }
  Readings seen;
  for (const auto& collection : collections) {
    if (auto r = read_collection(site, component, collection, applied, seen, stop); !r)
      return std::move(r).error();
  }
  std::vector<kube::Reading> readings;
  for (const auto& entry : objects.entries()) {
    if (!wanted(entry.key) || applied.left_alone.contains(entry.key)) continue;
    if (const auto it = seen.find(entry.key); it != seen.end()) {
      readings.push_back(std::move(it->second));
      continue;
    }
    auto object = objects.load(static_cast<size_t>(&entry - objects.entries().data()));
    if (!object) return std::move(object).error();
    kube::Reading absent{entry.key, kube::judge_absent(object->body), 0, {}};
    readings.push_back(std::move(absent));
  }
  return readings;
}

}  // namespace gridseal::deploy
