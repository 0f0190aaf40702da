#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/views.hpp"
#include "report/report.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

std::string clock_view(const Json& clock) {
  std::string text = "this host   " + member(clock, "host") + "\n";
  text += "floor       " + member(clock, "floor") + "\n";
  text += "used        " + member(clock, "used") + "\n";
  if (member(clock, "behind") == "yes")
    text +=
        "\nThe clock of this host is behind a time that was proven here, so that time is used for "
        "certificates.\n"
        "Set the clock right. If the floor itself is wrong: gridseal clock reset --reason TEXT\n";
  return text;
}

ExitCode run_clock_show(Context& context) {
  auto answer = ask(context, "/v1/clock", [&](history::History& history) -> base::Result<Json> {
    auto floor = history.time_floor();
    if (!floor) return std::move(floor).error();
    return report::clock({context.clock.now(), *floor});
  });
  if (!answer) return context.fail(answer.error());
  if (context.as_json())
    context.print_json(answer->document);
  else
    context.print(clock_view(answer->document));
  return member(answer->document, "behind") == "yes" ? ExitCode::refused : ExitCode::ok;
}

ExitCode run_reset(Context& context, const std::string& to, const std::string& why) {
  Json body{{"why", why}};
  if (!to.empty()) body["to"] = to;
  auto answer = AgentClient(context.clock, context.socket_path()).post("/v1/clock", body);
  if (!answer) return context.fail(answer.error());
  if (context.as_json())
    context.print_json(*answer);
  else
    context.print("The floor of time is " + member(*answer, "floor") + " now; everything is judged again.\n");
  return ExitCode::ok;
}

}  // namespace

void add_clock(const Command& program, Context& context) {
  const Command clock = program.subcommand("clock", "The time that this host goes by");
  const Command show =
      clock.subcommand("show", "The host's clock and the floor below which it is not believed");
  show.footer("Exit code: 0 the clock is used, 1 it is behind the floor.");
  show.action([&context] { return run_clock_show(context); });

  const Command reset =
      clock.subcommand("reset", "Sets the floor of time; for one that a wrong clock has raised");
  auto to = std::make_shared<std::string>();
  auto why = std::make_shared<std::string>();
  reset.text("--to", *to, "RFC 3339, 2026-11-24T08:00:00Z; else what the host's clock says");
  reset.text("--reason", *why, "why; is kept in the audit with your name").required();
  reset.action([&context, to, why] { return run_reset(context, *to, *why); });
}

}  // namespace gridseal::cli
