// All components of a host: opens the state, takes up what was interrupted, and says who is due next.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/last_valid.hpp"
#include "deploy/api_check.hpp"
#include "deploy/reconciler.hpp"
#include "deploy/time_floor.hpp"
#include "deploy/token_renewal.hpp"
#include "deploy/trust_update.hpp"
#include "receipts/issuer.hpp"
#include "receipts/pusher.hpp"

namespace gridseal::deploy {

// A component as the control socket may ask for it at any time.
struct ComponentActivity {
  std::string name;
  Activity activity;
};

class Engine {
 public:
  // `held` says why the settings in use are not those on disk. Errors: history.in_use when another daemon has
  // this state; history.*, store.*, trust.*, oci.*.
  static base::Result<std::unique_ptr<Engine>> start(const Outside& outside,
                                                     const std::string& state_directory,
                                                     config::Settings settings,
                                                     std::optional<std::string> held);

  // --- by the worker alone
  // ------------------------------------------------------------------------------------- One step of the
  // component that has waited longest; nothing when none is due.
  void run_due(const std::stop_token& stop);
  base::Clock::Monotonic next_due() const;
  // Takes other settings and the trust of this moment into use; running deployments go on. On an error the
  // old ones stay.
  base::Result<void> reload(config::Settings settings);

  // From now on collections are watched while a deployment settles, and `wake` is called, by another thread,
  // when next_due() may have become sooner. Empty: no longer.
  void on_news(std::function<void()> wake);

  // --- by any thread
  // ------------------------------------------------------------------------------------------- Asks for a
  // look at once; an empty name means all. False: no such component.
  bool request(const std::string& component);
  std::vector<ComponentActivity> activities() const;
  // Somebody confirms that what no longer verifies shall stop. Errors (refused): control.unknown_component,
  // deploy.not_untrusted, deploy.stop_not_set; history.*.
  base::Result<void> stop_untrusted(const std::string& component, const std::string& who,
                                    const std::string& why);
  // Back to `to` (a version, a revision, or a digest or its beginning), or to the good revision before this
  // one; from a deployment under way to what ran before it. Returns the revision that is gone back to; the
  // worker does it. Errors (refused): control.unknown_component, deploy.nothing_before,
  // deploy.unknown_revision, deploy.revision_gone (no longer in the store); history.*.
  base::Result<std::string> roll_back(const std::string& component, const std::string& to,
                                      const std::string& who, const std::string& why);
  // What failed, or is paused or stuck, is tried again now. Returns how many failures were forgotten. Errors:
  // control.unknown_component; history.*.
  base::Result<int64_t> retry(const std::string& component, const std::string& who, const std::string& why);
  // Errors: control.unknown_component; history.*.
  base::Result<void> suspend(const std::string& component, const history::Suspension& suspension);
  // Errors: control.unknown_component, deploy.suspended (refused: the settings say so); history.*.
  base::Result<void> resume(const std::string& component, const std::string& who, const std::string& why);
  std::optional<std::string> held() const;
  std::shared_ptr<const Generation> generation() const;
  history::History& history() { return *site_->history; }
  // For whoever brings content in otherwise than from a registry.
  oci::Store& store() { return *site_->store; }
  Offers& offers() { return *site_->offers; }
  Quarantine& quarantine() { return *site_->quarantine; }
  const Outside& outside() const { return site_->outside; }
  // The settings in use with the trust that is on disk at this moment; what components are judged by follows
  // when the worker comes to it. Errors: those of make_generation.
  base::Result<std::shared_ptr<const Generation>> fresh_generation() const;
  // Held while content comes in that nothing names yet: nothing is collected meanwhile.
  std::mutex& collecting() { return collecting_; }

  // Trust, changed by people (TrustUpdater has the errors). The worker judges everything again afterwards.
  base::Result<base::Json> import_trust(const std::string& envelope, const std::string& who);
  base::Result<void> deny_trust(const trust::DenialEntries& entries, const std::string& who);
  base::Result<void> reanchor_trust(const std::string& envelope, const base::Digest& fingerprint,
                                    const std::string& who, const std::string& why);
  std::optional<ClockReading> clock() const { return read_clock(*site_); }
  // Everything is judged again afterwards. Errors: history.*.
  base::Result<void> reset_clock(base::Time floor, const std::string& who, const std::string& why);
  // What is wrong or about to be, one sentence each.
  std::vector<std::string> trust_warnings();
  // The same of everything: trust, and what a newer API server no longer takes.
  std::vector<std::string> warnings();

  // A signed report of this site at this moment. Errors: those of receipts::Issuer::report.
  base::Result<history::Receipt> report_site() { return receipts_.report(); }
  receipts::KeyPlaces signing_key_places() const;

 private:
  explicit Engine(std::unique_ptr<Site> site);
  base::Result<void> take_up();
  void add(const config::Component& component);
  void publish();
  void collect_garbage();
  void drop_old_offers(const std::vector<history::ComponentRecord>& components);
  void take_requests();
  void trust_again();
  void tell_denials();
  base::Result<config::Component> known(const std::string& component) const;
  base::Result<history::Deployment> find_good(const history::ComponentRecord& record, const std::string& to);
  std::optional<std::string> dependency_problem(const config::Component& component,
                                                base::Clock::Monotonic asked);
  void tell_dependents(const Reconciler& moved);
  trust::ChainPlaces trust_places() const;
  receipts::SiteFacts site_facts();
  void set_receipts(const config::Receipts& settings);

  std::unique_ptr<Site> site_;
  TrustUpdater trust_updater_;
  ApiCheck api_check_;
  TokenRenewal token_;
  receipts::Issuer receipts_;
  receipts::Pusher pusher_;
  std::map<std::string, std::unique_ptr<Reconciler>> reconcilers_;

  std::mutex collecting_;
  bool collect_later_ = false;  // somebody was bringing content in

  mutable std::mutex mutex_;  // of what follows
  std::set<std::string> requests_;
  std::map<std::string, RollbackOrder> rollbacks_;
  bool all_requested_ = false;
  std::vector<ComponentActivity> activities_;
  std::optional<std::string> held_;
  std::shared_ptr<const Generation> generation_;
};

}  // namespace gridseal::deploy
