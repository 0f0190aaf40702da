#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "cli/views.hpp"
#include "report/report.hpp"

namespace gridseal::cli {
namespace {

struct HistoryOptions {
  std::string component;
  int64_t limit = 20;
  bool audit = false;
};

ExitCode finish_history(Context& context, const base::Result<Answer>& answer, bool audit) {
  if (!answer) return context.fail(answer.error());
  if (context.as_json()) {
    context.print_json(answer->document);
  } else {
    if (!answer->live) context.note("gridseald is not running; this is what it recorded");
    const View view{context.clock.now(), context.out, terminal_width()};
    context.print(audit ? audit_view(answer->document, view) : history_view(answer->document, view));
  }
  if (!audit) return ExitCode::ok;
  const base::Json* chain = base::find_object(answer->document, "chain");
  return chain != nullptr && member(*chain, "intact") == "yes" ? ExitCode::ok : ExitCode::refused;
}

ExitCode run_history(Context& context, const HistoryOptions& options) {
  const std::string limit = "limit=" + std::to_string(options.limit);
  if (options.audit)
    return finish_history(
        context,
        ask(context, "/v1/audit?" + limit,
            [&](history::History& history) { return report::audit(history, options.limit); }),
        true);
  return finish_history(context,
                        ask(context, "/v1/history?component=" + query_encode(options.component) + "&" + limit,
                            [&](history::History& history) {
                              return report::history_of(history, options.component, options.limit);
                            }),
                        false);
}

}  // namespace

void add_history(const Command& program, Context& context) {
  const Command command = program.subcommand("history", "Deployments and refused releases, newest first");
  auto options = std::make_shared<HistoryOptions>();
  command.text("component", options->component, "only of this one");
  command.number("-n,--limit", options->limit, "how many").between(1, 1000).shows_default();
  command.flag("--audit", options->audit, "the audit instead: every decision, its chain checked");
  command.footer("Exit code: 0; with --audit 1 when the chain is broken.");
  command.action([&context, options] { return run_history(context, *options); });
}

}  // namespace gridseal::cli
