// One deployment from its admission to its end, step by step. Every state change is in the journal before
// what follows from it happens, so a rollout can be taken up again after a cut at any point.
#pragma once

#include <optional>
#include <string>

#include "deploy/dry_runs.hpp"
#include "deploy/health.hpp"
#include "deploy/revision.hpp"
#include "deploy/state.hpp"
#include "manifest/order.hpp"

namespace gridseal::deploy {

// Runs once: no way back runs it again.
inline bool is_job(const manifest::ObjectKey& key) {
  return key.group == "batch" && key.kind == "Job";
}

// Used by the worker alone.
class Rollout {
 public:
  Rollout(Site& site, config::Component component, Admitted admitted, const Purpose& purpose,
          std::optional<base::Digest> way_back);
  // A deployment that a restart interrupted. Nothing but digests is taken from the journal: artifacts are
  // verified and rendered again when they are needed.
  Rollout(Site& site, config::Component component, const history::Deployment& record);

  // Does what can be done now and returns; never waits. An error means that the surroundings stand in the
  // way: call again later. Nothing is lost by it.
  base::Result<void> step(const std::stop_token& stop);

  bool ended() const { return is_final(state_); }
  State state() const { return state_; }
  history::DeploymentId id() const { return id_; }
  const base::Digest& artifact() const { return artifact_; }
  const std::string& revision() const { return revision_; }
  // Why it went back; empty while it goes forward.
  const std::optional<base::Error>& cause() const { return cause_; }
  // Why it cannot go back either, while it is stuck.
  const std::optional<base::Error>& trouble() const { return trouble_; }
  // When step() has something to do again.
  base::Clock::Monotonic due() const;
  // "waiting for health: 2 of 5 objects are ready".
  const std::string& activity() const { return activity_; }
  // An operator asks: a pause between attempts ends now.
  void hurry() { due_ = site_.now(); }
  // An operator asks for the last good revision; this one counts as failed. Error (refused): deploy.state
  // when it is past that, or on the way back already.
  base::Result<void> call_back(base::Error cause);
  // Neither way worked, and another revision takes its place: what it left in the cluster stays in the
  // inventory. Only when stuck.
  base::Result<void> supersede();
  // Settings may change while it runs; the new ones count from the next step.
  void set_component(config::Component component) { component_ = std::move(component); }

 private:
  base::Result<void> apply_forward(const std::stop_token& stop);
  base::Result<void> apply_stage(manifest::Stage stage, const std::stop_token& stop);
  // What became of one object.
  struct Fate {
    std::optional<kube::ApplyResult> result;  // nothing: there is nothing of it in the cluster
    bool left_behind = false;                 // as the failed revision left it
  };
  using Apply =
      std::function<base::Result<Fate>(size_t index, const manifest::Object& object)>;  // by several threads
  using EndsAll = std::function<bool(const base::Error& error)>;                        // by several threads
  std::vector<Indices> batches(const manifest::Rendered& objects, const Indices& which) const;
  // Several at once; what came of it is in the journal on return. After a failure that ends all no further
  // object is begun. Of several failures the first that ends all is returned, else the first.
  base::Result<void> apply_batch(const manifest::Rendered& objects, const Indices& batch, const Apply& apply,
                                 const EndsAll& ends_all);
  void note_fate(const manifest::ObjectKey& key, const Fate& fate,
                 std::vector<history::AppliedObject>& marks);
  // False: come again.
  base::Result<bool> check_late_objects(manifest::Stage stage, const std::stop_token& stop);
  bool awaits_definition(const manifest::ObjectKey& key, const base::Error& refusal);
  base::Result<bool> stage_is_ready(manifest::Stage stage, const std::stop_token& stop);
  base::Result<void> forward_failed(base::Error error);
  base::Result<void> settle(const std::stop_token& stop);
  base::Result<void> prune(const std::stop_token& stop);
  base::Result<void> commit(size_t objects, const std::vector<history::ObjectKey>& unpruned);
  base::Result<bool> leaves_all();
  // What became of a round of deletes.
  struct Removal {
    std::vector<history::ObjectKey> gone;
    std::vector<history::ObjectKey> going;  // deleted, and still there
    std::vector<history::ObjectKey> left;   // protected, not ours any more, or the server refuses
  };
  base::Result<Removal> remove(std::vector<history::InventoryEntry> entries, const std::stop_token& stop);
  // Whether to look again later; else what is going is left to itself and stays in the inventory.
  bool waits_for(Removal& removal);
  base::Result<void> reverse(const std::stop_token& stop);
  base::Result<void> put_back(const std::stop_token& stop);
  base::Result<Fate> put_back_one(kube::Cluster& cluster, const manifest::Object& object,
                                  const std::stop_token& stop) const;
  base::Result<Fate> put_back_job(kube::Cluster& cluster, const manifest::Object& job,
                                  const std::stop_token& stop) const;
  base::Result<void> put_back_pre_images(const std::stop_token& stop);
  base::Result<bool> delete_created(const std::stop_token& stop);
  base::Result<void> reverse_failed(base::Error error);
  base::Result<void> give_up(base::Error error);
  base::Result<void> settle_back(const std::stop_token& stop);
  base::Result<void> recall_left_behind();
  base::Result<void> free_stuck_pods(const std::stop_token& stop);
  base::Result<void> retry_stuck();

  base::Result<kube::HealthReport> look(const manifest::Rendered& objects, history::Side side,
                                        const std::stop_token& stop);
  base::Result<void> recall_left_alone(const manifest::Rendered& objects, history::Side side);
  base::Result<void> need_forward(const std::stop_token& stop);
  base::Result<void> need_back(const std::stop_token& stop);
  // Journals the end of the running step, the new state and the beginning of its step.
  base::Result<void> go(Event event);
  base::Result<void> open_step();
  base::Result<void> close_step(std::string_view result, const base::Json& detail = {});
  base::Result<void> end_reversed(State end);
  bool is_in_way_back(const history::ObjectKey& key) const;

  Site& site_;
  config::Component component_;
  const history::DeploymentId id_;
  const base::Digest artifact_;
  const std::string revision_;
  const std::optional<base::Digest> way_back_;
  const bool goes_back_;  // somebody asked for a revision that ran here: its Jobs have run
  State state_;

  std::optional<Admitted> forward_;
  std::optional<Rendered> back_;
  AppliedSet applied_;
  std::optional<manifest::Stage> waiting_for_;  // a stage that was applied and is not ready yet
  manifest::Stage next_stage_ = manifest::Stage::definitions;
  std::optional<base::Clock::Monotonic> checking_since_;  // the late objects of that stage
  std::optional<kube::HealthCheck> health_;
  bool left_alone_known_ = false;
  std::optional<base::Clock::Monotonic> removing_since_;

  std::optional<int64_t> step_;
  std::optional<base::Error> cause_;
  std::optional<base::Error> trouble_;
  std::vector<history::ObjectKey> left_behind_;
  bool left_behind_known_ = false;
  std::vector<history::ObjectKey> kept_behind_;  // of those, what could not be put back
  int attempts_ = 0;                             // at going back
  base::Clock::Monotonic started_;
  base::Clock::Monotonic due_;
  base::Clock::Monotonic looked_{};  // at the cluster, for its health
  std::string activity_;
};

}  // namespace gridseal::deploy
