// The order in which objects are applied, and the stages that are waited for.
#pragma once

#include <string_view>

#include "manifest/object.hpp"

namespace gridseal::manifest {

enum class Stage {
  definitions = 1,  // CustomResourceDefinition, Namespace, ClusterRole: waited until established and active
  classes = 2,      // kinds that end in "Class": waited for
  rest = 3,
};

Stage stage(const ObjectKey& key);

// True when `a` is applied before `b`: by stage, then by kind's rank, the kinds without a rank by group and
// kind, webhooks and admission policies last; ties by namespace, then name. Deletion runs in reverse.
bool applies_before(const ObjectKey& a, const ObjectKey& b);

}  // namespace gridseal::manifest
