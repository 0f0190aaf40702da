#include "cli/agent_client.hpp"
#include "cli/commands.hpp"

namespace gridseal::cli {
namespace {

struct StopOptions {
  std::string component;
  std::string why;
};

ExitCode run_stop(Context& context, const StopOptions& options) {
  auto answer = AgentClient(context.clock, context.socket_path())
                    .post("/v1/stop", {{"component", options.component}, {"why", options.why}});
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(*answer);
  } else {
    context.print(
        shown(options.component) +
        " is being scaled to nothing; no object and no data is deleted. It starts again by itself when "
        "it verifies again, or with a revision that verifies.\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_stop(const Command& program, Context& context) {
  const Command command =
      program.subcommand("stop", "Stops a component whose running revision no longer verifies");
  auto options = std::make_shared<StopOptions>();
  command.text("component", options->component, "its name").required();
  command.text("--reason", options->why, "why; is kept in the audit with your name").required();
  command.footer(
      "Only where the settings say on_untrusted = \"stop\". What cannot be scaled (a bare Pod) runs on "
      "and is named in the journal.");
  command.action([&context, options] { return run_stop(context, *options); });
}

}  // namespace gridseal::cli
