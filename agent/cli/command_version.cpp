#include "cli/commands.hpp"

namespace gridseal::cli {

void add_version(const Command& program, Context& context) {
  const Command command = program.subcommand("version", "The version of this program");
  command.action([&context] {
    if (context.as_json()) {
      context.print_json(base::Json{{"version", GRIDSEAL_VERSION}});
    } else {
      context.print("gridseal " GRIDSEAL_VERSION "\n");
    }
    return ExitCode::ok;
  });
}

}  // namespace gridseal::cli
