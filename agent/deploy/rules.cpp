#include "deploy/rules.hpp"

#include "kube/ignore.hpp"

namespace gridseal::deploy {

kube::ApplyRules apply_rules(const config::Component& component, const manifest::ObjectKey& key) {
  kube::ApplyRules rules;
  for (const auto& rule : component.ignore) {
    if (!kube::is_of_kind(key, rule.kind)) continue;
    if (!rule.namespace_.empty() && rule.namespace_ != key.namespace_) continue;
    if (!rule.name.empty() && rule.name != key.name) continue;
    rules.ignore.insert(rules.ignore.end(), rule.fields.begin(), rule.fields.end());
  }
  return rules;
}

namespace {

base::Result<std::vector<kube::ReadinessRule>> compile(const std::string& component, const char* section,
                                                       const std::vector<config::HealthRule>& rules) {
  std::vector<kube::ReadinessRule> out;
  for (const auto& rule : rules) {
    auto condition = base::JsonCondition::make(rule.condition);
    if (!condition) {
      return base::Error::refused("deploy.health_rule", "component." + component + "." + section + " of " +
                                                            rule.kind + ": the condition on '" +
                                                            rule.condition.field + "' " +
                                                            condition.error().message());
    }
    out.push_back({rule.kind, std::move(*condition)});
  }
  return out;
}

}  // namespace

base::Result<kube::ReadinessRules> readiness_rules(const config::Component& component) {
  auto ready = compile(component.name, "ready", component.ready);
  if (!ready) return std::move(ready).error();
  auto failed = compile(component.name, "failed", component.failed);
  if (!failed) return std::move(failed).error();
  return kube::ReadinessRules{std::move(*ready), std::move(*failed)};
}

kube::HealthSettings health_settings(const config::Component& component) {
  kube::HealthSettings settings;
  settings.grace = component.grace;
  settings.soak = component.soak;
  settings.timeout = component.timeout;
  if (component.unschedulable.count() > 0) settings.unschedulable = component.unschedulable;
  return settings;
}

}  // namespace gridseal::deploy
