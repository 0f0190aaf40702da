#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/views.hpp"
#include "report/report.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

// Leaves only the component asked for. Error (refused): control.unknown_component.
base::Result<void> narrow(Json& status, const std::string& component) {
  if (component.empty()) return {};
  Json& components = status["components"];
  Json kept = Json::array();
  for (const Json& one : components) {
    if (member(one, "name") == component) kept.push_back(one);
  }
  if (kept.empty())
    return base::Error::refused("control.unknown_component",
                                "there is no component '" + shown(component, 80) + "'");
  components = std::move(kept);
  return {};
}

bool all_healthy(const Json& status) {
  const Json* components = base::find_array(status, "components");
  if (components == nullptr) return false;
  for (const Json& component : *components) {
    const std::string state = member(component, "state");
    if (state != "healthy" && state != "suspended") return false;
  }
  const Json* agent = base::find_object(status, "agent");
  return agent != nullptr && member(*agent, "held") == "-";
}

ExitCode run_status(Context& context, const std::string& component) {
  auto answer = ask(context, "/v1/status", [&](history::History& history) -> base::Result<Json> {
    if (auto wrong = context.settings(); !wrong) (void)context.fail(wrong.error());
    auto loaded = context.settings_in_use();
    return report::status(history, loaded ? loaded->settings : config::Settings(), nullptr);
  });
  if (!answer) return context.fail(answer.error());
  if (auto r = narrow(answer->document, component); !r) return context.fail(r.error());
  if (context.as_json()) {
    context.print_json(answer->document);
  } else {
    context.print(
        status_view(answer->document, component, {context.clock.now(), context.out, terminal_width()}));
  }
  if (!answer->live) return ExitCode::unavailable;
  return all_healthy(answer->document) ? ExitCode::ok : ExitCode::refused;
}

}  // namespace

void add_status(const Command& program, Context& context) {
  const Command command = program.subcommand("status", "What runs, and what is wrong with it");
  auto component = std::make_shared<std::string>();
  command.text("component", *component, "only this one, in full");
  command.footer(
      "Exit code: 0 all healthy, 1 something is not, 3 gridseald is not running (what it recorded is "
      "shown).");
  command.action([&context, component] { return run_status(context, *component); });
}

}  // namespace gridseal::cli
