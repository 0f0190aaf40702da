// gridseal k3s: the agent's own account in the cluster.
#include "cli/commands.hpp"
#include "cli/table.hpp"
#include "k3s/registries.hpp"
#include "k3s/setup.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

constexpr const char* kAgentUser = "gridseal";

struct K3sOptions {
  std::string kubeconfig = "/etc/rancher/k3s/k3s.yaml";
  std::string registries{k3s::kRegistriesFile};
  std::string lifetime = "2160h";
  bool dry_run = false;
};

Json outcome_json(const k3s::Outcome& outcome, const k3s::Places& places, bool dry_run) {
  Json steps = Json::array();
  for (const k3s::Step& step : outcome.steps) steps.push_back({{"action", step.action}, {"what", step.what}});
  return {{"dry_run", dry_run},
          {"steps", std::move(steps)},
          {"remarks", outcome.remarks},
          {"kubeconfig", places.kubeconfig},
          {"token_file", places.token_file()},
          {"token_expires", outcome.expires ? Json(base::format_rfc3339(*outcome.expires)) : Json()}};
}

std::string outcome_text(const k3s::Outcome& outcome, const k3s::Places& places) {
  Table table({"ACTION", "WHAT"});
  for (const k3s::Step& step : outcome.steps) table.add({step.action, step.what});
  std::string text = table.to_string(0);
  for (const std::string& remark : outcome.remarks) text += "Note: " + remark + ".\n";
  if (!outcome.expires) return text + "\nNothing was changed. Without --dry-run this is done.\n";
  return text + "\nThe agent has an account of its own now. " + places.kubeconfig +
         " names it; the agent renews its token, which ends at " + base::format_rfc3339(*outcome.expires) +
         ".\nNext: 'sudo systemctl restart gridseald', then 'gridseal status'. Run this again when ceilings "
         "or "
         "service accounts change.\n";
}

ExitCode print_outcome(const Context& context, const k3s::Outcome& outcome, const k3s::Places& places,
                       bool dry_run) {
  if (context.as_json())
    context.print_json(outcome_json(outcome, places, dry_run));
  else
    context.print(outcome_text(outcome, places));
  return ExitCode::ok;
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Where the node of this host finds images. Nothing: the file stays as it is.
std::optional<k3s::Step> registries_step(const k3s::RegistriesEdit& edit, const std::string& path,
                                         const char* action) {
  if (!edit.changed) return std::nullopt;
  std::string what = path;
  if (!edit.added.empty()) what += ", mirrors for " + list_of(edit.added);
  if (!edit.removed.empty()) what += ", without " + list_of(edit.removed);
  return k3s::Step{action, what};
}

void remark_on(const k3s::RegistriesEdit& edit, const config::Settings& settings, Context& context,
               k3s::Outcome& outcome) {
  outcome.remarks.insert(outcome.remarks.end(), edit.remarks.begin(), edit.remarks.end());
  if (edit.changed)
    outcome.remarks.emplace_back(
        "k3s reads registries.yaml at its start: 'sudo systemctl restart k3s' (the pods go on running)");
  if (settings.images.kind() != config::ImageMode::registry) return;
  if (auto r = k3s::check_no_fallback(context.files); !r) outcome.remarks.push_back(r.error().describe());
  outcome.remarks.emplace_back(
      "gridseal-images serves what components name: k3s' own images (pause, coredns and so on) have to be on "
      "the "
      "node already, or come from k3s' archive of images for air-gapped hosts");
}

// What will be done, before it is.
ExitCode run_setup(Context& context, const K3sOptions& options) {
  auto loaded = context.settings();
  if (!loaded) return context.fail(loaded.error());
  const auto lifetime = base::parse_duration(options.lifetime);
  if (!lifetime) return context.fail(lifetime.error());
  const config::Settings& settings = loaded->settings;
  const k3s::Places places{options.kubeconfig, settings.kubernetes.kubeconfig,
                           context.globals.state_directory};
  const auto user = k3s::find_agent_user(places.state_directory, kAgentUser);
  const k3s::Outside outside{context.files, context.clock, context.connector, user.get(),
                             "gridseal/" GRIDSEAL_VERSION};
  auto setup = k3s::Setup::open(outside, settings, places);
  if (!setup) return context.fail(setup.error());
  // Only hosts that the settings do not name come from the list.
  const auto listed = images::read_list(context.files, places.state_directory);
  const images::ImageList list = listed ? *listed : images::ImageList();
  auto edit = k3s::plan_registries(context.files, options.registries, k3s::mirror_entries(settings, list));
  if (!edit) return context.fail(edit.error());
  auto planned = (*setup)->plan({});
  if (!planned) return context.fail(planned.error());
  if (auto step = registries_step(*edit, options.registries, "write"))
    planned->steps.push_back(std::move(*step));
  remark_on(*edit, settings, context, *planned);
  if (options.dry_run) return print_outcome(context, *planned, places, true);
  if (!context.as_json()) {
    context.note("Through " + places.admin_kubeconfig + ", in this order:");
    for (const k3s::Step& step : planned->steps) context.note("  " + step.action + " " + step.what);
  }
  auto done = (*setup)->run(*lifetime, {});
  if (!done) return context.fail(done.error());
  if (auto r = k3s::write_registries(context.files, options.registries, *edit); !r)
    return context.fail(r.error());
  if (auto step = registries_step(*edit, options.registries, "written"))
    done->steps.push_back(std::move(*step));
  remark_on(*edit, settings, context, *done);
  if (user == nullptr)
    done->remarks.emplace_back(
        "the files belong to you: the agent has to be able to read them (as root the owner of the state "
        "directory gets them, or the user gridseal)");
  return print_outcome(context, *done, places, false);
}

}  // namespace

void add_k3s(const Command& program, Context& context) {
  const Command k3s = program.subcommand("k3s", "The cluster on this host");
  const Command setup = k3s.subcommand(
      "setup", "Gives the agent an account of its own, with no more rights than its settings need");
  auto options = std::make_shared<K3sOptions>();
  setup.text("--kubeconfig", options->kubeconfig, "of an administrator").shows_default();
  setup.text("--registries", options->registries, "k3s' file of mirrors, for images.mode = \"registry\"")
      .shows_default();
  setup
      .text("--token-lifetime", options->lifetime,
            "of the agent's token, which it renews; a host that is off for longer needs this again")
      .shows_default();
  setup.flag("--dry-run", options->dry_run, "only say what would be done");
  setup.footer(
      "May be repeated; what the settings no longer ask for is taken away again.\n"
      "Exit code: 0 done, 1 settings with errors, 2 the administrator's kubeconfig cannot be used, 3 the "
      "cluster\n"
      "cannot be reached, 4 it, or a file, may not be changed by you.");
  setup.action([&context, options] { return run_setup(context, *options); });
}

}  // namespace gridseal::cli
