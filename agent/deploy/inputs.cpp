#include "deploy/inputs.hpp"

#include <algorithm>
#include <optional>

#include "crypto/hash.hpp"

namespace gridseal::deploy {
namespace {

using Strings = std::map<std::string, std::string>;

std::optional<Strings> strings(const base::Json& owner, std::string_view name) {
  const auto* found = base::find_object(owner, name);
  if (found == nullptr) return std::nullopt;
  Strings out;
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) return std::nullopt;
    out.emplace(key, value.get<std::string>());
  }
  return out;
}

std::optional<std::vector<std::string>> list(const base::Json& owner, std::string_view name) {
  const auto* found = base::find_array(owner, name);
  if (found == nullptr) return std::nullopt;
  std::vector<std::string> out;
  for (const auto& value : *found) {
    if (!value.is_string()) return std::nullopt;
    out.push_back(value.get<std::string>());
  }
  return out;
}

std::optional<Inputs> from_json(const base::Json& json) {
  const auto* path = base::find_string(json, "path");
  const auto* target = base::find_string(json, "targetNamespace");
  const auto* media_type = base::find_string(json, "mediaType");
  auto variables = strings(json, "variables");
  auto labels = strings(json, "labels");
  auto annotations = strings(json, "annotations");
  auto exclude = list(json, "exclude");
  if (path == nullptr || target == nullptr || media_type == nullptr) return std::nullopt;
  if (!variables || !labels || !annotations || !exclude) return std::nullopt;
  return Inputs{*path,
                *target,
                *media_type,
                std::move(*variables),
                std::move(*labels),
                std::move(*annotations),
                std::move(*exclude)};
}

}  // namespace

Inputs inputs_of(const config::Settings& settings, const config::Component& component) {
  Inputs inputs{component.path,   component.target_namespace, component.media_type, {},
                component.labels, component.annotations,      component.exclude};
  if (!component.substitute) return inputs;
  inputs.variables = component.variables;
  inputs.variables.insert(settings.site.variables.begin(), settings.site.variables.end());
  for (auto& [name, value] : inputs.variables) std::erase(value, '\n');
  return inputs;
}

base::Json to_json(const Inputs& inputs) {
  return {{"path", inputs.path},
          {"targetNamespace", inputs.target_namespace},
          {"mediaType", inputs.media_type},
          {"variables", base::Json(inputs.variables)},
          {"labels", base::Json(inputs.labels)},
          {"annotations", base::Json(inputs.annotations)},
          {"exclude", base::Json(inputs.exclude)}};
}

base::Digest values_digest(const Inputs& inputs) {
  return crypto::sha256(base::dump_json(to_json(inputs)));
}

base::Digest values_digest(const config::Settings& settings, const config::Component& component) {
  return values_digest(inputs_of(settings, component));
}

base::Result<Inputs> recorded_inputs(history::History& history, history::DeploymentId id,
                                     const Inputs& otherwise) {
  auto deployment = history.deployment(id);
  if (!deployment) return std::move(deployment).error();
  if (!*deployment) return otherwise;
  for (const auto& step : (*deployment)->steps) {
    const auto* recorded = step.name == "plan" ? base::find_object(step.detail, "inputs") : nullptr;
    if (recorded == nullptr) continue;
    auto inputs = from_json(*recorded);
    if (inputs) return std::move(*inputs);
  }
  return otherwise;
}

}  // namespace gridseal::deploy
