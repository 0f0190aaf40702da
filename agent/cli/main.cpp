// gridseal: the command line. Every command is in a file of its own; this one has what all share.
#include <unistd.h>

#include <exception>
#include <iostream>

#include "cli/commands.hpp"
#include "http/client.hpp"

namespace gridseal::cli {
namespace {

// Of every command that has none of its own.
constexpr const char* kFooter =
    "Exit codes: 0 done, 1 judged and found wrong, 2 could not be judged (arguments, input), 3 gridseald, "
    "registry\n"
    "or state cannot be reached, 4 not allowed.";
constexpr const char* kWhere = " 'gridseal COMMAND --help' says what they mean there.";

void add_globals(const Command& program, Globals& globals) {
  program.text("--config-dir", globals.config_directory, "the settings").shows_default();
  program.text("--state-dir", globals.state_directory, "what gridseald keeps").shows_default();
  program.text("--socket", globals.socket, "gridseald's control socket; else as the settings say");
  program.text("-o,--output", globals.format, "how to print").one_of({"table", "json"}).shows_default();
}

void add_commands(const Command& program, Context& context) {
  add_status(program, context);
  add_history(program, context);
  add_show(program, context);
  add_reconcile(program, context);
  add_import(program, context);
  add_export(program, context);
  add_media(program, context);
  add_upgrade(program, context);
  add_verify(program, context);
  add_mirror(program, context);
  add_permit(program, context);
  add_rollback(program, context);
  add_retry(program, context);
  add_suspend(program, context);
  add_resume(program, context);
  add_stop(program, context);
  add_clock(program, context);
  add_doctor(program, context);
  add_receipts(program, context);
  add_audit(program, context);
  add_site(program, context);
  add_sites(program, context);
  add_config(program, context);
  add_k3s(program, context);
  add_trust(program, context);
  add_artifact(program, context);
  add_version(program, context);
}

int run(int argc, char** argv) {
  http::ClientOptions options;
  options.user_agent = "gridseal/" GRIDSEAL_VERSION;
  base::Clock& clock = base::system_clock();
  http::ClientConnector connector(clock, options);
  Context context{clock, base::system_files(), base::null_log(), connector, {}, Style(false), Style(false)};
  context.out = Style::of_stream(STDOUT_FILENO);
  context.err = Style::of_stream(STDERR_FILENO);

  Program program("gridseal", "Gridseal: what this host runs, why, and how it gets there.",
                  "gridseal " GRIDSEAL_VERSION);
  program.footer(kFooter);
  add_globals(program, context.globals);
  add_commands(program, context);
  program.footer(std::string(kFooter) + kWhere);
  if (auto end = program.parse(argc, argv)) return *end;
  return static_cast<int>(program.run());
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
