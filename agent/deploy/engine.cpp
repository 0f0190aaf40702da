#include "deploy/engine.hpp"

#include <algorithm>
#include <utility>

#include "deploy/health_watch.hpp"
#include "deploy/image_import.hpp"
#include "deploy/receipt_push.hpp"
#include "deploy/time_floor.hpp"

namespace gridseal::deploy {

Engine::Engine(std::unique_ptr<Site> site)
    : site_(std::move(site)),
      trust_updater_(*site_),
      api_check_(*site_),
      token_(*site_),
      receipts_({site_->outside.files, site_->outside.clock, site_->outside.log, *site_->history,
                 *site_->store, signing_key_places(), [this] { return site_facts(); }}),
      pusher_(site_->outside.clock, site_->outside.log, *site_->history,
              [this](const history::Receipt& receipt, const std::stop_token& stop) {
                return push_receipt(*site_, receipt, stop);
              }) {}

void Engine::set_receipts(const config::Receipts& settings) {
  receipts_.set_report_interval(settings.report_interval);
  receipts_.set_keep_audit(settings.keep_audit);
  pusher_.turn(settings.credentials.is_set());
}

base::Result<std::unique_ptr<Engine>> Engine::start(const Outside& outside,
                                                    const std::string& state_directory,
                                                    config::Settings settings,
                                                    std::optional<std::string> held) {
  auto generation = make_generation(outside, state_directory, std::move(settings));
  if (!generation) return std::move(generation).error();
  auto site = open_site(outside, state_directory, *generation);
  if (!site) return std::move(site).error();
  if (auto r = load_time_floor(**site); !r) return std::move(r).error();
  std::unique_ptr<Engine> engine(new Engine(std::move(*site)));
  engine->held_ = std::move(held);
  engine->generation_ = *generation;
  for (const auto& [name, component] : (*generation)->settings.components) engine->add(component);
  if (auto r = engine->take_up(); !r) return std::move(r).error();
  engine->tell_denials();
  engine->set_receipts((*generation)->settings.receipts);
  (void)engine->receipts_.run();
  engine->publish();
  return engine;
}

void Engine::add(const config::Component& component) {
  auto reconciler = std::make_unique<Reconciler>(*site_, component);
  reconciler->set_held(held_.has_value());
  reconciler->on_healthy([this] { collect_garbage(); });
  reconciler->set_dependency_problem(
      [this](const config::Component& dependent, base::Clock::Monotonic asked) {
        return dependency_problem(dependent, asked);
      });
  reconcilers_[component.name] = std::move(reconciler);
}

base::Result<void> Engine::take_up() {
  auto unfinished = site_->history->unfinished_deployments();
  if (!unfinished) return std::move(unfinished).error();
  for (const auto& record : *unfinished) {
    const auto it = reconcilers_.find(record.component);
    if (it != reconcilers_.end()) {
      it->second->resume(record);
    } else {
      site_->outside.log.warning(
          "deployment " + std::to_string(record.id) +
              " was interrupted, and its component is no longer in the settings: left as it is",
          {{"component", record.component}, {"revision", record.revision}});
    }
  }
  return {};
}

base::Clock::Monotonic Engine::next_due() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!requests_.empty() || !rollbacks_.empty() || trust_updater_.has_change()) return site_->now();
  }
  auto due = std::min({trust_updater_.due(), api_check_.due(), token_.due(), receipts_.due(), pusher_.due()});
  for (const auto& [name, reconciler] : reconcilers_) due = std::min(due, reconciler->due());
  return due;
}

void Engine::on_news(std::function<void()> wake) {
  site_->watch.reset();
  if (wake) site_->watch = std::make_shared<HealthWatch>(std::move(wake));
}

void Engine::run_due(const std::stop_token& stop) {
  take_requests();
  // Trust first: what it takes back must not be installed by a component that happens to be due.
  trust_updater_.run(stop);
  if (trust_updater_.take_change()) trust_again();
  if (token_.due() <= site_->now()) token_.run(stop);
  Reconciler* first = nullptr;
  const auto now = site_->now();
  for (const auto& [name, reconciler] : reconcilers_) {
    if (reconciler->due() > now) continue;
    if (first == nullptr || reconciler->due() < first->due()) first = reconciler.get();
  }
  if (first == nullptr) {
    if (collect_later_) collect_garbage();
    if (api_check_.due() <= site_->now()) api_check_.run(stop);
    if (receipts_.run()) pusher_.look();
    pusher_.run(stop);
    return;
  }
  first->run(stop);
  if (receipts_.run()) pusher_.look();
  tell_dependents(*first);
  publish();
}

