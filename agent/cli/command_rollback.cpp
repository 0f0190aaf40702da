#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/words.hpp"

namespace gridseal::cli {
namespace {

struct RollbackOptions {
  std::string component;
  std::string to;
  std::string why;
};

ExitCode run_rollback(Context& context, const RollbackOptions& options) {
  base::Json body{{"component", options.component}, {"why", options.why}};
  if (!options.to.empty()) body["to"] = options.to;
  auto answer = AgentClient(context.clock, context.socket_path()).post("/v1/rollback", body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(*answer);
  } else {
    context.print(shown(options.component) + " goes back to " + short_revision(member(*answer, "revision")) +
                  ". What it leaves is not taken again until the registry names another revision, or: "
                  "gridseal retry " +
                  shown(options.component) + "\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_rollback(const Command& program, Context& context) {
  const Command command =
      program.subcommand("rollback", "Goes back to the good revision before, out of this host's own store");
  auto options = std::make_shared<RollbackOptions>();
  command.text("component", options->component, "its name").required();
  command.text("--to", options->to, "version, revision or digest that was healthy here before");
  command.text("--reason", options->why, "why; is kept in the audit with your name");
  command.footer(
      "A deployment that is under way is turned back. gridseald does it; watch it with gridseal status.");
  command.action([&context, options] { return run_rollback(context, *options); });
}

}  // namespace gridseal::cli
