#include "deploy/settings_check.hpp"

#include "deploy/trust_update.hpp"
#include "oci/reference.hpp"
#include "oci/semver_range.hpp"

namespace gridseal::deploy {
namespace {

std::string wrong_with(const config::Component& component, std::string_view key) {
  const auto message = [](const auto& parsed) { return parsed ? std::string() : parsed.error().message(); };
  if (key == "repository" && !oci::is_repository_path(component.repository))
    return "is no repository path: lower-case letters, digits, and . _ - between them, in parts divided by /";
  if (key == "tag" && !component.tag.empty() && !oci::is_tag(component.tag))
    return "is no tag: at most 128 letters, digits, and . _ -";
  if (key == "semver" && !component.semver.empty()) return message(oci::SemverRange::parse(component.semver));
  if (key == "tag_filter" && !component.tag_filter.empty())
    return message(oci::TagFilter::parse(component.tag_filter));
  return {};
}

void add_problem(const config::Loaded& loaded, const std::string& section, const char* key, std::string wrong,
                 std::vector<config::Problem>& problems) {
  if (wrong.empty()) return;
  const config::Effective* effective = config::find_effective(loaded, section, key);
  const auto place = effective == nullptr ? std::nullopt : effective->place;
  problems.push_back({place.value_or(config::Place()), section + "." + key, std::move(wrong)});
}

void check_upgrade(const config::Loaded& loaded, std::vector<config::Problem>& problems) {
  const config::Upgrade& upgrade = loaded.settings.upgrade;
  config::Component as_component;
  as_component.repository = upgrade.repository;
  as_component.semver = upgrade.semver;
  if (!upgrade.repository.empty())
    add_problem(loaded, "upgrade", "repository", wrong_with(as_component, "repository"), problems);
  add_problem(loaded, "upgrade", "semver", wrong_with(as_component, "semver"), problems);
}

}  // namespace

std::vector<config::Problem> check_components(const config::Loaded& loaded) {
  std::vector<config::Problem> problems;
  for (const auto& [name, component] : loaded.settings.components) {
    const std::string section = "component." + name;
    for (const char* key : {"repository", "tag", "semver", "tag_filter"})
      add_problem(loaded, section, key, wrong_with(component, key), problems);
  }
  check_upgrade(loaded, problems);
  return problems;
}

std::vector<base::Error> check_policies(base::Files& files, const config::Settings& settings,
                                        const std::string& state_directory) {
  auto site = load_site_trust(files, {settings.trust.directory, state_directory});
  auto state = site ? base::Result<trust::TrustState>(std::move(site->state))
                    : base::Result<trust::TrustState>(std::move(site).error());
  // Not everybody may read the agent's state.
  if (!state && state.error().code() == "files.permission")
    state = trust::load_trust(files, settings.trust.directory);
  if (!state) return {state.error()};
  std::vector<base::Error> problems;
  for (const auto& [name, policy] : settings.trust.policies) {
    auto made = trust::make_policy(*state, policy);
    if (!made) problems.push_back(made.error());
  }
  return problems;
}

}  // namespace gridseal::deploy
