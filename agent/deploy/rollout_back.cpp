// The way back: the last good revision out of the local store, or the removal of a failed first deployment.
#include <algorithm>
#include <array>
#include <optional>

#include "deploy/health_watch.hpp"
#include "deploy/rollout.hpp"
#include "deploy/rules.hpp"
#include "kube/diagnose.hpp"
#include "kube/owner.hpp"
#include "manifest/order.hpp"

namespace gridseal::deploy {
namespace {

constexpr int kMaxAttempts = 3;
constexpr base::milliseconds kPauseBetweenAttempts{5'000};
constexpr base::milliseconds kPauseWhenStuck{600'000};

// An object that cannot be put back now must not keep the others from coming back.
bool concerns_one_object(const base::Error& error) {
  constexpr std::array<std::string_view, 5> kOfTheServer{
      "kube.unreachable", "kube.storage", "kube.unauthorized", "kube.cancelled", "kube.protocol"};
  return error.code().starts_with("kube.") &&
         std::ranges::find(kOfTheServer, error.code()) == kOfTheServer.end();
}

}  // namespace

base::Result<void> Rollout::need_back(const std::stop_token& stop) {
  if (!way_back_) return {};
  if (back_ && back_->verified().generation() == site_.generation->trust.generation()) return {};
  auto rendered = render_from_store(site_, component_, *way_back_, stop);
  if (!rendered) return std::move(rendered).error();
  back_ = std::move(*rendered);
  return {};
}

bool Rollout::is_in_way_back(const history::ObjectKey& key) const {
  if (!back_) return false;
  return std::ranges::any_of(back_->objects().entries(),
                             [&](const auto& entry) { return journal_key(entry.key) == key; });
}

base::Result<void> Rollout::put_back(const std::stop_token& stop) {
  if (!way_back_) return {};
  activity_ = "putting the last good revision back";
  applied_ = {};
  std::optional<base::Error> first;
  for (size_t i = 0; i < back_->objects().size(); ++i) {
    auto r = apply_one(back_->objects(), i, stop);
    if (r) continue;
    if (!concerns_one_object(r.error())) return r;
    if (!first) first = std::move(r).error();
  }
  if (first) return *first;
  return {};
}

base::Result<void> Rollout::put_back_pre_images(const std::stop_token& stop) {
  auto keys = site_.history->pre_images(id_);
  if (!keys) return std::move(keys).error();
  for (const auto& key : *keys) {
    if (is_in_way_back(key)) continue;
    auto body = site_.history->pre_image(id_, key);
    if (!body) return std::move(body).error();
    if (!*body) continue;
    auto object = base::parse_json(**body);
    if (!object) return std::move(object).error();
    auto object_key = kube::key_of(*object);
    if (!object_key) return std::move(object_key).error();
    auto result = kube::apply_object(site_.cluster_for(component_), *object, site_.limits(stop),
                                     apply_rules(component_, *object_key));
    if (!result)
      return std::move(result).error().with_context("what stood there before could not be put back");
  }
  return {};
}

// Only what this deployment itself created goes, in the reverse of the order of applying.
base::Result<void> Rollout::delete_created(const std::stop_token& stop) {
  auto entries = site_.history->inventory(component_.name, history::Side::attempt);
  if (!entries) return std::move(entries).error();
  std::ranges::sort(*entries, [](const auto& a, const auto& b) {
    return manifest::applies_before(cluster_key(b), cluster_key(a));
  });
  left_behind_.clear();
  for (const auto& entry : *entries) {
    if (entry.created_by != id_ || is_in_way_back(entry.key)) continue;
    auto result = kube::prune_object(site_.cluster_for(component_), {cluster_key(entry), entry.uid},
                                     component_.name, {}, site_.limits(stop));
    if (!result && result.error().code() == "kube.unknown_kind")
      continue;  // its kind is gone, and it with it
    if (!result) return std::move(result).error();
    if (result->result != kube::Pruned::gone) left_behind_.push_back(entry.key);
  }
  return {};
}

// Without a way back: a first deployment is taken away or left as the settings say. What stood there before
// and no longer verified is neither put back nor deleted; somebody on site decides.
base::Result<bool> Rollout::leaves_all() {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (*record && (*record)->last_good) return true;
  return component_.on_first_failure == config::FirstFailure::leave;
}

base::Result<void> Rollout::reverse(const std::stop_token& stop) {
  if (!way_back_) {
    auto leaves = leaves_all();
    if (!leaves) return std::move(leaves).error();
    if (*leaves) return end_reversed(State::left);
  }
  const auto work = [&]() -> base::Result<void> {
    if (auto r = need_back(stop); !r) return r;
    if (auto r = put_back(stop); !r) return r;
    if (auto r = put_back_pre_images(stop); !r) return r;
    return delete_created(stop);
  };
  auto done = work();
  if (!done) {
    if (stop.stop_requested() || done.error().code().starts_with("history.")) return done;
    return reverse_failed(std::move(done).error());
  }
  if (!way_back_) return end_reversed(State::removed);
  return go(Event::reversed);
}

// The surroundings may keep us from going back for hours: then it is tried again and again. What the API
// server itself refuses is tried a few times only, lest two revisions fight each other for ever.
base::Result<void> Rollout::reverse_failed(base::Error error) {
  due_ = site_.now() + kPauseBetweenAttempts;
  if (error.outcome() == base::Outcome::blocked && error.code() != "kube.forbidden") return error;
  if (++attempts_ < kMaxAttempts) return error;
  cause_ =
      std::move(error).with_context("neither this revision nor the way back works; an operator has to look");
  due_ = site_.now() + kPauseWhenStuck;
  auto r = go(Event::reverse_failed);
  due_ = site_.now() + kPauseWhenStuck;
  return r;
}

base::Result<void> Rollout::retry_stuck() {
  if (site_.now() < due_) return {};
  attempts_ = 0;
  return go(Event::retry);
}

base::Result<void> Rollout::supersede() {
  if (!next(state_, Event::superseded))
    return base::Error::blocked("deploy.state", "only what is stuck gives way to another revision");
  return end_reversed(State::left);
}

// A StatefulSet does not replace a pod that hangs on the failed revision by itself (kubernetes/kubernetes,
// StatefulSet "Forced rollback").
base::Result<void> Rollout::free_stuck_pods(const std::stop_token& stop) {
  for (const auto& entry : back_->objects().entries()) {
    if (entry.key.kind != "StatefulSet" || entry.key.group != "apps") continue;
    auto deleted = kube::delete_stuck_pods(site_.cluster_for(component_), entry.key, site_.limits(stop));
    if (!deleted) return std::move(deleted).error();
  }
  stuck_pods_freed_ = true;
  return {};
}

base::Result<void> Rollout::settle_back(const std::stop_token& stop) {
  if (auto r = need_back(stop); !r) return r;
  if (!stuck_pods_freed_) {
    if (auto r = free_stuck_pods(stop); !r) return r;
  }
  auto report = look(back_->objects(), stop);
  if (!report) return std::move(report).error();
  switch (report->verdict) {
    case kube::Verdict::waiting:
    case kube::Verdict::soaking:
      return {};
    case kube::Verdict::healthy:
      return end_reversed(State::rolled_back);
    case kube::Verdict::blocked:
    case kube::Verdict::cut_off:
      health_.reset();
      return base::Error::blocked(
          report->verdict == kube::Verdict::blocked ? "health.node" : "health.surroundings", report->message);
    case kube::Verdict::failed:
      break;
  }
  stuck_pods_freed_ = false;
  if (++attempts_ < kMaxAttempts) return go(Event::became_unhealthy);
  cause_ = base::Error::failed("health.way_back",
                               "the last good revision does not become healthy any more: " + report->message);
  auto r = go(Event::reverse_failed);
  due_ = site_.now() + kPauseWhenStuck;
  return r;
}

base::Result<void> Rollout::end_reversed(State end) {
  if (auto r = close_step("ok"); !r) return r;
  history::Ending ending;
  switch (end) {
    case State::rolled_back:
      ending.outcome = history::DeploymentOutcome::rolled_back;
      break;
    case State::removed:
      ending.outcome = history::DeploymentOutcome::removed;
      break;
    default:
      ending.outcome = history::DeploymentOutcome::left;
      break;
  }
  ending.reason = cause_ ? cause_->code() : "deploy.interrupted";
  ending.sentence = cause_ ? cause_->describe() : "interrupted";
  ending.left_behind = left_behind_;
  if (end == State::left) {
    auto entries = site_.history->inventory(component_.name, history::Side::attempt);
    if (!entries) return std::move(entries).error();
    for (const auto& entry : *entries) ending.left_behind.push_back(entry.key);
  }
  // What the workload itself did wrong was remembered when it was seen; what the API server refused is
  // remembered here.
  // Lost trust is not held against it: that may come back.
  ending.remember =
      cause_ && cause_->outcome() == base::Outcome::refused && cause_->code().starts_with("kube.");
  if (auto r = site_.history->finish_failed(id_, ending); !r) return r;
  if (site_.watch) site_.watch->release(component_.name);
  state_ = end;
  return {};
}

}  // namespace gridseal::deploy
