// The rights in the cluster that the settings need, as single questions: what `gridseal k3s setup` would
// give.
#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"
#include "kube/discovery.hpp"
#include "kube/permission.hpp"

namespace gridseal::doctor {

struct NeededRight {
  kube::Attributes attributes;
  bool essential = true;  // else without it causes are less clear, and nothing more

  auto operator<=>(const NeededRight&) const = default;
};

// Without repetition. `own_token`: the agent renews its own token.
std::vector<NeededRight> needed_rights(const config::Settings& settings,
                                       const std::vector<kube::Resource>& served, bool own_token);

// "deployments.apps in the namespace shop", "namespaces shop".
std::string describe(const kube::Attributes& attributes);

}  // namespace gridseal::doctor
