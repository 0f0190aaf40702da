#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/import_receipts.hpp"
#include "cli/import_text.hpp"
#include "cli/meter.hpp"
#include "cli/progress_line.hpp"
#include "deploy/engine.hpp"
#include "media/jobs.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

uint64_t number(const Json& object, std::string_view name) {
  const auto value = base::find_integer(object, name);
  return value && *value > 0 ? static_cast<uint64_t>(*value) : 0;
}

std::string import_text(const Context& context, const Json& report) {
  std::string text;
  for (const Json& one : report["trust_bundles"])
    text += "Trust bundle " + member(one, "version") +
            (member(one, "accepted") == "yes" ? " is in force\n" : " was known\n");
  for (const Json& one : report["releases"]) {
    text += context.out.paint(Colour::good, member(one, "component")) + " " + member(one, "version") + " (" +
            short_revision(member(one, "revision")) + ")" +
            (member(one, "images") == "0" ? "" : ", " + member(one, "images") + " images") +
            (member(one, "known") == "yes" ? ": known already\n" : ": taken\n");
  }
  for (const Json& one : report["refused"])
    text += context.out.paint(Colour::bad, member(one, "outcome")) + " " + member(one, "what") + ": " +
            member(one, "message") + " (" + member(one, "code") + ")\n";
  for (const Json& one : report["left"])
    text += "Left: " + member(one, "what") + ": " + member(one, "why") + "\n";
  const Json& foreign = report["foreign"];
  if (!foreign.empty()) {
    text += "Not of a layout, not looked at:";
    for (const Json& one : foreign) text += " " + shown(one.is_string() ? one.get<std::string>() : "", 200);
    const uint64_t more = number(report, "foreign_more");
    text += (more > 0 ? " and " + std::to_string(more) + " more" : "") + "\n";
  }
  if (report["releases"].empty() && report["refused"].empty() && report["trust_bundles"].empty())
    text += "Nothing on it is for this host.\n";
  for (const Json& one : report["warnings"])
    text += context.out.paint(Colour::waiting, "Warning: ") +
            shown(one.is_string() ? one.get<std::string>() : "", 400) + "\n";
  if (const Json* back = base::find_object(report, "receipts"))
    text += "Receipts in " + member(*back, "folder") + ": " + member(*back, "written") + " written, " +
            member(*back, "there") + " were there already\n";
  return text + "Medium " + member(report, "label") + ": " + size_text(number(report, "copied_bytes")) +
         " copied. It may be pulled.\n";
}

Result<Json> imported(const Json& state) {
  if (const Json* error = base::find_object(state, "error")) {
    const std::string outcome = member(*error, "outcome");
    const std::string code = member(*error, "code");
    const std::string message = member(*error, "message");
    return outcome == "blocked" ? base::Error::blocked(code, message) : base::Error::refused(code, message);
  }
  if (const Json* report = base::find_object(state, "report")) return *report;
  return base::Error::blocked("agent.answer", "gridseald does not say what became of it");
}

Result<Json> follow(Context& context, int64_t id, const std::function<Result<Json>()>& look) {
  Meter meter(context.clock);
  ProgressLine progress(context);
  for (;;) {
    auto state = look();
    if (!state) return state;
    if (base::find_integer(*state, "id") != id)
      return base::Error::blocked("agent.answer", "gridseald was restarted; import it again");
    if (member(*state, "state") != "running") return imported(*state);
    const std::string phase = member(*state, "phase");
    progress.show(phase, meter.line(phase, number(*state, "done"), number(*state, "total")));
    progress.wait();
  }
}

// As root this would write files that gridseald cannot read: the owner of the state directory does it.
Result<void> become_owner_of(const std::string& directory) {
  struct stat state {};
  if (geteuid() != 0 || ::stat(directory.c_str(), &state) != 0 || state.st_uid == 0) return {};
  if (setgroups(0, nullptr) == 0 && setresgid(state.st_gid, state.st_gid, state.st_gid) == 0 &&
      setresuid(state.st_uid, state.st_uid, state.st_uid) == 0)
    return {};
  return base::Error::blocked("files.permission",
                              "cannot become the owner of " + directory + ", whom its files must belong to");
}

