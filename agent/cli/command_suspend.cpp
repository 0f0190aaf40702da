#include "base/time.hpp"
#include "cli/agent_client.hpp"
#include "cli/commands.hpp"

namespace gridseal::cli {
namespace {

struct SuspendOptions {
  std::string component;
  std::string why;
  std::string until;
  std::string length;  // --for
};

ExitCode run_suspend(Context& context, const SuspendOptions& options) {
  base::Json body{{"component", options.component}, {"why", options.why}};
  if (!options.until.empty()) body["until"] = options.until;
  if (!options.length.empty()) {
    auto length = base::parse_duration(options.length);
    if (!length) return context.fail(base::Error::refused("usage", length.error().message()));
    body["until"] = base::format_rfc3339(context.clock.now() + *length);
  }
  auto answer = AgentClient(context.clock, context.socket_path()).post("/v1/suspend", body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(*answer);
    return ExitCode::ok;
  }
  const std::string until = member(*answer, "until");
  context.print(shown(options.component) + " is suspended" + (until == "-" ? "" : " until " + until) +
                ": releases are fetched and verified, nothing is changed. A rollback that is under way is "
                "finished.\n");
  return ExitCode::ok;
}

ExitCode run_resume(Context& context, const SuspendOptions& options) {
  auto answer = AgentClient(context.clock, context.socket_path())
                    .post("/v1/resume", {{"component", options.component}, {"why", options.why}});
  if (!answer) return context.fail(answer.error());
  if (context.as_json())
    context.print_json(*answer);
  else
    context.print(shown(options.component) + " goes on.\n");
  return ExitCode::ok;
}

}  // namespace

void add_suspend(const Command& program, Context& context) {
  const Command command = program.subcommand("suspend", "Holds the changes of a component back");
  auto options = std::make_shared<SuspendOptions>();
  command.text("component", options->component, "its name").required();
  command.text("--reason", options->why, "why; is kept in the audit with your name").required();
  const Option until =
      command.text("--until", options->until, "when it goes on by itself; RFC 3339, 2026-11-24T08:00:00Z");
  const Option length = command.text("--for", options->length, "the same as a duration, 2h30m");
  until.excludes(length);
  command.action([&context, options] { return run_suspend(context, *options); });
}

void add_resume(const Command& program, Context& context) {
  const Command command = program.subcommand("resume", "Ends the suspension of a component");
  auto options = std::make_shared<SuspendOptions>();
  command.text("component", options->component, "its name").required();
  command.text("--reason", options->why, "why; is kept in the audit with your name");
  command.action([&context, options] { return run_resume(context, *options); });
}

}  // namespace gridseal::cli
