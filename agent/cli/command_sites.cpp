#include <algorithm>

#include "cli/commands.hpp"
#include "cli/receipt_source.hpp"
#include "cli/receipt_words.hpp"
#include "cli/table.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using receipts::SiteState;

struct SitesOptions {
  std::vector<std::string> paths;
  JudgeFlags sites;
  std::string max_age;
};

void find_silent(std::vector<SiteState>& sites, base::milliseconds longest, base::Time now) {
  for (SiteState& site : sites) {
    if (site.name.empty()) continue;
    if (!site.newest)
      site.alarms.push_back({"site.silent", "nothing was ever heard"});
    else if (now - site.newest->issued > longest)
      site.alarms.push_back(
          {"site.silent", "nothing was heard since " + base::format_rfc3339(site.newest->issued)});
  }
}

void remember(Context& context, const SitesOptions& options, const std::vector<SiteState>& sites) {
  for (const SiteState& site : sites) {
    auto kept = receipts::remember(context.files, sites_folder(context, options.sites), site);
    if (!kept)
      context.note("warning: how far " + shown(site.name, 80) +
                   " was seen cannot be kept: " + kept.error().describe());
  }
}

ExitCode run_sites(Context& context, const SitesOptions& options) {
  auto enrolled = receipts::read_sites(context.files, sites_folder(context, options.sites));
  if (!enrolled) return not_judged(context, enrolled.error(), ExitCode::usage);
  auto pile = receipts::read_pile(context.files, options.paths);
  if (!pile) return not_judged(context, pile.error(), ExitCode::usage);
  auto sites = receipts::judge(*pile, *enrolled);
  remember(context, options, sites);
  if (!options.max_age.empty()) {
    auto longest = base::parse_duration(options.max_age);
    if (!longest) return not_judged(context, longest.error(), ExitCode::usage);
    find_silent(sites, *longest, context.clock.now());
  }
  const bool alarm = std::ranges::any_of(sites, [](const SiteState& site) { return !site.alarms.empty(); });
  if (context.as_json()) {
    Json list = Json::array();
    for (const SiteState& site : sites) list.push_back(site_json(site));
    context.print_json({{"alarm", alarm}, {"sites", std::move(list)}, {"foreign_files", pile->foreign}});
  } else if (sites.empty()) {
    context.print("No site is enrolled, and no receipt was found.\n");
  } else {
    context.print(sites_table(sites, context.clock.now(), context.out, terminal_width()));
  }
  return alarm ? ExitCode::refused : ExitCode::ok;
}

}  // namespace

void add_sites(const Command& program, Context& context) {
  const Command sites =
      program.subcommand("sites", "On the connected side: what all sites say of themselves");
  const Command status = sites.subcommand("status", "A table out of a pile of receipts and reports");
  auto options = std::make_shared<SitesOptions>();
  status.texts("path", options->paths, "folders and files with receipts and reports").required();
  status.text("--sites", options->sites.sites, "folder of enrolled sites; else 'sites' in --config-dir")
      .value_name("DIR");
  status.text("--max-age", options->max_age, "a site that was not heard of for so long is an alarm (48h)");
  status.footer("Exit code: 0, with an alarm 1, 2 could not be judged. Gaps are shown and are no alarm.");
  status.action([&context, options] { return run_sites(context, *options); });
}

}  // namespace gridseal::cli
