// What the account of a cluster connection may do, as the API server itself says it.
#pragma once

#include <string>
#include <string_view>

#include "kube/cluster.hpp"

namespace gridseal::kube {

// ResourceAttributes of authorization.k8s.io/v1.
struct Attributes {
  std::string verb{};
  std::string group{};        // "" is the core group
  std::string resource{};     // plural
  std::string subresource{};  // "token"; empty: the object itself
  std::string namespace_{};   // empty: all namespaces, and what has none
  std::string name{};         // empty: any object

  auto operator<=>(const Attributes&) const = default;
};

// A SelfSubjectAccessReview (authorization.k8s.io/v1). Nothing is stored by it. Errors: as failure.hpp.
base::Result<bool> may(Cluster& cluster, const Attributes& attributes, const Limits& limits);

// The same for a kind. `namespace_name` is empty for all namespaces and for what has none.
base::Result<bool> may(Cluster& cluster, std::string_view verb, const Resource& resource,
                       std::string_view namespace_name, const Limits& limits);

// "deployments.apps in the namespace shop".
std::string describe(const Resource& resource, std::string_view namespace_name);

}  // namespace gridseal::kube
