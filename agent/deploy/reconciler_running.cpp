// What runs: judged again under the trust of this moment, and held against what it declares.
#include "deploy/reconciler.hpp"
#include "deploy/standing.hpp"

namespace gridseal::deploy {

// At start, on a timer, and when trust or policy changed: what was admitted once may have lost its trust.
void Reconciler::check_running(const std::stop_token& stop) {
  auto done = judge_running(stop);
  if (stop.stop_requested()) return;
  const bool rest = done && absent_images_.empty();
  check_due_ = site_.now() +
               jittered(rest ? site_.generation->settings.trust.verify_interval : component_.retry_interval);
  unverified_.clear();
  if (done) return;
  unverified_ = "what runs could not be verified again: " + done.error().describe();
  site_.outside.log.warning(unverified_, {{"component", component_.name}, {"reason", done.error().code()}});
}

base::Result<void> Reconciler::judge_running(const std::stop_token& stop) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good) return {};
  auto verified = verify_running(site_, component_, (*record)->last_good->artifact);
  if (verified) return found_trusted(**record, stop);
  if (!is_verdict(verified.error())) return std::move(verified).error();
  return found_untrusted(**record, verified.error(), stop);
}

base::Result<void> Reconciler::found_untrusted(const history::ComponentRecord& record,
                                               const base::Error& error, const std::stop_token& stop) {
  auto news = site_.history->set_standing(component_.name, &error);
  if (!news) return std::move(news).error();
  if (*news) {
    site_.outside.log.error("what runs no longer verifies: " + error.describe(),
                            {{"component", component_.name},
                             {"revision", record.last_good->revision},
                             {"outcome", "untrusted"},
                             {"reason", error.code()}});
    judgement_.reset();
    due_ = site_.now();
  }
  if (!record.untrusted || record.untrusted->stopped_by.empty()) return {};
  auto still_running = halt(site_, component_, stop);
  if (!still_running) return std::move(still_running).error();
  for (const std::string& sentence : *still_running)
    site_.outside.log.warning(sentence, {{"component", component_.name}, {"reason", "deploy.still_running"}});
  return {};
}

base::Result<void> Reconciler::found_trusted(const history::ComponentRecord& record,
                                             const std::stop_token& stop) {
  auto brought = bring_running(record.last_good->artifact, stop);
  const std::string absent = brought ? std::string() : brought.error().describe();
  if (!brought && absent != absent_images_ && !stop.stop_requested())
    site_.outside.log.warning("images of what runs are not on this host: " + absent,
                              {{"component", component_.name}, {"reason", brought.error().code()}});
  absent_images_ = absent;
  if (!record.untrusted) return {};
  if (!record.untrusted->stopped_by.empty()) {
    auto good = render_from_store(site_, component_, record.last_good->artifact, stop);
    if (!good) return std::move(good).error();
    if (auto r = start_again(site_, component_, *good, stop); !r) return r;
    if (auto r = site_.history->set_stopped(component_.name, {}, {}); !r) return r;
  }
  auto news = site_.history->set_standing(component_.name, nullptr);
  if (!news) return std::move(news).error();
  site_.outside.log.info("what runs verifies again",
                         {{"component", component_.name}, {"revision", record.last_good->revision}});
  judgement_.reset();
  due_ = site_.now();
  return {};
}

// What somebody changed in the cluster, and what is not ready any more.
void Reconciler::look_for_drift(const std::stop_token& stop) {
  auto look = drift_of(stop);
  if (stop.stop_requested()) return;
  const base::milliseconds pause =
      component_.drift_interval.count() > 0 ? component_.drift_interval : component_.interval;
  if (!look) {
    drift_due_ = site_.now() + jittered(component_.retry_interval);
    const auto since = uncompared_ ? uncompared_->since : site_.now();
    uncompared_.emplace(Uncompared{std::move(look).error(), since});
    site_.outside.log.warning(uncompared_->sentence(),
                              {{"component", component_.name}, {"reason", uncompared_->error.code()}});
    show_again();
    return;
  }
  const bool is_news = uncompared_.has_value();
  uncompared_.reset();
  if (is_news) show_again();
  site_.outside.log.debug("compared with what it declares", {{"component", component_.name}});
  drift_due_ = site_.now() + (look->look_again_soon ? std::min(pause, component_.grace) : jittered(pause));
  show_readiness(*look);
}

base::Result<DriftLook> Reconciler::drift_of(const std::stop_token& stop) {
  if (component_.drift == config::Drift::off) {
    if (auto r = drift_.stop_looking(component_.name); !r) return std::move(r).error();
    return DriftLook();
  }
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  // What no longer verifies is not put back, and what was stopped is meant to differ.
  if (!*record || !(*record)->last_good || (*record)->untrusted) return DriftLook();
  auto correct = may_correct_drift();
  if (!correct) return std::move(correct).error();
  return drift_.look(component_, *(*record)->last_good, *correct, stop);
}

base::Result<bool> Reconciler::may_correct_drift() {
  if (component_.drift != config::Drift::correct) return false;
  auto suspension = suspended();
  if (!suspension) return std::move(suspension).error();
  if (*suspension && !is_open(Gate::suspended, Act::correct_drift)) return false;
  if (held_ && !is_open(Gate::held, Act::correct_drift)) return false;
  return !site_.generation->chain->damage() || is_open(Gate::trust_damaged, Act::correct_drift);
}

// Without a change of the revision: the workload fell ill by itself, and nothing is done about it.
void Reconciler::show_readiness(const DriftLook& look) {
  std::string degraded;
  for (const std::string& sentence : look.sentences) degraded += (degraded.empty() ? "" : "; ") + sentence;
  if (look.unready > look.sentences.size())
    degraded += "; and " + std::to_string(look.unready - look.sentences.size()) + " more";
  if (degraded == degraded_) return;
  degraded_ = std::move(degraded);
  show_again();
}

void Reconciler::show_again() {
  if (judgement_ && judgement_->state == "healthy") show("healthy", "", "");
}

std::string Reconciler::Uncompared::sentence() const {
  return "what runs could not be compared with what it declares: " + error.describe();
}

// The cluster stands in the way, and nobody knows how what runs is. One answer that was lost is no news.
bool Reconciler::is_uncompared_for_long() const {
  return uncompared_ && uncompared_->error.code().starts_with("kube.") &&
         site_.now() - uncompared_->since >= component_.grace;
}

}  // namespace gridseal::deploy
