// What the account of a cluster connection may do, as the API server itself says it.
#pragma once

#include <string>
#include <string_view>

#include "kube/cluster.hpp"

namespace gridseal::kube {

// A SelfSubjectAccessReview (authorization.k8s.io/v1). Nothing is stored by it. `namespace_name` is empty for
// all namespaces and for what has none. Errors: as failure.hpp.
base::Result<bool> may(Cluster& cluster, std::string_view verb, const Resource& resource,
                       std::string_view namespace_name, const Limits& limits);

// "deployments.apps in the namespace shop".
std::string describe(const Resource& resource, std::string_view namespace_name);

}  // namespace gridseal::kube
