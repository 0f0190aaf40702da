#include "deploy/site.hpp"

#include <algorithm>

#include "deploy/health_watch.hpp"
#include "deploy/registry_access.hpp"
#include "deploy/rules.hpp"
#include "deploy/trust_update.hpp"

namespace gridseal::deploy {

namespace {

// With trust bundles a policy may name a key that comes, or is gone, with one of them: this must keep neither
// the agent from starting nor a denial from counting.
base::Result<void> make_policies(Generation& generation) {
  for (const auto& [name, settings] : generation.settings.trust.policies) {
    auto made = trust::make_policy(generation.trust, settings);
    if (made) {
      generation.policies.emplace(name, std::move(*made));
      continue;
    }
    base::Error error = std::move(made).error().with_context("trust.policy." + name + " cannot be used");
    if (!generation.chain->pinned()) return error;
    generation.unusable_policies.emplace(name, base::Error::blocked(error.code(), error.describe()));
  }
  return {};
}

// The API server adds the groups of a service account by itself when none are named (authentication,
// "User impersonation"): asking for them would demand the right to impersonate groups as well.
kube::ClientSettings client_settings(const Generation& generation, const std::string& service_account) {
  kube::ClientSettings client;
  client.user_agent = "gridseal/" GRIDSEAL_VERSION;
  client.request_timeout = generation.settings.kubernetes.request_timeout;
  const size_t slash = service_account.find('/');
  if (slash != std::string::npos) {
    client.impersonate_user =
        "system:serviceaccount:" + service_account.substr(0, slash) + ":" + service_account.substr(slash + 1);
  }
  return client;
}

void connect(Site& site) {
  site.accounts.clear();
  site.cluster.reset();
  site.access = std::make_unique<kube::KubeconfigAccess>(site.generation->settings.kubernetes.kubeconfig,
                                                         site.outside.files, site.outside.connector,
                                                         site.outside.clock);
  site.cluster = std::make_unique<kube::Cluster>(*site.access, site.outside.clock,
                                                 client_settings(*site.generation, {}));
}

}  // namespace

const kube::ReadinessRules& Generation::readiness_of(const config::Component& component) const {
  static const kube::ReadinessRules none;
  const auto found = readiness.find(component.name);
  return found == readiness.end() ? none : found->second;
}

kube::Cluster& Site::cluster_for(const config::Component& component) const {
  if (component.service_account.empty()) return *cluster;
  auto& account = accounts[component.service_account];
  if (account == nullptr) {
    account = std::make_unique<kube::Cluster>(
        *access, outside.clock, client_settings(*generation, component.service_account), *cluster);
  }
  return *account;
}

void Site::use(std::shared_ptr<const Generation> next) {
  if (watch) watch->stop();
  const config::Kubernetes before = generation->settings.kubernetes;
  generation = std::move(next);
  const config::Kubernetes& now = generation->settings.kubernetes;
  if (before.kubeconfig != now.kubeconfig || before.request_timeout != now.request_timeout) {
    connect(*this);
    return;
  }
  std::erase_if(accounts, [&](const auto& entry) {
    return std::ranges::none_of(generation->settings.components, [&](const auto& component) {
      return component.second.service_account == entry.first;
    });
  });
}

base::Result<std::shared_ptr<const Generation>> make_generation(const Outside& outside,
                                                                const std::string& state_directory,
                                                                config::Settings settings) {
  auto trust = load_site_trust(outside.files, {settings.trust.directory, state_directory});
  if (!trust) return std::move(trust).error();
  auto generation = std::make_shared<Generation>(
      Generation{std::move(settings),
                 std::move(trust->state),
                 {},
                 {},
                 std::make_shared<const trust::TrustChain>(std::move(trust->chain)),
                 std::move(trust->left_out),
                 {},
                 {}});
  if (auto r = make_policies(*generation); !r) return std::move(r).error();
  for (const auto& [name, component] : generation->settings.components) {
    auto rules = readiness_rules(component);
    if (!rules) return std::move(rules).error();
    generation->readiness.emplace(name, std::move(*rules));
  }
  for (const auto& [name, registry] : generation->settings.registries) {
    const oci::Surroundings surroundings{outside.connector, outside.clock, outside.log, outside.jitter};
    auto made = make_registry(registry, outside.files, surroundings, outside.credentials_directory);
    if (!made) return std::move(made).error().with_context("registry." + name + " cannot be used");
    generation->registries.emplace(name, std::move(*made));
  }
  return std::shared_ptr<const Generation>(std::move(generation));
}

base::Result<std::unique_ptr<Site>> open_site(const Outside& outside, const std::string& state_directory,
                                              std::shared_ptr<const Generation> generation) {
  auto site = std::make_unique<Site>(
      Site{outside, state_directory, nullptr, nullptr, nullptr, nullptr, std::move(generation)});
  const config::Settings& settings = site->generation->settings;
  // Left-overs of a process that died are of no use: everything in work/ is made again.
  if (auto r = outside.files.remove_tree(site->work_directory()); !r) return std::move(r).error();
  if (auto r = outside.files.make_directories(site->work_directory(), 0700); !r) return std::move(r).error();
  auto history =
      history::History::open(outside.files, outside.clock, {state_directory, outside.database_effect});
  if (!history) return std::move(history).error();
  site->history = std::move(*history);
  auto store = oci::Store::open(outside.files, outside.log,
                                {state_directory + "/store", settings.storage.free_space_min});
  if (!store) return std::move(store).error();
  site->store = std::move(*store);
  auto offers = Offers::open(outside.files, outside.log, state_directory);
  if (!offers) return std::move(offers).error();
  site->offers = std::move(*offers);
  auto quarantine = Quarantine::open(outside.files, outside.log, state_directory);
  if (!quarantine) return std::move(quarantine).error();
  site->quarantine = std::move(*quarantine);
  connect(*site);
  return site;
}

}  // namespace gridseal::deploy