// Nobody else has the state: this process does what gridseald would.
Result<Json> run_here(Context& context, const media::ImportRequest& request) {
  auto loaded = context.settings();
  if (!loaded) return std::move(loaded).error();
  if (auto r = become_owner_of(context.globals.state_directory); !r) return std::move(r).error();
  const deploy::Outside outside{context.clock,          context.files, context.log, context.connector, {}, {},
                                credentials_directory()};
  auto engine =
      deploy::Engine::start(outside, context.globals.state_directory, loaded->settings, std::nullopt);
  if (!engine) return std::move(engine).error();
  context.note("gridseald is not running: importing here; components follow when it is started");
  media::Jobs jobs(**engine, [] {});
  auto id = jobs.start(request);
  if (!id) return std::move(id).error();
  return follow(context, *id, [&]() -> Result<Json> { return jobs.state(); });
}

Result<Json> take_medium(Context& context, const std::string& path, const std::string& label) {
  AgentClient client(context.clock, context.socket_path());
  auto begun = client.post("/v1/media", {{"path", path}, {"label", label}});
  if (!begun && begun.error().code() == "agent.not_running")
    return run_here(context, {path, label, "gridseal import"});
  if (!begun) return begun;
  const int64_t id = base::find_integer(*begun, "id").value_or(0);
  return follow(context, id, [&] { return client.get("/v1/media"); });
}

}  // namespace

ExitCode import_path(Context& context, const ImportOptions& options) {
  auto path = absolute_path(options.path);
  if (!path) return context.fail(path.error());
  auto there = context.files.stat(*path);
  if (!there) return context.fail(there.error());
  auto patience = base::parse_duration(options.patience);
  if (!patience) return context.fail(base::Error::refused("usage", patience.error().message()));
  auto report = take_medium(context, *path, options.label);
  if (!report) return context.fail(report.error());
  const std::string folder =
      (there->kind == base::EntryKind::directory ? *path : base::parent_directory(*path)) + "/" +
      std::string(media::kReceiptsFolder);
  auto back =
      options.receipts_back ? give_receipts(context, *report, folder, *patience) : Result<Json>(Json());
  if (back) (*report)["receipts"] = *back;
  if (context.as_json())
    context.print_json(*report);
  else
    context.print(import_text(context, *report));
  if (!back) return context.fail(back.error());
  return (*report)["refused"].empty() ? ExitCode::ok : ExitCode::refused;
}

void add_import(const Command& program, Context& context) {
  const Command command =
      program.subcommand("import", "Takes what a medium brought: trust bundles, releases, images");
  auto options = std::make_shared<ImportOptions>();
  command
      .text(
          "path", options->path,
          "a mounted medium, an OCI image layout, or a .tar file of one; as gridseal export, oras cp -r and "
          "skopeo copy write them; - takes what is pasted (gridseal export --armour)")
      .required();
  command.text("--label", options->label, "what to call it in the history");
  const Option back = command.flag("--receipts-back", options->receipts_back,
                                   "wait for what comes of it, and write this host's receipts to the medium");
  command.text("--timeout", options->patience, "how long that waits").shows_default().needs(back);
  command.footer(
      "gridseald reads the medium: it must be allowed to. Without gridseald this command does it itself.\n"
      "Exit code: 0 all that is for this host was taken, or known; 1 something was refused or is pending, or "
      "the path holds no layout;\n2 there is no such path; 3 the medium went away, the disk is full, or the "
      "state is in use; 4 not allowed. What was cut goes on at the second try.");
  command.action([&context, options] {
    return options->path == "-" ? import_text(context, stdin) : import_path(context, *options);
  });
}

}  // namespace gridseal::cli
