#include "cli/agent_client.hpp"
#include "cli/commands.hpp"

namespace gridseal::cli {
namespace {

struct PermitOptions {
  std::string component;
  std::string digest;
  std::string version;
  std::string why;
};

ExitCode run_permit(Context& context, const PermitOptions& options) {
  base::Json body{{"component", options.component}, {"why", options.why}};
  if (!options.digest.empty()) body["digest"] = options.digest;
  if (!options.version.empty()) body["version"] = options.version;
  auto answer = AgentClient(context.clock, context.socket_path()).post("/v1/permits", body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(*answer);
  } else {
    const std::string& what = options.digest.empty() ? options.version : options.digest;
    context.print("Permit " + member(*answer, "id") + " is recorded: " + shown(options.component) +
                  " may go to " + shown(what) + ", once.\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_permit(const Command& program, Context& context) {
  const Command command = program.subcommand(
      "permit", "Lets a component go below its release floor, or try a failed release again, once");
  auto options = std::make_shared<PermitOptions>();
  command.text("component", options->component, "its name").required();
  const Option digest = command.text("--digest", options->digest, "of the artifact, sha256:…");
  const Option version = command.text("--version", options->version, "the signed version");
  digest.excludes(version);
  command.text("--reason", options->why, "why; is kept in the audit with your name").required();
  command.check([options]() -> std::optional<std::string> {
    if (options->digest.empty() == options->version.empty()) return "give either --digest or --version";
    return std::nullopt;
  });
  command.action([&context, options] { return run_permit(context, *options); });
}

}  // namespace gridseal::cli
