#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/views.hpp"
#include "report/report.hpp"

namespace gridseal::cli {
namespace {

ExitCode run_show(Context& context, const std::string& what) {
  auto answer = ask(context, "/v1/show?what=" + query_encode(what),
                    [&](history::History& history) { return report::show(history, what); });
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(answer->document);
  } else {
    if (!answer->live) context.note("gridseald is not running; this is what it recorded");
    context.print(show_view(answer->document, {context.clock.now(), context.out, terminal_width()}));
  }
  return ExitCode::ok;
}

}  // namespace

void add_show(const Command& program, Context& context) {
  const Command command =
      program.subcommand("show", "Everything recorded of one artifact or deployment, with its evidence");
  auto what = std::make_shared<std::string>();
  command.text("what", *what, "a version, revision, digest, the beginning of one, or a deployment's number")
      .required();
  command.action([&context, what] { return run_show(context, *what); });
}

}  // namespace gridseal::cli