base::Result<void> Engine::reload(config::Settings settings) {
  auto generation = make_generation(site_->outside, site_->state_directory, std::move(settings));
  if (!generation) return std::move(generation).error();
  const auto& components = (*generation)->settings.components;
  site_->use(*generation);
  set_receipts((*generation)->settings.receipts);
  {
    const std::scoped_lock lock(mutex_);
    generation_ = *generation;
    held_.reset();
  }
  std::erase_if(reconcilers_, [&](const auto& entry) { return !components.contains(entry.first); });
  for (const auto& [name, component] : components) {
    const auto it = reconcilers_.find(name);
    if (it == reconcilers_.end()) {
      add(component);
    } else {
      it->second->set_held(false);
      it->second->set_component(component);
    }
  }
  tell_denials();
  publish();
  return {};
}

// Another trust with the same settings. When it cannot be made the old one stays, and the next change tries
// again.
void Engine::trust_again() {
  auto generation = make_generation(site_->outside, site_->state_directory, site_->generation->settings);
  if (!generation) {
    site_->outside.log.error("the changed trust is not in use: " + generation.error().describe(),
                             {{"reason", generation.error().code()}});
    return;
  }
  site_->use(*generation);
  {
    const std::scoped_lock lock(mutex_);
    generation_ = *generation;
  }
  for (const auto& [name, component] : (*generation)->settings.components) {
    if (const auto it = reconcilers_.find(name); it != reconcilers_.end())
      it->second->set_component(component);
  }
  tell_denials();
  publish();
}

// Those who serve images hear of it by the list.
void Engine::tell_denials() {
  if (auto r = list_denials(*site_); !r)
    site_->outside.log.error("what is denied is not on the list of images: " + r.error().describe(),
                             {{"reason", r.error().code()}});
}

trust::ChainPlaces Engine::trust_places() const {
  return {generation()->settings.trust.directory, site_->state_directory};
}

base::Result<std::shared_ptr<const Generation>> Engine::fresh_generation() const {
  return make_generation(site_->outside, site_->state_directory, generation()->settings);
}

base::Result<base::Json> Engine::import_trust(const std::string& envelope, const std::string& who) {
  return trust_updater_.import(trust_places(), envelope, who);
}

base::Result<void> Engine::deny_trust(const trust::DenialEntries& entries, const std::string& who) {
  return trust_updater_.deny(trust_places(), entries, who);
}

base::Result<void> Engine::reanchor_trust(const std::string& envelope, const base::Digest& fingerprint,
                                          const std::string& who, const std::string& why) {
  return trust_updater_.reanchor(trust_places(), envelope, fingerprint, who, why);
}

base::Result<void> Engine::reset_clock(base::Time floor, const std::string& who, const std::string& why) {
  if (auto r = reset_time_floor(*site_, floor, who, why); !r) return r;
  (void)request({});
  return {};
}

std::vector<std::string> Engine::trust_warnings() {
  const auto current = generation();
  const base::Time now = site_->outside.clock.now();
  std::vector<std::string> list = current->chain->warnings(now);
  list.insert(list.end(), current->trust_left_out.begin(), current->trust_left_out.end());
  for (const auto& [name, error] : current->unusable_policies) list.push_back(error.describe());
  if (auto token = token_.warning()) list.push_back(std::move(*token));
  if (const auto problem = trust_updater_.problem())
    list.push_back("the repository of trust bundles: " + problem->describe());
  const auto components = site_->history->components();
  if (components) {
    if (auto quiet = silence(*current->chain, *components, current->settings.trust.max_silence, now))
      list.push_back(std::move(*quiet));
  }
  return list;
}

std::vector<std::string> Engine::warnings() {
  std::vector<std::string> list = trust_warnings();
  const auto removed = api_check_.warnings();
  list.insert(list.end(), removed.begin(), removed.end());
  if (auto space = site_->store->ensure_space(0); !space)
    list.push_back("no new revision is taken until there is room: " + space.error().message());
  if (auto receipts = receipts_.warning()) list.push_back(std::move(*receipts));
  if (auto pushing = pusher_.warning()) list.push_back(std::move(*pushing));
  return list;
}

bool Engine::request(const std::string& component) {
  const std::scoped_lock lock(mutex_);
  const auto& components = generation_->settings.components;
  if (component.empty()) {
    for (const auto& [name, c] : components) requests_.insert(name);
    all_requested_ = true;
    return true;
  }
  if (!components.contains(component)) return false;
  requests_.insert(component);
  return true;
}

