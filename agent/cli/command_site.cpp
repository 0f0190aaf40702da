#include "cli/commands.hpp"
#include "cli/receipt_source.hpp"
#include "receipts/armour.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
using base::Result;

struct SiteOptions {
  bool last = false;
  std::string key;
  std::string name;
  bool add = false;
  JudgeFlags sites;
};

ExitCode run_key(Context& context) {
  ReceiptSource source(context);
  auto document = source.page({0, 1, true});
  if (!document) return context.fail(document.error());
  auto key = key_of(*document);
  if (!key) return context.fail(key.error());
  if (context.as_json()) {
    context.print_json(
        {{"site", site_of(*document)}, {"fingerprint", key->key_id()}, {"pem", key->to_pem()}});
  } else {
    context.print("Site: " + shown(site_of(*document), 80) + "\nFingerprint: " + key->key_id() + "\n" +
                  key->to_pem());
  }
  return ExitCode::ok;
}

// The newest report that was made: for those who may look and not act, and when the daemon does not run.
Result<Json> last_report(Context& context) {
  ReceiptSource source(context);
  auto document = source.page({0, 1000, true});
  if (!document) return document;
  const Json& entries = (*document)["receipts"];
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    if (member(*entry, "kind") == "report") return *entry;
  return Error::refused("report.unknown", "no site report was made yet");
}

Result<Json> new_report(Context& context) {
  auto made = AgentClient(context.clock, context.socket_path()).post("/v1/site/report", Json::object());
  if (made || made.error().code() != "agent.not_running") return made;
  context.note("gridseald is not running; this is the last report that it made");
  return last_report(context);
}

ExitCode run_report(Context& context, const SiteOptions& options) {
  auto report = options.last ? last_report(context) : new_report(context);
  if (!report) return context.fail(report.error());
  const std::string* envelope = base::find_string(*report, "envelope");
  if (envelope == nullptr)
    return context.fail(Error::blocked("agent.answer", "gridseald answered with no report"));
  if (context.as_json()) {
    auto json = base::parse_json(*envelope);
    if (!json) return context.fail(json.error());
    context.print_json(*json);
    return ExitCode::ok;
  }
  auto text = receipts::armour(*envelope);
  if (!text) return context.fail(text.error());
  context.print(*text);
  return ExitCode::ok;
}

ExitCode run_enroll(Context& context, const SiteOptions& options) {
  auto key = read_site_key(context, options.key);
  if (!key) return context.fail(key.error());
  const std::string name = options.name.empty() ? key->site : options.name;
  auto fresh =
      receipts::enroll(context.files, sites_folder(context, options.sites), name, key->key, options.add);
  if (!fresh) return context.fail(fresh.error());
  if (context.as_json()) {
    context.print_json({{"site", name}, {"fingerprint", key->key.key_id()}, {"enrolled", *fresh}});
  } else {
    context.print(shown(name, 80) +
                  (*fresh ? " is enrolled with the key " : " was enrolled already with the key ") +
                  key->key.key_id() + "\n");
    if (*fresh) context.note("compare this fingerprint with what 'gridseal site key' shows at the site");
  }
  return ExitCode::ok;
}

}  // namespace

void add_site(const Command& program, Context& context) {
  const Command site =
      program.subcommand("site", "This host to those who watch over it: key, report, enroll");
  auto options = std::make_shared<SiteOptions>();

  const Command key = site.subcommand("key", "The public key that this host signs its receipts with");
  key.action([&context] { return run_key(context); });

  const Command report =
      site.subcommand("report", "Makes a signed report of this host, short enough to copy from a screen");
  report.flag("--last", options->last, "the newest one that was made already");
  report.action([&context, options] { return run_report(context, *options); });

  const Command enroll = site.subcommand("enroll", "On the connected side: keeps the key of a site");
  enroll.text("key", options->key, "what 'gridseal site key' printed, or a PEM file; - is standard input")
      .required();
  enroll.text("--name", options->name, "the site; else as the file says");
  enroll.flag("--add", options->add, "the site got a new key; the one before stays good for what it signed");
  enroll.text("--sites", options->sites.sites, "folder of enrolled sites; else 'sites' in --config-dir")
      .value_name("DIR");
  enroll.action([&context, options] { return run_enroll(context, *options); });
}

}  // namespace gridseal::cli
