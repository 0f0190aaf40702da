#include "cli/agent_client.hpp"
#include "cli/commands.hpp"

namespace gridseal::cli {
namespace {

struct RetryOptions {
  std::string component;
  std::string why;
};

ExitCode run_retry(Context& context, const RetryOptions& options) {
  auto answer = AgentClient(context.clock, context.socket_path())
                    .post("/v1/retry", {{"component", options.component}, {"why", options.why}});
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(*answer);
  } else {
    context.print(shown(options.component) + " is tried again now; " + member(*answer, "forgotten") +
                  " remembered failures were forgotten.\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_retry(const Command& program, Context& context) {
  const Command command =
      program.subcommand("retry", "Tries again what failed, is stuck, or waits after it was blocked");
  auto options = std::make_shared<RetryOptions>();
  command.text("component", options->component, "its name").required();
  command.text("--reason", options->why, "why; is kept in the audit with your name");
  command.action([&context, options] { return run_retry(context, *options); });
}

}  // namespace gridseal::cli
