#include <algorithm>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/receipt_source.hpp"
#include "cli/receipt_words.hpp"
#include "cli/table.hpp"
#include "receipts/armour.hpp"
#include "receipts/write_back.hpp"

namespace gridseal::cli {
namespace {

using base::Error;
using base::Json;
using base::Result;

struct ReceiptsOptions {
  int64_t limit = 20;
  int64_t after = 0;
  bool armour = false;
  std::string directory;
  std::vector<std::string> paths;
  JudgeFlags judge;
};

ExitCode run_list(Context& context, const ReceiptsOptions& options) {
  ReceiptSource source(context);
  auto document = source.page({0, options.limit, true});
  if (!document) return context.fail(document.error());
  if (context.as_json()) {
    context.print_json(*document);
    return ExitCode::ok;
  }
  if (!source.live()) context.note("gridseald is not running; this is what it recorded");
  Json entries = (*document)["receipts"];
  if (entries.empty()) {
    context.print("No receipt was made yet.\n");
    return ExitCode::ok;
  }
  std::reverse(entries.begin(), entries.end());
  Table table({"NO.", "ISSUED", "KIND", "COMPONENT", "REVISION", "OUTCOME", "PUSHED"});
  for (const Json& entry : entries) {
    const std::string outcome = member(entry, "outcome");
    table.add({member(entry, "sequence"), member(entry, "time"), member(entry, "kind"),
               member(entry, "component"), short_revision(member(entry, "revision")),
               context.out.paint(colour_of(outcome), outcome),
               relative(base::find_member(entry, "pushed"), context.clock.now())});
  }
  context.print(table.to_string(terminal_width()));
  return ExitCode::ok;
}

// What this host itself has: every number from 1 to the head that it keeps.
struct Own {
  receipts::Pile pile;
  std::vector<receipts::EnrolledSite> sites;
  std::vector<receipts::Flaw> flaws;
};

Result<Own> read_own(Context& context, const ReceiptsOptions& options) {
  ReceiptSource source(context);
  auto document = source.page({0, 1, true});
  if (!document) return std::move(document).error();
  Own own;
  if (options.judge.keys.empty()) {
    auto key = key_of(*document);
    if (!key) return std::move(key).error();
    own.sites.push_back({"", {std::move(*key)}});
  } else {
    auto judges = read_judges(context, options.judge);
    if (!judges) return std::move(judges).error();
    own.sites = std::move(*judges);
  }
  const auto read = source.read_receipts();
  std::string head;
  int64_t last = 0;
  for (;;) {
    auto page = read(last);
    if (!page) return std::move(page).error();
    if (page->empty()) break;
    for (const history::Receipt& receipt : *page) {
      if (receipt.sequence != last + 1)
        own.flaws.push_back({"receipt.gap", "number " + std::to_string(last + 1) + " is missing"});
      last = receipt.sequence;
      head = std::to_string(last) + ":" + receipt.statement.to_string();
      own.pile.pieces.push_back({"number " + std::to_string(last), receipt.envelope});
      auto envelope = receipts::parse_envelope(receipt.envelope);
      auto statement = envelope ? receipts::parse_statement(envelope->statement) : Error(envelope.error());
      if (statement && (statement->sequence != last || statement->hash != receipt.statement))
        own.flaws.push_back({"receipt.chain", "what is kept as number " + std::to_string(last) +
                                                  " is number " + std::to_string(statement->sequence) +
                                                  ", or another statement"});
    }
  }
  // Issued while this was read: the head of then may be passed.
  const std::string kept = member(*document, "head");
  if (kept != "-" && std::atoll(kept.c_str()) > last)
    own.flaws.push_back({"receipt.gap", "what follows number " + std::to_string(last) + " is missing"});
  else if (kept != "-" && std::atoll(kept.c_str()) == last && kept != head)
    own.flaws.push_back({"receipt.chain", "the last one is not the one that was issued"});
  return own;
}

ExitCode print_verdict(const Context& context, const std::vector<receipts::SiteState>& sites,
                       const receipts::Pile& pile) {
  const bool any = !pile.pieces.empty() || !pile.unreadable.empty();
  const bool whole =
      any && std::ranges::all_of(sites, [](const receipts::SiteState& site) { return site.is_whole(); });
  if (context.as_json()) {
    Json list = Json::array();
    for (const receipts::SiteState& site : sites) list.push_back(site_json(site));
    context.print_json({{"verified", whole}, {"sites", std::move(list)}, {"foreign_files", pile.foreign}});
  } else {
    context.print(any ? verdict_lines(sites, context.out) : "There is no receipt to verify.\n");
  }
  return whole ? ExitCode::ok : ExitCode::refused;
}

ExitCode run_receipts_verify(Context& context, const ReceiptsOptions& options) {
  if (options.paths.empty()) {
    auto own = read_own(context, options);
    if (!own) return context.fail(own.error());
    auto sites = receipts::judge(own->pile, own->sites);
    if (!sites.empty()) {
      auto& alarms = sites.front().alarms;
      alarms.insert(alarms.end(), own->flaws.begin(), own->flaws.end());
    }
    return print_verdict(context, sites, own->pile);
  }
  auto judges = read_judges(context, options.judge);
  if (!judges) return not_judged(context, judges.error(), ExitCode::usage);
  auto pile = receipts::read_pile(context.files, options.paths);
  if (!pile) return not_judged(context, pile.error(), ExitCode::usage);
  return print_verdict(context, receipts::judge(*pile, *judges), *pile);
}

// To standard output: one envelope a line, or one armoured block after the other.
Result<void> print_all(Context& context, const receipts::ReadReceipts& read, const ReceiptsOptions& options) {
  for (int64_t last = options.after;;) {
    auto page = read(last);
    if (!page) return std::move(page).error();
    if (page->empty()) return {};
    for (const history::Receipt& receipt : *page) {
      last = receipt.sequence;
      if (!options.armour) {
        context.print(receipt.envelope + "\n");
        continue;
      }
      auto text = receipts::armour(receipt.envelope);
      if (!text) return std::move(text).error();
      context.print(*text);
    }
  }
}

ExitCode run_receipts_export(Context& context, const ReceiptsOptions& options) {
  ReceiptSource source(context);
  auto document = source.page({0, 1, true});
  if (!document) return context.fail(document.error());
  if (options.directory.empty()) {
    auto done = print_all(context, source.read_receipts(), options);
    return done ? ExitCode::ok : context.fail(done.error());
  }
  auto key = key_of(*document);
  if (!key) return context.fail(key.error());
  auto written = receipts::write_back(context.files, options.directory, site_of(*document), *key,
                                      source.read_receipts(), options.after);
  if (!written) return context.fail(written.error());
  if (context.as_json()) {
    context.print_json({{"written", written->written}, {"there", written->there}, {"last", written->last}});
  } else {
    context.print(std::to_string(written->written) + " written, " + std::to_string(written->there) +
                  " were there already; the last is number " + std::to_string(written->last) + "\n");
  }
  return ExitCode::ok;
}

}  // namespace

void add_receipts(const Command& program, Context& context) {
  const Command receipts = program.subcommand(
      "receipts", "What this host signed of its deployments and of itself: list, verify, export");
  auto options = std::make_shared<ReceiptsOptions>();

  const Command list = receipts.subcommand("list", "The newest first");
  list.number("-n,--limit", options->limit, "how many").between(1, 1000).shows_default();
  list.action([&context, options] { return run_list(context, *options); });

  const Command verify = receipts.subcommand("verify", "Checks signatures and chain");
  verify.texts("path", options->paths, "files and folders; none: what this host keeps");
  add_judge_flags(verify, options->judge);
  verify.footer("Exit code: 0 verified, 1 wrong, incomplete or of an unknown key, 2 could not be judged.");
  verify.action([&context, options] { return run_receipts_verify(context, *options); });

  const Command out = receipts.subcommand("export", "Writes them to a folder, or to standard output");
  out.text("directory", options->directory, "for example on a medium; none: standard output");
  out.number("--after", options->after, "only those behind this number").between(0, INT64_MAX);
  out.flag("--armour", options->armour, "to standard output as text that can be pasted");
  out.action([&context, options] { return run_receipts_export(context, *options); });
}

}  // namespace gridseal::cli
