#include <atomic>
#include <thread>

#include "cli/commands.hpp"
#include "cli/meter.hpp"
#include "cli/progress_line.hpp"
#include "cli/receipt_source.hpp"
#include "cli/receipt_words.hpp"
#include "cli/scratch.hpp"
#include "media/armour.hpp"
#include "media/export.hpp"
#include "upgrade/find.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

struct ExportOptions {
  std::string to;
  std::vector<std::string> components;
  std::vector<std::string> platforms;
  std::vector<std::string> since;
  std::string sites;
  std::string label;
  std::string chunk_size;
  std::string armour;
  bool images = false;
  bool upgrade = false;
};

// What FAT32 can hold in one file.
constexpr const char* kFat32 = "4294967295";

Result<oci::Platform> parse_platform(const std::string& text) {
  const size_t first = text.find('/');
  if (first == std::string::npos || first == 0 || first + 1 == text.size())
    return base::Error::refused(
        "usage", "a platform is written linux/arm64 or linux/arm/v7, not '" + shown(text, 60) + "'");
  const size_t second = text.find('/', first + 1);
  return oci::Platform{text.substr(0, first), text.substr(first + 1, second - first - 1),
                       second == std::string::npos ? std::string() : text.substr(second + 1)};
}

Result<media::ExportRequest> request_of(const ExportOptions& options) {
  auto to = absolute_path(options.to);
  if (!to) return std::move(to).error();
  media::ExportRequest request;
  request.to = std::move(*to);
  request.components = options.components;
  request.label = options.label;
  request.images = options.images || !options.platforms.empty();
  for (const std::string& text : options.platforms) {
    auto platform = parse_platform(text);
    if (!platform) return std::move(platform).error();
    request.platforms.push_back(std::move(*platform));
  }
  if (!options.chunk_size.empty()) {
    constexpr uint64_t kLeast = uint64_t{1} << 20U;
    auto size = config::parse_size(options.chunk_size == "fat32" ? kFat32 : options.chunk_size);
    if (!size) return base::Error::refused("usage", "--chunk-size: " + size.error().message());
    if (*size < kLeast) return base::Error::refused("usage", "--chunk-size is at least 1MiB");
    request.chunk_size = *size;
  }
  return request;
}

void note_damaged(const Context& context, const std::string& what) {
  context.note("warning: a receipt is damaged and counts for nothing: " + shown(what, 600));
}

// Leaves out what the site has by what it signed itself. A damaged receipt is named and counts for nothing; a
// chain that contradicts itself is an error.
Result<void> leave_out(Context& context, const ExportOptions& options, const std::string& site,
                       media::ExportRequest& request) {
  JudgeFlags flags;
  flags.sites = options.sites;
  auto enrolled = receipts::read_sites(context.files, sites_folder(context, flags));
  if (!enrolled && enrolled.error().code() == "files.not_found") enrolled.emplace();
  if (!enrolled) return std::move(enrolled).error();
  auto pile = receipts::read_pile(context.files, options.since);
  if (!pile) return std::move(pile).error();
  for (const receipts::Unreadable& one : pile->unreadable)
    note_damaged(context, one.where + ": " + one.message);
  const auto states = receipts::judge(*pile, *enrolled);
  const auto state = std::ranges::find(states, site, &receipts::SiteState::name);
  if (state == states.end())
    return base::Error::refused(
        "site.key", "no key of the site " + site + " is enrolled here; 'gridseal site enroll KEY' does it");
  for (const receipts::Flaw& alarm : state->alarms) {
    if (!alarm.code.starts_with("sig."))
      return base::Error::refused(alarm.code,
                                  "what " + site + " says it has is not to be relied on: " + alarm.message);
    note_damaged(context, alarm.message);
  }
  if (!state->newest)
    return base::Error::refused("receipt.none", "--since names nothing that the site " + site + " signed");
  request.site_has = [held = receipts::held_by(*state)](const base::Digest& digest) {
    return held.contains(digest);
  };
  if (const Json version = trust_version(*state); version.is_number_integer())
    request.trust_version = version.get<int64_t>();
  return {};
}

std::string export_text(const Context& context, const media::ExportReport& report, const std::string& to) {
  std::string text;
  for (const media::ListedRelease& one : report.contents.releases)
    text += context.out.paint(Colour::good, shown(one.component)) + " " + shown(one.version) + " (" +
            shown(one.name) + ", " + one.digest.substr(0, 19) + ")\n";
  for (const media::ListedImage& one : report.contents.images) text += "Image " + shown(one.name) + "\n";
  const auto& bundles = report.contents.trust_bundles;
  if (!bundles.empty())
    text +=
        "Trust bundles " + std::to_string(bundles.front()) + " to " + std::to_string(bundles.back()) + "\n";
  for (const std::string& one : report.left_out) text += "Left out, the site has it: " + shown(one) + "\n";
  for (const std::string& one : report.warnings)
    text += context.out.paint(Colour::waiting, "Warning: ") + shown(one) + "\n";
  return text + shown(to) + ": " + size_text(report.written) + " written, " + size_text(report.checked) +
         " read back and judged by the site's policies. Unmount it before you pull it.\n";
}

