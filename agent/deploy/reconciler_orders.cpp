// What people on this host ask of a component: to go back, to wait.
#include "deploy/reconciler.hpp"

namespace gridseal::deploy {

void Reconciler::order_rollback(RollbackOrder order) {
  order_ = std::move(order);
  due_ = site_.now();
  if (rollout_) rollout_->hurry();
}

// Carries an order out as far as it can be now. What cannot be done is said and dropped: whoever asked is
// there to ask again.
void Reconciler::obey(const std::stop_token& stop) {
  const RollbackOrder order = *order_;
  auto done = roll_back(order, stop);
  if (stop.stop_requested()) return;
  if (done) return;
  order_.reset();
  site_.outside.log.error("going back to " + order.revision + ": " + done.error().describe(),
                          {{"component", component_.name}, {"reason", done.error().code()}});
  trouble_ = "going back to " + order.revision + " is not possible: " + done.error().describe();
}

base::Result<void> Reconciler::roll_back(const RollbackOrder& order, const std::stop_token& stop) {
  const std::string sentence = order.who + " went back to " + order.revision + ": " + order.why;
  if (rollout_ && !is_stuck()) {
    // Forward it is turned; on the way back it is awaited.
    if (next(rollout_->state(), Event::called_back)) {
      due_ = site_.now();
      return rollout_->call_back(base::Error::failed(std::string(kRolledBackByOperator), sentence));
    }
    advance(stop);
    return {};
  }
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  const std::optional<history::LastGood> good = *record ? (*record)->last_good : std::nullopt;
  if (!is_stuck() && good && good->artifact == order.artifact && good->rendered == order.rendered) {
    order_.reset();  // there already
    return {};
  }
  auto rendered = render_again(site_, component_, order.artifact, order.deployment, stop);
  if (!rendered) return std::move(rendered).error();
  auto planned = plan(site_, component_, std::move(*rendered), stop);
  if (!planned) return std::move(planned).error();
  if (is_stuck()) {
    if (auto r = rollout_->supersede(); !r) return r;
    rollout_.reset();
  }
  const bool leaves = good && (good->artifact != order.artifact || good->rendered != order.rendered);
  if (leaves) {
    const history::Failure left{
        component_.name, good->artifact, good->values, std::string(kRolledBackByOperator), sentence, {}};
    if (auto r = site_.history->remember_failure(left); !r) return r;
  }
  const std::optional<base::Digest> way_back = planned->way_back();
  const Purpose purpose{order.revision, order.who, history::DeploymentKind::rollback};
  auto admitted = admit(site_, component_, std::move(*planned), purpose, stop);
  if (!admitted) return std::move(admitted).error();
  order_.reset();
  judgement_.reset();
  deploying_.reset();
  begin(std::move(*admitted), purpose, way_back);
  return {};
}

// Why nothing is changed just now; nothing when neither settings nor people say so.
base::Result<std::optional<std::string>> Reconciler::suspended() {
  if (component_.suspend) return std::optional<std::string>("the component is suspended in the settings");
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->suspension) return std::optional<std::string>();
  const history::Suspension& by = *(*record)->suspension;
  std::string sentence = "suspended by " + by.by;
  if (by.until) sentence += " until " + base::format_rfc3339(*by.until);
  return std::optional<std::string>(sentence + ": " + by.why);
}

base::Result<void> Reconciler::end_suspension() {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->suspension) return {};
  if (!(*record)->suspension->is_over(site_.outside.clock.now())) return {};
  judgement_.reset();
  return site_.history->resume(component_.name, "gridseald", "its time is over");
}

bool Reconciler::is_ready_since(base::Clock::Monotonic asked) const {
  return has_looked_since(asked) && !rollout_ && judgement_ && judgement_->state == "healthy";
}

void Reconciler::dependency_moved() {
  if (!asked_dependencies_) return;
  judgement_.reset();
  look_soon();
}

}  // namespace gridseal::deploy
