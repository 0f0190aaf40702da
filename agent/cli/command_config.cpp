#include "cli/commands.hpp"
#include "deploy/settings_check.hpp"

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
  for (const config::Problem& problem : deploy::check_components(*loaded)) {
    list.push_back(form(problem));
    text += problem.to_string() + "\n";
  }
  for (const base::Error& error :
       deploy::check_policies(context.files, loaded->settings, context.globals.state_directory)) {
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
