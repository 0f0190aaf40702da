// The settings of a component in the words of kube.
#pragma once

#include "config/settings.hpp"
#include "kube/apply.hpp"
#include "kube/health.hpp"
#include "kube/readiness.hpp"

namespace gridseal::deploy {

// Which fields of an object are left to others.
kube::ApplyRules apply_rules(const config::Component& component, const manifest::ObjectKey& key);

// Errors (refused): deploy.health_rule, for a test that cannot be used, such as an expression that does not
// compile.
base::Result<kube::ReadinessRules> readiness_rules(const config::Component& component);

kube::HealthSettings health_settings(const config::Component& component);

}  // namespace gridseal::deploy
