// Transitions, the journal and the way forward; applying is in rollout_apply.cpp, the way back in
// rollout_back.cpp.
#include "deploy/rollout.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "deploy/health_watch.hpp"
#include "deploy/rules.hpp"
#include "kube/owner.hpp"
#include "manifest/order.hpp"

namespace gridseal::deploy {
namespace {

constexpr base::milliseconds kShortestHealthPause{100};
constexpr base::milliseconds kLongestHealthPause{2000};
constexpr base::milliseconds kStagePause{200};
// The API server goes on judging by the old definition for a moment after the new one was applied.
constexpr base::milliseconds kDefinitionPatience{10'000};
// While every change is heard of. Storage that hangs makes watches silent: one looks in any case.
constexpr base::milliseconds kWatchedPause{5'000};

std::string_view step_name(State state) {
  switch (state) {
    case State::applying:
      return "apply";
    case State::settling:
      return "health";
    case State::pruning:
      return "prune";
    case State::reversing:
      return "reverse";
    case State::settling_back:
      return "health of the last good revision";
    default:
      return {};
  }
}

// The surroundings may recover while an apply is under way; permissions and quotas do not by waiting.
bool worth_waiting(const base::Error& error) {
  return error.outcome() == base::Outcome::blocked && error.code() != "kube.forbidden" &&
         error.code() != "kube.quota";
}

// Without an answer, with a full store behind the API or a full disk here, nothing could be put back either.
bool is_dead_end(const base::Error& error) {
  return error.code() == "kube.unreachable" || error.code() == "kube.storage" ||
         error.code().starts_with("files.") || error.code().starts_with("store.");
}

// The journal keeps code and sentence of a cause; what it means for the revision follows from the code.
base::Error cause_of(const std::string& code, const std::string& sentence) {
  static constexpr std::array<std::string_view, 4> kRefused = {"kube.invalid", "kube.immutable",
                                                               "kube.rejected", "kube.too_large"};
  if (code == "health.failed" || code == kRolledBackByOperator) return base::Error::failed(code, sentence);
  if (std::ranges::find(kRefused, code) != kRefused.end()) return base::Error::refused(code, sentence);
  return base::Error::blocked(code, sentence);
}

base::Json left_behind_detail(const std::vector<history::ObjectKey>& keys) {
  base::Json list = base::Json::array();
  for (const auto& key : keys) list.push_back({key.group, key.kind, key.namespace_name, key.name});
  if (list.empty()) return {};
  return {{"leftBehind", std::move(list)}};
}

}  // namespace

Rollout::Rollout(Site& site, config::Component component, Admitted admitted, const Purpose& purpose,
                 std::optional<base::Digest> way_back)
    : site_(site),
      component_(std::move(component)),
      id_(admitted.id()),
      artifact_(admitted.rendered().verified().digest()),
      revision_(purpose.revision),
      way_back_(std::move(way_back)),
      goes_back_(purpose.kind == history::DeploymentKind::rollback),
      state_(State::applying),
      forward_(std::move(admitted)),
      started_(site.now()),
      due_(site.now()) {}

Rollout::Rollout(Site& site, config::Component component, const history::Deployment& record)
    : site_(site),
      component_(std::move(component)),
      id_(record.id),
      artifact_(record.artifact),
      revision_(record.revision),
      way_back_(record.way_back),
      goes_back_(record.kind == history::DeploymentKind::rollback),
      state_(parse_state(record.state).value_or(State::reversing)),
      started_(site.now()),
      due_(site.now()) {
  if (!record.reason.empty()) cause_ = cause_of(record.reason, record.sentence);
}

base::Result<void> Rollout::step(const std::stop_token& stop) {
  if (!step_ && !ended()) {
    if (auto r = open_step(); !r) return r;
  }
  switch (state_) {
    case State::planned: {
      // A restart before the first write: the next poll plans anew.
      history::Ending ending{history::DeploymentOutcome::cancelled,
                             "deploy.interrupted",
                             "interrupted before anything was applied",
                             {},
                             false};
      if (auto r = site_.history->finish_failed(id_, ending); !r) return r;
      state_ = *next(state_, Event::gave_up);
      return {};
    }
    case State::applying:
      return apply_forward(stop);
    case State::settling:
      return settle(stop);
    case State::pruning:
      return prune(stop);
    case State::reversing:
      return reverse(stop);
    case State::settling_back:
      return settle_back(stop);
    case State::stuck:
      return retry_stuck();
    default:
      return {};
  }
}

base::Result<void> Rollout::open_step() {
  const std::string_view name = step_name(state_);
  if (name.empty()) return {};
  auto step = site_.history->begin_step(id_, name);
  if (!step) return std::move(step).error();
  step_ = *step;
  return {};
}

base::Result<void> Rollout::close_step(std::string_view result, const base::Json& detail) {
  if (!step_) return {};
  if (auto r = site_.history->end_step(id_, *step_, result, detail); !r) return r;
  step_.reset();
  return {};
}

base::Result<void> Rollout::go(Event event) {
  const auto to = next(state_, event);
  if (!to) {
    return base::Error::blocked("deploy.state", "no transition from " + std::string(to_string(state_)) +
                                                    " on " + std::string(to_string(event)));
  }
  std::string_view result = "ok";
  if (cause_ && *to == State::reversing) result = cause_->code();
  if (trouble_ && *to == State::stuck) result = trouble_->code();
  if (auto r = close_step(result, event == Event::reversed ? left_behind_detail(left_behind_) : base::Json());
      !r)
    return r;
  const std::string reason = cause_ ? cause_->code() : "";
  const std::string sentence = cause_ ? cause_->describe() : "";
  if (auto r = site_.history->set_state(id_, to_string(*to), reason, sentence); !r) return r;
  state_ = *to;
  health_.reset();
  if (site_.watch) site_.watch->release(component_.name);
  removing_since_.reset();
  due_ = site_.now();
  site_.outside.log.info(
      "deployment " + std::to_string(id_) + ": " + std::string(to_string(state_)),
      {{"component", component_.name}, {"revision", revision_}, {"deployment", std::to_string(id_)}});
  return {};
}

base::Result<void> Rollout::need_forward(const std::stop_token& stop) {
  // What was judged under another trust is judged again.
  if (forward_ && forward_->rendered().verified().generation() == site_.generation->trust.generation())
    return {};
  auto rendered = render_again(site_, component_, artifact_, id_, stop);
  if (!rendered) return std::move(rendered).error();
  forward_ = readmit(id_, std::move(*rendered));
  return {};
}

bool Rollout::awaits_definition(const manifest::ObjectKey& key, const base::Error& refusal) {
  if (refusal.outcome() != base::Outcome::refused ||
      !brings_definition(forward_->rendered().objects(), key.group))
    return false;
  return site_.now() - *checking_since_ < kDefinitionPatience;
}

// Objects whose namespace, kind or definition came with this very revision could not be checked before:
// checked now, before the first write of their stage.
base::Result<bool> Rollout::check_late_objects(manifest::Stage stage, const std::stop_token& stop) {
  const auto& objects = forward_->rendered().objects();
  if (!checking_since_) checking_since_ = site_.now();
  Indices late = of_stage(objects, stage);
  if (const auto& known = forward_->late())
    std::erase_if(late, [&](size_t index) { return !std::ranges::binary_search(*known, index); });
  const std::vector<DryRun> tried = dry_run(site_, component_, objects, late, {}, stop);
  for (size_t i = 0; i < late.size(); ++i) {
    const manifest::ObjectKey& key = objects.entries()[late[i]].key;
    const base::Result<kube::PlanItem>& item = *tried[i];
    if (!item && awaits_definition(key, item.error())) {
      activity_ = "waiting until the API server uses the new definition of " + key.kind;
      due_ = site_.now() + kStagePause;
      return false;
    }
    if (!item) return item.error();
    if (item->action == kube::Action::deferred)
      return base::Error::blocked("kube.unknown_kind", key.describe() + ": " + item->reason);
  }
  checking_since_.reset();
  return true;
}

base::Result<bool> Rollout::stage_is_ready(manifest::Stage stage, const std::stop_token& stop) {
  const auto in_stage = [&](const manifest::ObjectKey& key) { return manifest::stage(key) == stage; };
  auto readings = read_health(site_, component_, forward_->rendered().objects(), applied_, in_stage, stop);
  if (!readings) return std::move(readings).error();
  for (const auto& reading : *readings) {
    if (reading.readiness.is_current()) continue;
    activity_ = "waiting for " + reading.key.describe();
    if (reading.readiness.state == kube::State::failed) {
      return base::Error::failed("health.failed", reading.key.describe() + ": " + reading.readiness.message);
    }
    return false;
  }
  return true;
}

base::Result<void> Rollout::apply_forward(const std::stop_token& stop) {
  using manifest::Stage;
  const auto work = [&]() -> base::Result<void> {
    if (auto r = need_forward(stop); !r) return r;
    activity_ = "applying " + std::to_string(forward_->rendered().objects().size()) + " objects";
    if (waiting_for_) {
      auto ready = stage_is_ready(*waiting_for_, stop);
      if (!ready) return std::move(ready).error();
      if (!*ready) {
        due_ = site_.now() + kStagePause;
        return {};
      }
      next_stage_ = *waiting_for_ == Stage::definitions ? Stage::classes : Stage::rest;
      waiting_for_.reset();
    }
    if (!left_alone_known_) {
      if (auto r = recall_left_alone(forward_->rendered().objects(), history::Side::attempt); !r) return r;
    }
    const auto& entries = forward_->rendered().objects().entries();
    const bool late = std::ranges::any_of(
        entries, [&](const auto& entry) { return manifest::stage(entry.key) < next_stage_; });
    if (late) {
      auto checked = check_late_objects(next_stage_, stop);
      if (!checked) return std::move(checked).error();
      if (!*checked) return {};
    }
    if (auto r = apply_stage(next_stage_, stop); !r) return r;
    if (next_stage_ != Stage::rest) {
      waiting_for_ = next_stage_;
      due_ = site_.now();
      return {};
    }
    return go(Event::applied);
  };
  const State before = state_;
  auto done = work();
  if (done || stop.stop_requested()) return done;
  // What fails in the journal itself stops everything; what fails at the cluster is judged.
  if (done.error().code().starts_with("history.") || state_ != before) return done;
  // What is being deleted, to be created anew or by somebody else, is waited for: that is no trouble yet.
  if (done.error().code() == "kube.terminating" && site_.now() - started_ < component_.timeout) {
    activity_ = "waiting: " + done.error().describe();
    due_ = site_.now() + kStagePause;
    return {};
  }
  return forward_failed(std::move(done).error());
}

base::Result<void> Rollout::call_back(base::Error cause) {
  if (!next(state_, Event::called_back)) {
    return base::Error::refused("deploy.state", "deployment " + std::to_string(id_) + " is " +
                                                    std::string(to_string(state_)) +
                                                    ": it cannot be called back");
  }
  auto record = site_.history->deployment(id_);
  if (!record) return std::move(record).error();
  const auto values = *record && (*record)->values ? *(*record)->values
                                                   : values_digest(site_.generation->settings, component_);
  cause_ = std::move(cause);
  const history::Failure failure{component_.name, artifact_, values, cause_->code(), cause_->describe(), {}};
  if (auto r = site_.history->remember_failure(failure); !r) return r;
  return go(Event::called_back);
}

base::Result<void> Rollout::forward_failed(base::Error error) {
  const bool in_time = site_.now() - started_ < component_.timeout;
  if (worth_waiting(error) && (in_time || is_dead_end(error))) return error;
  cause_ = std::move(error);
  return go(Event::apply_failed);
}

base::Clock::Monotonic Rollout::due() const {
  if (!site_.watch || !site_.watch->has_news(component_.name)) return due_;
  return std::min(due_, looked_ + kShortestHealthPause);
}

// What an annotation kept out of the inventory when it was planned is neither applied nor judged.
base::Result<void> Rollout::recall_left_alone(const manifest::Rendered& objects, history::Side side) {
  auto entries = site_.history->inventory(component_.name, side);
  if (!entries) return std::move(entries).error();
  std::set<history::ObjectKey> known;
  for (const auto& entry : *entries) known.insert(entry.key);
  for (const auto& entry : objects.entries())
    if (!known.contains(journal_key(entry.key))) applied_.left_alone.insert(entry.key);
  left_alone_known_ = true;
  return {};
}

base::Result<kube::HealthReport> Rollout::look(const manifest::Rendered& objects, history::Side side,
                                               const std::stop_token& stop) {
  if (!left_alone_known_) {
    if (auto r = recall_left_alone(objects, side); !r) return std::move(r).error();
  }
  if (site_.watch) site_.watch->looking(component_.name);
  auto readings = read_health(
      site_, component_, objects, applied_, [](const auto&) { return true; }, stop);
  if (!readings) {
    // Time without an answer from the API is not held against the workload.
    health_.reset();
    return std::move(readings).error();
  }
  // On the way back no Job is made again: what ran for a revision that was good has run.
  if (goes_back_ || side == history::Side::last_good) {
    std::erase_if(*readings, [](const kube::Reading& reading) {
      return is_job(reading.key) && reading.readiness.state == kube::State::not_found;
    });
  }
  if (!health_) health_.emplace(health_settings(component_));
  kube::HealthReport report = health_->feed(*readings, site_.now());
  activity_ =
      report.verdict == kube::Verdict::soaking ? "healthy, watching that it stays so" : "waiting for health";
  activity_ +=
      ": " + std::to_string(report.current) + " of " + std::to_string(report.total) + " objects are ready";
  looked_ = site_.now();
  due_ = looked_ + std::clamp(component_.soak / 8, kShortestHealthPause, kLongestHealthPause);
  if (site_.watch && site_.watch->covers(site_, component_, *readings, stop))
    due_ = std::clamp(report.decided_by, looked_ + kShortestHealthPause, looked_ + kWatchedPause);
  return report;
}

base::Result<void> Rollout::settle(const std::stop_token& stop) {
  if (auto r = need_forward(stop); !r) {
    if (worth_waiting(r.error())) return r;
    cause_ = std::move(r).error();
    return go(Event::became_unhealthy);
  }
  auto report = look(forward_->rendered().objects(), history::Side::attempt, stop);
  if (!report) return std::move(report).error();
  switch (report->verdict) {
    case kube::Verdict::waiting:
    case kube::Verdict::soaking:
      return {};
    case kube::Verdict::healthy:
      return go(Event::became_healthy);
    case kube::Verdict::blocked:
      return base::Error::blocked("health.node", report->message);
    case kube::Verdict::cut_off:
      // Not held against it; the last good revision has what it needs on this host.
      cause_ = base::Error::blocked("health.surroundings", report->message);
      return go(Event::became_unhealthy);
    case kube::Verdict::failed:
      break;
  }
  cause_ = base::Error::failed("health.failed", report->message);
  return go(Event::became_unhealthy);
}

}  // namespace gridseal::deploy
