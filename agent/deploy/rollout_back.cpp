// The way back: the last good revision out of the local store, or the removal of a failed first deployment.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "deploy/health_watch.hpp"
#include "deploy/image_keeper.hpp"
#include "deploy/rollout.hpp"
#include "deploy/rules.hpp"
#include "kube/diagnose.hpp"
#include "kube/fields.hpp"
#include "kube/owner.hpp"
#include "kube/restore.hpp"

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

// Whether trying again without somebody's help leads nowhere.
bool is_lasting(const base::Error& error) {
  return error.outcome() != base::Outcome::blocked || error.code() == "kube.forbidden";
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

// All that can be put back is, also when one object is refused.
base::Result<void> Rollout::put_back(const std::stop_token& stop) {
  if (!way_back_) return {};
  activity_ = "putting the last good revision back";
  if (auto r = list_again(site_, component_.name, *way_back_); !r)
    site_.outside.log.warning(r.error().describe(),
                              {{"component", component_.name}, {"reason", r.error().code()}});
  applied_ = {};
  if (auto r = recall_left_alone(back_->objects(), history::Side::last_good); !r) return r;
  const manifest::Rendered& objects = back_->objects();
  kube::Cluster& cluster = site_.cluster_for(component_);
  const Apply apply = [&](size_t /*index*/, const manifest::Object& object) {
    return put_back_one(cluster, object, stop);
  };
  const EndsAll ends_all = [](const base::Error& error) { return !concerns_one_object(error); };
  Indices all(objects.size());
  std::iota(all.begin(), all.end(), size_t{0});
  std::optional<base::Error> first;
  for (const Indices& batch : batches(objects, all)) {
    auto done = apply_batch(objects, batch, apply, ends_all);
    if (done) continue;
    if (ends_all(done.error())) return done;
    if (!first) first = std::move(done).error();
  }
  if (first) return std::move(*first);
  return {};
}

base::Result<Rollout::Fate> Rollout::put_back_one(kube::Cluster& cluster, const manifest::Object& object,
                                                  const std::stop_token& stop) const {
  const auto& key = object.key;
  if (is_job(key)) return put_back_job(cluster, object, stop);
  auto result = kube::put_back_object(cluster, object.body, site_.limits(stop), apply_rules(component_, key));
  if (result) return Fate{std::move(*result)};
  // Objects are stored in a version that only the failed revision declares (status.storedVersions).
  if (key.kind == "CustomResourceDefinition" && result.error().code() == "kube.invalid")
    return Fate{std::nullopt, true};
  return std::move(result).error().with_context(key.describe() + " could not be put back");
}

// What ran for a revision that was good has run. A Job that is still there is put back; one that is not stays
// away, and one that the failed revision put in its place goes.
base::Result<Rollout::Fate> Rollout::put_back_job(kube::Cluster& cluster, const manifest::Object& job,
                                                  const std::stop_token& stop) const {
  auto live = cluster.get(job.key, site_.limits(stop));
  if (!live && live.error().is("kube.not_found")) return Fate{};
  if (!live) return std::move(live).error().error;
  auto result =
      kube::put_back_object(cluster, job.body, site_.limits(stop), apply_rules(component_, job.key));
  if (!result && result.error().code() == "kube.immutable") {
    const kube::OwnedObject owned{job.key, kube::text_at(*live, {"metadata", "uid"})};
    auto removed = kube::prune_object(cluster, owned, component_.name, {}, site_.limits(stop));
    if (!removed) return std::move(removed).error();
    return Fate{};
  }
  if (!result) return std::move(result).error().with_context(job.key.describe() + " could not be put back");
  return Fate{std::move(*result)};
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
    auto result = kube::restore_object(site_.cluster_for(component_), *object, site_.limits(stop),
                                       apply_rules(component_, *object_key));
    if (!result)
      return std::move(result).error().with_context("what stood there before could not be put back");
  }
  return {};
}

