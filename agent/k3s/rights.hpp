// What the agent may do in the cluster, out of its settings: the objects of RBAC that give it no more than
// the ceilings of its components allow.
//
// A component without a service account: its kinds in its namespaces, and the cluster-scoped kinds that its
// ceiling names. With one: only to act as that account; the account's own rights are its owner's matter. For
// all: reading nodes, namespaces and, in the components' namespaces, what explains a failure; deleting pods
// there (a stuck StatefulSet); a new token for itself.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "config/settings.hpp"
#include "kube/discovery.hpp"

namespace gridseal::k3s {

inline constexpr std::string_view kNamespace = "gridseal";
inline constexpr std::string_view kAccount = "gridseal";
// On everything that setup makes but namespaces: what carries it and is no longer wanted is removed.
inline constexpr std::string_view kManagedLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedValue = "gridseal-setup";

struct Rights {
  std::vector<std::string> namespaces;  // made where they are not there; the agent's own is the first
  std::vector<base::Json> objects;      // in the order in which they are to be applied
  std::vector<std::string> remarks;     // what people should know, one sentence each
};

// `served`: every kind of the cluster. Of a kind that is not served yet all kinds of its group are meant; one
// without a group is left out and remarked.
Rights rights_for(const config::Settings& settings, const std::vector<kube::Resource>& served);

}  // namespace gridseal::k3s
