// gridseal: the command line. Every command is in a file of its own; this one has what all share.
#include <unistd.h>

#include <exception>
#include <iostream>

#include "cli/commands.hpp"
#include "http/client.hpp"

namespace gridseal::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done, 1 judged and found wrong, 2 could not be judged (arguments, input), 3 gridseald, "
    "registry\n"
    "or state cannot be reached, 4 not allowed. 'gridseal COMMAND --help' says what they mean there.";

void add_globals(CLI::App& program, Globals& globals) {
  program.add_option("--config-dir", globals.config_directory, "the settings")->capture_default_str();
  program.add_option("--state-dir", globals.state_directory, "what gridseald keeps")->capture_default_str();
  program.add_option("--socket", globals.socket, "gridseald's control socket; else as the settings say");
  program.add_option("-o,--output", globals.format, "how to print")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  program.set_version_flag("--version", std::string("gridseal " GRIDSEAL_VERSION));
}

void add_commands(CLI::App& program, Context& context) {
  add_status(program, context);
  add_history(program, context);
  add_show(program, context);
  add_reconcile(program, context);
  add_verify(program, context);
  add_permit(program, context);
  add_config(program, context);
  add_artifact(program, context);
  add_version(program, context);
}

int run(int argc, char** argv) {
  http::ClientOptions options;
  options.user_agent = "gridseal/" GRIDSEAL_VERSION;
  base::Clock& clock = base::system_clock();
  http::ClientConnector connector(clock, options);
  Context context{clock, base::system_files(), base::null_log(), connector,
                  {},    Style(false),         Style(false),     {}};
  context.out = Style::of_stream(STDOUT_FILENO);
  context.err = Style::of_stream(STDERR_FILENO);

  CLI::App program("Gridseal: what this host runs, why, and how it gets there.", "gridseal");
  program.fallthrough();  // global options may also stand behind the command
  program.require_subcommand(1);
  program.footer(kFooter);
  add_globals(program, context.globals);
  add_commands(program, context);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  return static_cast<int>(context.action());
}

}  // namespace
}  // namespace gridseal::cli

int main(int argc, char** argv) {
  try {
    return gridseal::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "gridseal: " << error.what() << " (internal)\n";
    return static_cast<int>(gridseal::cli::ExitCode::usage);
  }
}
