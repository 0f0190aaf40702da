#include <algorithm>

#include "cli/commands.hpp"
#include "cli/next_steps.hpp"
#include "cli/settling.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

struct ReconcileOptions {
  std::vector<std::string> components;
  bool wait = false;
  std::string timeout = "5m";
};

std::string told_of(const Context& context, const Json& component) {
  const std::string state = member(component, "state");
  std::string text = member(component, "name") + ": " + context.out.paint(colour_of(state), state);
  if (state == "healthy") return text + "\n";
  if (const std::string message = member(component, "message"); message != "-") text += ": " + message;
  if (const std::string reason = member(component, "reason"); reason != "-") text += " (" + reason + ")";
  text += "\n";
  if (const std::string step = next_step_for(component); !step.empty()) text += "  → " + step + "\n";
  return text;
}

ExitCode finish_reconcile(const Context& context, Json components) {
  const bool healthy =
      std::ranges::all_of(components, [](const Json& one) { return member(one, "state") == "healthy"; });
  if (context.as_json()) {
    context.print_json(Json{{"components", std::move(components)}});
  } else {
    for (const Json& component : components) context.print(told_of(context, component));
  }
  return healthy ? ExitCode::ok : ExitCode::refused;
}

ExitCode run_reconcile(Context& context, const ReconcileOptions& options) {
  auto timeout = base::parse_duration(options.timeout);
  if (!timeout) return context.fail(base::Error::refused("usage", timeout.error().message()));
  AgentClient client(context.clock, context.socket_path());
  const base::Time since = context.clock.now();
  auto requested = request_look(client, options.components);
  if (!requested) return context.fail(requested.error());
  if (options.wait) {
    auto components = await_settled(context, client, *requested, since, *timeout);
    return components ? finish_reconcile(context, std::move(*components)) : context.fail(components.error());
  }
  if (context.as_json()) {
    context.print_json(Json{{"requested", *requested}});
  } else {
    for (const std::string& name : *requested) context.print("requested: " + shown(name) + "\n");
    context.note("'gridseal status' tells what comes of it; --wait waits for that.");
  }
  return ExitCode::ok;
}

}  // namespace

void add_reconcile(const Command& program, Context& context) {
  const Command command =
      program.subcommand("reconcile", "Looks at the registry now instead of at the next interval");
  auto options = std::make_shared<ReconcileOptions>();
  command.texts("components", options->components, "their names; none means all");
  command.flag("--wait", options->wait, "until nothing is under way any more");
  command.text("--timeout", options->timeout, "of --wait").shows_default();
  command.footer("Exit code with --wait: 0 healthy, 1 not.");
  command.action([&context, options] { return run_reconcile(context, *options); });
}

}  // namespace gridseal::cli