ExitCode print_armour(Context& context, const std::string& path) {
  auto json = base::read_file(context.files, path, media::kMaxArmour);
  if (!json) return context.fail(json.error());
  auto text = media::armour(*json);
  if (!text) return context.fail(text.error());
  context.print(*text);
  return ExitCode::ok;
}

ExitCode run_export(Context& context, const ExportOptions& options) {
  if (!options.armour.empty()) return print_armour(context, options.armour);
  auto request = request_of(options);
  if (!request) return context.fail(request.error());
  auto loaded = context.settings();
  if (!loaded) return context.fail(loaded.error());
  if (options.upgrade) {
    if (loaded->settings.upgrade.repository.empty())
      return context.fail(base::Error::refused(
          "media.request", "the settings name no repository of Gridseal's packages (upgrade.repository)"));
    request->package = upgrade::component_of(loaded->settings.upgrade);
  }
  if (!options.since.empty()) {
    if (auto known = leave_out(context, options, loaded->settings.site.name, *request); !known)
      return context.fail(known.error());
  }
  const deploy::Outside outside{context.clock,          context.files, context.log, context.connector, {}, {},
                                credentials_directory()};
  auto generation =
      deploy::make_generation(outside, context.globals.state_directory, std::move(loaded->settings));
  if (!generation) return context.fail(generation.error());
  auto scratch = Scratch::make(context.files, temporary_directory());
  if (!scratch) return context.fail(scratch.error());
  request->trust = {context.globals.state_directory, scratch->path()};

  media::Progress progress;
  std::atomic<bool> done{false};
  std::optional<Result<media::ExportReport>> report;
  {
    const std::jthread worker([&](const std::stop_token& stop) {
      report.emplace(media::export_medium(outside, *generation, *request, progress, stop));
      done = true;
    });
    Meter meter(context.clock);
    ProgressLine line(context);
    while (!done) {
      const media::Progress::State state = progress.state();
      line.show(state.phase, meter.line(state.phase, state.done, state.total));
      line.wait();
    }
    line.show("");
  }
  if (!*report) return context.fail(report->error());
  if (context.as_json())
    context.print_json(media::to_json(**report));
  else
    context.print(export_text(context, **report, request->to));
  return ExitCode::ok;
}

}  // namespace

void add_export(const Command& program, Context& context) {
  const Command command = program.subcommand(
      "export", "The connected side: puts releases, trust bundles and images on a medium for a site");
  auto options = std::make_shared<ExportOptions>();
  command.texts("components", options->components, "their names in the site's settings; none means all");
  const Option to = command.text("--to", options->to, "folder of the medium, or a file that ends in .tar");
  const Option armour = command
                            .text("--armour", options->armour,
                                  "print a trust bundle, denial or permit (JSON) for a serial console")
                            .value_name("FILE");
  to.excludes(armour);
  command.flag("--images", options->images, "also every container image that the manifests name by digest");
  command.flag("--upgrade", options->upgrade, "also Gridseal's own package, as the section [upgrade] says");
  command.texts("--platform", options->platforms, "only these of the images, such as linux/arm64; repeated");
  command
      .texts("--since", options->since,
             "receipts of the site, files or folders: what it has by them is left out; repeated")
      .value_name("RECEIPTS");
  command.text("--sites", options->sites, "folder of enrolled sites; else 'sites' in --config-dir")
      .value_name("DIR");
  command.text("--label", options->label, "what people call the medium; is shown in the site's history");
  command.text(
      "--chunk-size", options->chunk_size,
      "split larger blobs: fat32, or a size such as 2GiB; only gridseal import reads what was split");
  command.check([options]() -> std::optional<std::string> {
    if (options->to.empty() && options->armour.empty()) return "--to says where the medium is";
    return std::nullopt;
  });
  command.footer(
      "--config-dir names the site's settings: its components, registries and trust. What those would refuse "
      "is not handed out.\nThe command may be repeated: what is on the medium is not fetched again.\n"
      "Exit code: 0 done and checked, 1 the site would refuse something, 2 wrong arguments or settings, 3 a "
      "registry or the medium gives no answer.");
  command.action([&context, options] { return run_export(context, *options); });
}

}  // namespace gridseal::cli
