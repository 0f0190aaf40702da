// What the cluster shows of a rendered set: the readings that kube::HealthCheck judges.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "deploy/site.hpp"
#include "kube/health.hpp"
#include "manifest/rendered.hpp"

namespace gridseal::deploy {

// What was applied, as the API server answered it.
struct AppliedSet {
  std::map<manifest::ObjectKey, int64_t> generations;
  std::set<manifest::ObjectKey> left_alone;  // an annotation says so; not judged
};

// One LIST for each kind and namespace (owner label), and the pods of each workload. Objects for which
// `wanted` is false are left out. Errors: kube.*.
base::Result<std::vector<kube::Reading>> read_health(
    const Site& site, const config::Component& component, const manifest::Rendered& objects,
    const AppliedSet& applied, const std::function<bool(const manifest::ObjectKey&)>& wanted,
    const std::stop_token& stop);

}  // namespace gridseal::deploy