base::Result<void> Engine::stop_untrusted(const std::string& component, const std::string& who,
                                          const std::string& why) {
  const auto current = generation();
  const auto settings = current->settings.components.find(component);
  if (settings == current->settings.components.end())
    return base::Error::refused("control.unknown_component",
                                "there is no component '" + component + "' in the settings");
  auto record = site_->history->component(component);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->untrusted)
    return base::Error::refused("deploy.not_untrusted", "what runs of '" + component +
                                                            "' is trusted; only what no longer verifies is "
                                                            "stopped this way");
  if (settings->second.on_untrusted != config::OnUntrusted::stop)
    return base::Error::refused("deploy.stop_not_set", "the settings do not allow it: component." +
                                                           component + ".on_untrusted is not \"stop\"");
  if (auto r = site_->history->set_stopped(component, who, why); !r) return r;
  (void)request(component);
  return {};
}

void Engine::take_requests() {
  std::set<std::string> requests;
  std::map<std::string, RollbackOrder> rollbacks;
  bool all = false;
  {
    const std::scoped_lock lock(mutex_);
    requests.swap(requests_);
    rollbacks.swap(rollbacks_);
    all = std::exchange(all_requested_, false);
  }
  for (auto& [name, order] : rollbacks) {
    if (const auto it = reconcilers_.find(name); it != reconcilers_.end())
      it->second->order_rollback(std::move(order));
  }
  if (all) api_check_.request();
  for (const auto& name : requests) {
    if (const auto it = reconcilers_.find(name); it != reconcilers_.end()) it->second->request();
  }
}

void Engine::publish() {
  std::vector<ComponentActivity> activities;
  for (const auto& [name, reconciler] : reconcilers_) activities.push_back({name, reconciler->activity()});
  const std::scoped_lock lock(mutex_);
  activities_ = std::move(activities);
}

std::vector<ComponentActivity> Engine::activities() const {
  const std::scoped_lock lock(mutex_);
  return activities_;
}

std::optional<std::string> Engine::held() const {
  const std::scoped_lock lock(mutex_);
  return held_;
}

std::shared_ptr<const Generation> Engine::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

// What is older than what was installed here, or belongs to no component any more.
void Engine::drop_old_offers(const std::vector<history::ComponentRecord>& components) {
  const auto& settings = site_->generation->settings.components;
  auto kept = site_->offers->keep_only([&](const Offer& offer) {
    const auto known = settings.find(offer.component);
    if (known == settings.end() || !known->second.follows_media()) return false;
    const auto record = std::ranges::find(components, offer.component, &history::ComponentRecord::name);
    return record == components.end() || !is_below(record->floor, offer);
  });
  if (!kept) site_->outside.log.warning(kept.error().describe(), {{"reason", kept.error().code()}});
}

// Last good and desired artifacts of every component stay, as many earlier good ones as the settings say,
// what media brought, and the images of all these.
void Engine::collect_garbage() {
  const std::unique_lock lock(collecting_, std::try_to_lock);
  collect_later_ = !lock.owns_lock();
  if (collect_later_) return;
  auto components = site_->history->components();
  if (!components) return;
  drop_old_offers(*components);
  auto keep = artifacts_to_keep(*site_);
  if (!keep) return;
  auto images = images_to_keep(*site_);
  if (!images) {
    site_->outside.log.warning("the content store is not tidied: " + images.error().describe(),
                               {{"reason", images.error().code()}});
    return;
  }
  keep->insert(keep->end(), images->begin(), images->end());
  for (const Offer& offer : site_->offers->all()) {
    keep->insert(keep->end(), {offer.digest, offer.artifact});
    keep->insert(keep->end(), offer.images.begin(), offer.images.end());
  }
  const auto receipts = receipts::Issuer::kept_with(*site_->store, *site_->history, *keep);
  keep->insert(keep->end(), receipts.begin(), receipts.end());
  if (auto r = forget_imports(*site_); !r)
    site_->outside.log.warning("k3s' folder of images is not tidied: " + r.error().describe(),
                               {{"reason", r.error().code()}});
  auto collected = site_->store->collect(*keep);
  if (!collected) {
    site_->outside.log.warning("the content store could not be tidied: " + collected.error().describe(),
                               {{"reason", collected.error().code()}});
  }
}

}  // namespace gridseal::deploy
