#include "cli/commands.hpp"
#include "deploy/trust_update.hpp"
#include "oci/reference.hpp"
#include "oci/semver_range.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

Json form(const config::Problem& problem) {
  return {{"file", problem.place.file},
          {"line", problem.place.line},
          {"column", problem.place.column},
          {"key", problem.key},
          {"message", problem.message}};
}

// What only the modules that use a value can judge: keys and policies. A problem each.
std::vector<base::Error> check_trust(const Context& context, const config::Settings& settings) {
  // With the trust bundle in force: policies may name its keys.
  auto site =
      deploy::load_site_trust(context.files, {settings.trust.directory, context.globals.state_directory});
  auto state = site ? base::Result<trust::TrustState>(std::move(site->state))
                    : base::Result<trust::TrustState>(std::move(site).error());
  // Not everybody may read the agent's state.
  if (!state && state.error().code() == "files.permission")
    state = trust::load_trust(context.files, settings.trust.directory);
  if (!state) return {state.error()};
  std::vector<base::Error> problems;
  for (const auto& [name, policy] : settings.trust.policies) {
    auto made = trust::make_policy(*state, policy);
    if (!made) problems.push_back(made.error());
  }
  return problems;
}

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

// What the settings leave to the registry's client to judge.
std::vector<config::Problem> check_components(const config::Loaded& loaded) {
  std::vector<config::Problem> problems;
  for (const auto& [name, component] : loaded.settings.components) {
    const std::string section = "component." + name;
    for (const char* key : {"repository", "tag", "semver", "tag_filter"}) {
      std::string wrong = wrong_with(component, key);
      if (wrong.empty()) continue;
      const config::Effective* effective = config::find_effective(loaded, section, key);
      const auto place = effective == nullptr ? std::nullopt : effective->place;
      problems.push_back({place.value_or(config::Place()), section + "." + key, std::move(wrong)});
    }
  }
  return problems;
}

ExitCode report_problems(const Context& context, Json list, const std::string& text) {
  if (context.as_json()) {
    context.print_json(Json{{"valid", false}, {"problems", std::move(list)}});
  } else {
    context.print(text);
  }
  return ExitCode::refused;
}

ExitCode check(Context& context) {
  auto loaded = config::load(context.files, context.globals.config_directory);
  Json list = Json::array();
  if (!loaded) {
    for (const config::Problem& problem : loaded.error().list) list.push_back(form(problem));
    return report_problems(context, std::move(list), loaded.error().to_string());
  }
  std::string text;
  for (const config::Problem& problem : check_components(*loaded)) {
    list.push_back(form(problem));
    text += problem.to_string() + "\n";
  }
  for (const base::Error& error : check_trust(context, loaded->settings)) {
    list.push_back({{"key", "trust"}, {"code", error.code()}, {"message", error.describe()}});
    text += shown(error.describe(), 1000) + " (" + error.code() + ")\n";
  }
  if (!list.empty()) return report_problems(context, std::move(list), text);
  const size_t files = loaded->sources.size();
  const size_t components = loaded->settings.components.size();
  if (context.as_json()) {
    context.print_json(
        Json{{"valid", true}, {"problems", list}, {"files", files}, {"components", components}});
  } else {
    context.print("The settings are right: " + std::to_string(files) + (files == 1 ? " file, " : " files, ") +
                  std::to_string(components) + (components == 1 ? " component.\n" : " components.\n"));
  }
  return ExitCode::ok;
}

ExitCode show(Context& context) {
  auto loaded = context.settings();
  if (!loaded) return context.fail(loaded.error());
  if (!context.as_json()) {
    context.print(config::show(*loaded));
    return ExitCode::ok;
  }
  Json list = Json::array();
  for (const config::Effective& value : loaded->effective) {
    list.push_back({{"section", value.section},
                    {"key", value.key},
                    {"value", value.value},
                    {"from", value.place ? Json(value.place->to_string()) : Json()}});
  }
  context.print_json(Json{{"settings", std::move(list)}});
  return ExitCode::ok;
}

}  // namespace

void add_config(const Command& program, Context& context) {
  const Command config = program.subcommand("config", "The settings of this host");
  config.subcommand("check", "Says everything that is wrong with the settings, with file, line and key")
      .footer("Exit code: 0 right, 1 wrong.")
      .action([&context] { return check(context); });
  config.subcommand("show", "Every setting in force, and where it comes from").action([&context] {
    return show(context);
  });
}

}  // namespace gridseal::cli
