// gridseal upgrade: is there a newer Gridseal, and is it one that this host may trust.
#include "cli/commands.hpp"
#include "cli/scratch.hpp"
#include "upgrade/find.hpp"
#include "upgrade/package_sink.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

struct UpgradeOptions {
  std::string from;
  std::string to = ".";
};

// What was found, with all that it is read through.
struct UpgradeLook {
  explicit UpgradeLook(Context& context)
      : clock(context.clock, base::parse_rfc3339(GRIDSEAL_RELEASED).value()),
        outside{clock, context.files, context.log, context.connector, {}, {}, credentials_directory()} {
    take_floor(context, clock);
  }
  base::FlooredClock clock;
  deploy::Outside outside;
  std::shared_ptr<const deploy::Generation> generation{};
  std::optional<Scratch> scratch{};
  std::optional<upgrade::Found> found{};
  bool newer = false;
};

Result<void> find_upgrade(Context& context, const UpgradeOptions& options, UpgradeLook& look) {
  auto loaded = context.settings_in_use();
  if (!loaded) return std::move(loaded).error();
  auto generation =
      deploy::make_generation(look.outside, context.globals.state_directory, std::move(loaded->settings));
  if (!generation) return std::move(generation).error();
  look.generation = std::move(*generation);
  auto scratch = Scratch::make(context.files, temporary_directory());
  if (!scratch) return std::move(scratch).error();
  look.scratch.emplace(std::move(*scratch));
  auto path = options.from.empty() ? Result<std::string>(std::string()) : absolute_path(options.from);
  if (!path) return std::move(path).error();
  auto found = options.from.empty() ? upgrade::find_in_registry(look.outside, *look.generation,
                                                                look.scratch->path() + "/store", {})
                                    : upgrade::find_on_medium(look.outside, *look.generation, *path, {});
  if (!found) return std::move(found).error();
  auto newer = found->is_newer_than(GRIDSEAL_VERSION);
  if (!newer) return std::move(newer).error();
  look.newer = *newer;
  look.found = std::move(*found);
  return {};
}

Json upgrade_json(const UpgradeLook& look, const upgrade::Package* package, const std::string& path) {
  const upgrade::Found& found = *look.found;
  Json document{{"installed", GRIDSEAL_VERSION}, {"version", found.version}, {"newer", look.newer},
                {"revision", found.revision},    {"from", found.place},      {"signatures", found.signatures},
                {"passed", found.passed},        {"package", nullptr}};
  if (package != nullptr)
    document["package"] = {
        {"file", package->file}, {"size", package->blob.size}, {"digest", package->blob.digest.to_string()}};
  if (!path.empty()) document["path"] = path;
  return document;
}

std::string upgrade_text(const Context& context, const UpgradeLook& look) {
  const upgrade::Found& found = *look.found;
  std::string text;
  for (const std::string& one : found.passed)
    text += context.out.paint(Colour::bad, "refused") + " " + shown(one) + "\n";
  const std::string here = "Gridseal " GRIDSEAL_VERSION " is here";
  if (!look.newer)
    return text + here + "; the newest in " + shown(found.place) + " is " + shown(found.version) + "\n";
  return text + here + ". " + context.out.paint(Colour::good, shown(found.version)) + " is in " +
         shown(found.place) + " (" + short_revision(found.revision) + "), " + shown(found.signatures) + "\n";
}

ExitCode check_upgrade(Context& context, const UpgradeOptions& options) {
  UpgradeLook look(context);
  if (auto r = find_upgrade(context, options, look); !r) return context.fail(r.error());
  std::optional<upgrade::Package> package;
  if (look.newer) {
    auto host = upgrade::this_host(context.files);
    if (!host) return context.fail(host.error());
    auto fitting = upgrade::package_for(*host, look.found->artifact.manifest);
    if (!fitting) return context.fail(fitting.error());
    package = std::move(*fitting);
  }
  if (context.as_json()) {
    context.print_json(upgrade_json(look, package ? &*package : nullptr, {}));
    return ExitCode::ok;
  }
  context.print(upgrade_text(context, look));
  if (package)
    context.print("Its package " + package->file + " (" + size_text(package->blob.size) +
                  ") is fetched by: gridseal upgrade fetch" +
                  (options.from.empty() ? "" : " --from " + shown(options.from)) + "\n");
  return ExitCode::ok;
}

ExitCode fetch_upgrade(Context& context, const UpgradeOptions& options) {
  UpgradeLook look(context);
  if (auto r = find_upgrade(context, options, look); !r) return context.fail(r.error());
  if (!look.newer) {
    if (context.as_json())
      context.print_json(upgrade_json(look, nullptr, {}));
    else
      context.print(upgrade_text(context, look));
    return ExitCode::ok;
  }
  auto host = upgrade::this_host(context.files);
  if (!host) return context.fail(host.error());
  auto package = upgrade::package_for(*host, look.found->artifact.manifest);
  if (!package) return context.fail(package.error());
  auto folder = absolute_path(options.to);
  if (!folder) return context.fail(folder.error());
  if (auto made = context.files.make_directories(*folder, 0755); !made) return context.fail(made.error());
  auto sink = upgrade::PackageSink::open(context.files, *folder, *package);
  if (!sink) return context.fail(sink.error());
  if (auto copied = look.found->copy(package->blob, **sink); !copied) return context.fail(copied.error());
  if (context.as_json()) {
    context.print_json(upgrade_json(look, &*package, (*sink)->path()));
    return ExitCode::ok;
  }
  context.print(upgrade_text(context, look) + "Install it with:\n  sudo " +
                (package->is_debian() ? "apt" : "dnf") + " install " + (*sink)->path() + "\n");
  return ExitCode::ok;
}

void add_upgrade_from(const Command& command, UpgradeOptions& options) {
  command.text("--from", options.from, "a medium, an OCI image layout or a .tar file of one; else the mirror")
      .value_name("PATH");
}

}  // namespace

void add_upgrade(const Command& program, Context& context) {
  const Command upgrade = program.subcommand("upgrade", "Newer packages of Gridseal itself");
  auto options = std::make_shared<UpgradeOptions>();
  constexpr const char* kExit =
      "The section [upgrade] of the settings says where they are and what they must be signed by.\nExit "
      "code: 0 "
      "what is there verifies, newer or not; 1 refused, or no package is for this host; 2 wrong arguments or "
      "no such path;\n3 the registry gives no answer; 4 not allowed.";
  const Command look = upgrade.subcommand("check", "Is there a newer one that this host trusts");
  add_upgrade_from(look, *options);
  look.footer(kExit);
  look.action([&context, options] { return check_upgrade(context, *options); });
  const Command get = upgrade.subcommand(
      "fetch", "Verifies it, writes its package, and says how to install it; installs nothing");
  add_upgrade_from(get, *options);
  get.text("--to", options->to, "folder to write it to").shows_default();
  get.footer(kExit);
  get.action([&context, options] { return fetch_upgrade(context, *options); });
}

}  // namespace gridseal::cli
