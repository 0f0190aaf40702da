// Keeps one component at what the registry names: polls, judges, deploys.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "deploy/drift.hpp"
#include "deploy/gate.hpp"
#include "deploy/offers.hpp"
#include "deploy/rollout.hpp"

namespace gridseal::deploy {

// What the history does not hold because it changes with every poll.
struct Activity {
  std::optional<base::Time> last_poll;
  std::optional<base::Time> next_poll;
  std::string doing;  // "waiting for health: 2 of 5 objects are ready"; empty when idle
};

// Somebody's word to go back to what an earlier deployment brought, with the host's values of then.
struct RollbackOrder {
  history::DeploymentId deployment;
  base::Digest artifact;
  std::optional<base::Digest> rendered;
  std::string revision;
  std::string who;
  std::string why;
};

// What stands against a change as long as the components that this one depends on are not ready, in a
// sentence. Each of them must have looked at the registry since `asked`.
using DependencyProblem = std::function<std::optional<std::string>(const config::Component& component,
                                                                   base::Clock::Monotonic asked)>;

// Used by the worker alone.
class Reconciler {
 public:
  Reconciler(Site& site, config::Component component);

  // A deployment that a restart interrupted; before the first run().
  void resume(const history::Deployment& record);

  base::Clock::Monotonic due() const;
  // One step: what runs is judged again or held against what it declares, or a poll with all that follows
  // from it up to the admission, or one step of the rollout under way.
  void run(const std::stop_token& stop);
  // Looks now instead of at the next interval; what was judged before is judged again.
  void request();
  // Looks at the registry at once; what was judged before stays judged.
  void look_soon() { due_ = std::min(due_, site_.now()); }
  // At the next run(). What it leaves counts as failed and is not taken again until somebody says so.
  void order_rollback(RollbackOrder order);
  // Other settings or another trust: everything is judged again.
  void set_component(config::Component component);
  void set_held(bool held) { held_ = held; }

  const std::string& name() const { return component_.name; }
  bool is_deploying() const { return rollout_.has_value(); }
  Activity activity() const;
  // Called when a revision became the last good one.
  void on_healthy(std::function<void()> callback) { on_healthy_ = std::move(callback); }

  const config::Component& component() const { return component_; }
  void set_dependency_problem(DependencyProblem problem) { dependency_problem_ = std::move(problem); }
  // Whether what the registry named at a look after `asked` runs and is healthy.
  bool is_ready_since(base::Clock::Monotonic asked) const;
  bool has_looked_since(base::Clock::Monotonic asked) const { return looked_ && *looked_ >= asked; }
  // A dependency became ready.
  void dependency_moved();

 private:
  // What was made of a digest; kept so that a poll without change does nothing.
  struct Judgement {
    base::Digest digest;
    std::string state;
    std::string reason;
    std::string sentence;
    bool open = false;                  // pending or refused: signatures may still arrive
    std::set<base::Digest> signatures;  // what was seen of them
    bool anew = false;                  // depends on more than artifact and signatures: judged at every poll
  };

