#include "cli/commands.hpp"

namespace gridseal::cli {

void add_version(CLI::App& program, Context& context) {
  auto* command = program.add_subcommand("version", "The version of this program");
  command->callback([&context] {
    context.action = [&context] {
      if (context.as_json()) {
        context.print_json(base::Json{{"version", GRIDSEAL_VERSION}});
      } else {
        context.print("gridseal " GRIDSEAL_VERSION "\n");
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace gridseal::cli