// Only what this deployment itself created goes. False: some of it is still going.
base::Result<bool> Rollout::delete_created(const std::stop_token& stop) {
  auto entries = site_.history->inventory(component_.name, history::Side::attempt);
  if (!entries) return std::move(entries).error();
  std::erase_if(*entries,
                [&](const auto& entry) { return entry.created_by != id_ || is_in_way_back(entry.key); });
  auto removal = remove(std::move(*entries), stop);
  if (!removal) return std::move(removal).error();
  if (waits_for(*removal)) return false;
  left_behind_.insert(left_behind_.end(), removal->left.begin(), removal->left.end());
  return true;
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
  const auto work = [&]() -> base::Result<bool> {
    left_behind_.clear();
    left_behind_known_ = true;
    if (!removing_since_) {
      if (auto r = need_back(stop); !r) return std::move(r).error();
      if (auto r = put_back(stop); !r) return std::move(r).error();
      if (auto r = put_back_pre_images(stop); !r) return std::move(r).error();
      kept_behind_ = left_behind_;
    }
    left_behind_ = kept_behind_;
    return delete_created(stop);
  };
  auto done = work();
  if (!done) {
    if (stop.stop_requested() || done.error().code().starts_with("history.")) return std::move(done).error();
    removing_since_.reset();
    return reverse_failed(std::move(done).error());
  }
  if (!*done) return {};
  if (!way_back_) return end_reversed(State::removed);
  return go(Event::reversed);
}

// The surroundings may keep us from going back for hours: then it is tried again and again. What the API
// server itself refuses is tried a few times only, lest two revisions fight each other for ever.
base::Result<void> Rollout::reverse_failed(base::Error error) {
  due_ = site_.now() + kPauseBetweenAttempts;
  if (!is_lasting(error)) return error;
  if (++attempts_ < kMaxAttempts) return error;
  return give_up(std::move(error));
}

base::Result<void> Rollout::give_up(base::Error error) {
  trouble_ = std::move(error).with_context(
      "neither revision " + revision_ +
      " nor the way back works, an operator has to look; it is tried again every " +
      std::to_string(kPauseWhenStuck.count() / 60'000) + " minutes");
  auto r = go(Event::reverse_failed);
  due_ = site_.now() + kPauseWhenStuck;
  return r;
}

base::Result<void> Rollout::retry_stuck() {
  if (site_.now() < due_) return {};
  attempts_ = 0;
  trouble_.reset();
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
  return {};
}

// After a restart: what the step before could not take away is in the journal.
base::Result<void> Rollout::recall_left_behind() {
  if (left_behind_known_) return {};
  auto record = site_.history->deployment(id_);
  if (!record) return std::move(record).error();
  for (const auto& step : *record ? (*record)->steps : std::vector<history::Step>()) {
    const base::Json* keys = base::find_array(step.detail, "leftBehind");
    if (keys == nullptr) continue;
    left_behind_.clear();
    for (const auto& key : *keys) {
      if (key.is_array() && key.size() == 4)
        left_behind_.push_back({key[0].get<std::string>(), key[1].get<std::string>(),
                                key[2].get<std::string>(), key[3].get<std::string>()});
    }
  }
  left_behind_known_ = true;
  return {};
}

base::Result<void> Rollout::settle_back(const std::stop_token& stop) {
  if (auto r = need_back(stop); !r) return r;
  if (auto r = recall_left_behind(); !r) return r;
  auto report = look(back_->objects(), history::Side::last_good, stop);
  if (!report) return std::move(report).error();
  switch (report->verdict) {
    case kube::Verdict::waiting:
      return free_stuck_pods(stop);
    case kube::Verdict::soaking:
      return {};
    case kube::Verdict::healthy:
      return end_reversed(State::rolled_back);
    case kube::Verdict::blocked:
    case kube::Verdict::cut_off:
      if (report->verdict == kube::Verdict::cut_off) health_.reset();
      return base::Error::blocked(
          report->verdict == kube::Verdict::blocked ? "health.node" : "health.surroundings", report->message);
    case kube::Verdict::failed:
      break;
  }
  if (++attempts_ < kMaxAttempts) return go(Event::became_unhealthy);
  return give_up(base::Error::failed(
      "health.way_back", "the last good revision does not become healthy any more: " + report->message));
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
  // What the workload itself did wrong, or the API server refused. Lost trust is not held against it: that
  // may come back.
  ending.remember =
      cause_ && (cause_->outcome() == base::Outcome::failed ||
                 (cause_->outcome() == base::Outcome::refused && cause_->code().starts_with("kube.")));
  if (auto r = site_.history->finish_failed(id_, ending); !r) return r;
  if (site_.watch) site_.watch->release(component_.name);
  state_ = end;
  return {};
}

}  // namespace gridseal::deploy