  void poll(const std::stop_token& stop);
  bool is_stuck() const { return rollout_ && rollout_->state() == State::stuck; }
  void obey(const std::stop_token& stop);
  base::Result<void> roll_back(const RollbackOrder& order, const std::stop_token& stop);
  base::Result<void> end_suspension();
  base::Result<std::optional<std::string>> suspended();
  void check_running(const std::stop_token& stop);
  base::Result<void> judge_running(const std::stop_token& stop);
  void look_for_drift(const std::stop_token& stop);
  base::Result<DriftLook> drift_of(const std::stop_token& stop);
  base::Result<bool> may_correct_drift();
  void show_readiness(const DriftLook& look);
  base::Result<void> found_untrusted(const history::ComponentRecord& record, const base::Error& error,
                                     const std::stop_token& stop);
  base::Result<void> found_trusted(const history::ComponentRecord& record, const std::stop_token& stop);
  base::Result<void> reconcile(const Resolved& resolved, const std::stop_token& stop);
  base::Result<std::optional<Offer>> offered();
  base::Result<Resolved> carried_before();
  bool is_registry_ahead(const Resolved& named, const Offer& offer, const std::stop_token& stop);
  base::Result<Resolved> choose(base::Result<Resolved> named, const std::optional<Offer>& offer,
                                const std::stop_token& stop);
  base::Result<bool> is_unchanged(const Resolved& resolved, const std::stop_token& stop);
  base::Result<oci::FetchedArtifact> fetch(const Resolved& resolved, const std::stop_token& stop);
  base::Result<trust::Occasion> occasion_of(const base::Digest& artifact);
  base::Result<void> check_floor(const trust::Verified& verified, std::optional<int64_t>& permit);
  base::Result<std::optional<Judgement>> closed_gate(const Resolved& resolved,
                                                     const trust::Verified& verified,
                                                     std::optional<int64_t>& permit);
  base::Result<std::optional<int64_t>> permit_for(const trust::Verified& verified);
  base::Result<bool> is_running(const Rendered& rendered);
  base::Result<void> deploy(const Resolved& resolved, Rendered rendered, std::optional<int64_t> permit,
                            const std::stop_token& stop);
  void begin(Admitted admitted, const Purpose& purpose, std::optional<base::Digest> way_back);
  base::Result<void> bring(const Rendered& rendered, const ImageReport& report, const std::stop_token& stop);
  base::Result<void> bring_running(const base::Digest& artifact, const std::stop_token& stop);
  base::Result<void> look_at_images(Planned& planned, const std::stop_token& stop);
  base::Result<void> refused_images(const Resolved& resolved, const base::Digest& artifact,
                                    base::Error error);
  base::Result<void> refused(const Resolved& resolved, const base::Digest& artifact, base::Error error);
  void judge(const Resolved& resolved, const base::Error& error);
  void settle_on(Judgement judgement);
  void advance(const std::stop_token& stop);
  void finish();
  void name_in_store(const base::Digest& artifact);
  std::string warning() const;
  bool is_uncompared_for_long() const;
  void show_again();
  void show(std::string_view state, std::string_view reason, std::string_view sentence);
  void poll_again_in(base::milliseconds pause);
  base::milliseconds jittered(base::milliseconds pause) const;
  oci::Repository repository() const { return {component_.registry, component_.repository}; }

  Site& site_;
  config::Component component_;
  bool held_ = false;
  std::function<void()> on_healthy_;

  std::optional<RollbackOrder> order_;
  DependencyProblem dependency_problem_;
  std::optional<base::Clock::Monotonic> looked_;              // the last look that ended in a judgement
  std::optional<base::Clock::Monotonic> asked_dependencies_;  // while they hold a change back

  std::optional<Rollout> rollout_;
  std::optional<base::Digest> deploying_;  // what the registry named; of an index when it is one
  std::optional<Judgement> judgement_;
  std::set<base::Digest> seen_signatures_;
  // What the registry named, and the newer offer of a medium that is followed instead.
  std::optional<std::pair<base::Digest, base::Digest>> behind_;
  bool judge_anew_ = false;

  struct Pause {
    base::Digest digest;
    int attempts = 0;
    base::Clock::Monotonic until;
    std::string reason;
    std::string sentence;
  };
  std::optional<Pause> pause_;  // after a deployment that the surroundings ended

  base::Clock::Monotonic due_;
  base::Clock::Monotonic check_due_;  // of what runs
  base::Clock::Monotonic drift_due_;
  DriftWatch drift_;
  std::string absent_images_;  // why images of what runs are not on this host; empty: they are
  std::string unverified_;     // why what runs could not be judged at the last look; empty: it was
  // The same, of the comparison with what it declares, and since when.
  struct Uncompared {
    base::Error error;
    base::Clock::Monotonic since;
    std::string sentence() const;
  };
  std::optional<Uncompared> uncompared_;
  std::string degraded_;  // what of a healthy revision is not ready any more; empty: all is
  int blocked_steps_ = 0;
  std::optional<base::Time> last_poll_;
  std::string trouble_;  // the history itself cannot be written
};

}  // namespace gridseal::deploy
