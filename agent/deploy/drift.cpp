#include "deploy/drift.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "base/encoding.hpp"
#include "deploy/rules.hpp"
#include "kube/fields.hpp"
#include "kube/observe.hpp"
#include "kube/owner.hpp"
#include "manifest/order.hpp"

namespace gridseal::deploy {
namespace {

using history::DriftAction;
using history::ObjectKey;

constexpr size_t kShownFields = 5;
constexpr size_t kShownObjects = 5;
constexpr int kPeacefulCorrections = 2;  // further ones wait
constexpr base::milliseconds kLongestDriftPause{3'600'000};

// "kubectl-edit changed .spec.replicas at 2026-11-23T17:19:46Z".
std::string in_words(const manifest::ObjectKey& key, const kube::DriftFinding& finding,
                     const history::Drift& drift) {
  if (finding.kind == kube::DriftFinding::Kind::deleted) return key.describe() + " was deleted";
  std::string fields;
  for (size_t i = 0; i < std::min(kShownFields, drift.fields.size()); ++i)
    fields += (i == 0 ? "" : ", ") + drift.fields[i];
  if (drift.fields.size() > kShownFields)
    fields += " and " + std::to_string(drift.fields.size() - kShownFields) + " more";
  if (fields.empty()) fields = "a field";
  if (drift.manager.empty()) return key.describe() + ": " + fields + " was changed or removed";
  std::string text = key.describe() + ": " + drift.manager + " changed " + fields;
  if (drift.changed) text += " at " + base::format_rfc3339(*drift.changed);
  return text;
}

history::Drift as_drift(const std::string& component, const manifest::ObjectKey& key,
                        const kube::DriftFinding& finding) {
  history::Drift drift;
  drift.component = component;
  drift.key = journal_key(key);
  for (const auto& change : finding.changes) {
    drift.fields.push_back(change.field);
    if (change.manager.empty()) continue;
    if (!drift.manager.empty() && (!change.time || (drift.changed && *change.time <= *drift.changed)))
      continue;
    drift.manager = change.manager;
    drift.changed = change.time;
  }
  drift.sentence = in_words(key, finding, drift);
  return drift;
}

// Its kind or its namespace was put back a moment ago, and is not in use yet.
bool comes_first(const base::Error& error) {
  return error.code() == "kube.unknown_kind" || error.code() == "kube.not_found";
}

// Trouble of the cluster as a whole: the next look tries again. What concerns this object alone is recorded.
bool concerns_all(const base::Error& error) {
  return error.outcome() == base::Outcome::blocked && !comes_first(error) &&
         error.code() != "kube.forbidden" && error.code() != "kube.quota" && error.code() != "kube.conflict";
}

std::string cause_of(const kube::Reading& reading) {
  const std::string cause = kube::worst_cause(reading.findings);
  const std::string& own = reading.readiness.message;
  std::string text = reading.key.describe() + ": " + own;
  if (!cause.empty() && own.find(cause) == std::string::npos) text += (own.empty() ? "" : "; ") + cause;
  return text;
}

}  // namespace

// One look.
class DriftPass {
 public:
  DriftPass(DriftWatch& watch, const config::Component& component, const history::LastGood& good,
            bool correct, const std::stop_token& stop)
      : watch_(watch),
        site_(watch.site_),
        component_(component),
        good_(good),
        correct_(correct),
        stop_(stop),
        now_(watch.site_.now()) {}

  base::Result<DriftLook> run() {
    if (auto r = read_journal(); !r) return std::move(r).error();
    if (auto r = read_cluster(); !r) return std::move(r).error();
    add_missing();
    auto judged = judge_suspects();
    // What was found clean before an error is clean all the same.
    if (auto r = site_.history->set_clean_fields(component_.name, clean_); !r) return std::move(r).error();
    if (!judged) return std::move(judged).error();
    if (auto r = end_undeclared(); !r) return std::move(r).error();
    sum_up_readiness();
    return std::move(look_);
  }

 private:
  struct Suspect {
    ObjectKey key;
    std::string resource_version;  // empty: it is not there
  };

  base::Result<void> read_journal() {
    auto entries = site_.history->inventory(component_.name, history::Side::last_good);
    if (!entries) return std::move(entries).error();
    for (auto& entry : *entries) {
      ObjectKey key = entry.key;
      declared_.emplace(std::move(key), std::move(entry));
    }
    auto open = site_.history->open_drifts(component_.name);
    if (!open) return std::move(open).error();
    for (const auto& drift : *open) open_.emplace(drift.key, drift.action);
    return {};
  }

  // What lies in no namespace first, the namespaces themselves among it.
  base::Result<void> read_cluster() {
    using Collection = std::tuple<std::string, std::string, std::string, std::string>;
    std::set<Collection> collections;
    for (const auto& [key, entry] : declared_)
      collections.emplace(key.namespace_name, key.group, entry.version, key.kind);
    for (const auto& [space, group, version, kind] : collections) {
      if (stop_.stop_requested()) return base::Error::blocked("deploy.stopped", "the agent is stopping");
      auto listed = kube::list_owned(
          site_.cluster_for(component_), group, version, kind, space, component_.name,
          [this](const base::Json& item) { return take(item); }, site_.limits(stop_));
      if (!listed && !took_its_objects(space, listed.error())) return std::move(listed).error();
    }
    return {};
  }

  // A kind that is gone, or a namespace, and with it the right to look into it.
  bool took_its_objects(const std::string& space, const base::Error& error) const {
    if (error.code() == "kube.unknown_kind") return true;
    const ObjectKey key{"", "Namespace", "", space};
    return error.code() == "kube.forbidden" && declared_.contains(key) && !present_.contains(key);
  }

  base::Result<void> take(const base::Json& item) {
    auto cluster_key = kube::key_of(item);
    if (!cluster_key) return std::move(cluster_key).error();
    const ObjectKey key = journal_key(*cluster_key);
    const auto entry = declared_.find(key);
    if (entry == declared_.end()) return {};
    const bool is_new = present_.insert(key).second;
    if (!is_new) return {};
    if (auto r = read_readiness(key, item); !r) return r;
    if (!kube::text_at(item, {"metadata", "deletionTimestamp"}).empty()) return {};
    if (kube::is_left_alone(item)) return is_clean(key);
    const std::string fields = kube::own_fields_digest(item);
    const bool same_object = kube::text_at(item, {"metadata", "uid"}) == entry->second.uid;
    if (same_object && !fields.empty() && fields == entry->second.fields) return is_clean(key);
    suspect(key, kube::text_at(item, {"metadata", "resourceVersion"}));
    return {};
  }

  void suspect(const ObjectKey& key, const std::string& resource_version) {
    const auto known = watch_.judged_.find(key);
    const bool same = known != watch_.judged_.end() && known->second.resource_version == resource_version;
    if (same && (!known->second.drifted || !correct_)) return;
    if (const auto fight = watch_.fights_.find(key);
        same && fight != watch_.fights_.end() && fight->second.until > now_)
      return;
    suspects_.push_back({key, resource_version});
  }

  // A Job that is not there ran, for only then did its revision become the last good one.
  void add_missing() {
    for (const auto& [key, entry] : declared_) {
      if (present_.contains(key)) continue;
      watch_.unready_since_.erase(key);
      if (!kube::is_job(cluster_key(entry))) suspect(key, {});
    }
  }

  base::Result<void> is_clean(const ObjectKey& key) {
    watch_.judged_.erase(key);
    if (const auto fight = watch_.fights_.find(key); fight != watch_.fights_.end()) {
      const auto peace = std::max(fight->second.until - fight->second.last,
                                  base::Clock::Monotonic::duration(component_.drift_interval * 10));
      if (now_ - fight->second.last > peace * 2) watch_.fights_.erase(fight);
    }
    const auto open = open_.find(key);
    if (open == open_.end()) return {};
    // Cut after it was applied: what was about to be put back was.
    const auto end =
        open->second == DriftAction::corrected ? history::DriftEnd::corrected : history::DriftEnd::by_itself;
    open_.erase(open);
    return site_.history->end_drift(component_.name, key, end);
  }

  base::Result<void> render() {
    if (rendered_) return {};
    auto rendered = render_from_store(site_, component_, good_.artifact, stop_);
    if (!rendered) return std::move(rendered).error();
    if (rendered->objects().digest() != good_.rendered)
      return base::Error::blocked("deploy.rendered_otherwise",
                                  "the settings of the component changed what its last good revision "
                                  "declares: what runs is compared again once it is deployed");
    rendered_.emplace(std::move(*rendered));
    for (size_t i = 0; i < rendered_->objects().size(); ++i)
      index_.emplace(journal_key(rendered_->objects().entries()[i].key), i);
    return {};
  }

  base::Result<void> judge_suspects() {
    if (suspects_.empty()) return {};
    if (auto r = render(); !r) return r;
    std::ranges::sort(suspects_, [&](const Suspect& a, const Suspect& b) {
      return manifest::applies_before(cluster_key(declared_.at(a.key)), cluster_key(declared_.at(b.key)));
    });
    for (const Suspect& suspect : suspects_) {
      if (stop_.stop_requested()) return base::Error::blocked("deploy.stopped", "the agent is stopping");
      const auto index = index_.find(suspect.key);
      if (index == index_.end()) continue;
      auto object = rendered_->objects().load(index->second);
      if (!object) return std::move(object).error();
      if (auto r = judge(suspect, *object); !r) return r;
    }
    return {};
  }

  base::Result<void> judge(const Suspect& suspect, const manifest::Object& object) {
    const ObjectKey& key = suspect.key;
    auto finding = kube::find_drift(site_.cluster_for(component_), object.body, site_.limits(stop_),
                                    apply_rules(component_, object.key));
    if (!finding) {
      if (finding.error().code() == "kube.terminating") return {};
      if (concerns_all(finding.error())) return std::move(finding).error();
      watch_.judged_[key] = {suspect.resource_version, true};
      history::Drift drift;
      drift.component = component_.name;
      drift.key = key;
      return could_not(std::move(drift), object.key, finding.error());
    }
    using Kind = kube::DriftFinding::Kind;
    const bool drifted = finding->kind == Kind::changed || finding->kind == Kind::deleted;
    if (drifted) return drift_found(key, object, *finding);
    if (auto r = is_clean(key); !r) return r;
    watch_.judged_[key] = {finding->resource_version, false};
    if (finding->kind == Kind::left_alone) return {};
    // The same object, made anew under our manager's name.
    if (finding->uid != declared_.at(key).uid)
      return site_.history->mark_applied(component_.name, {{key, finding->uid, finding->fields}});
    clean_.push_back({key, finding->fields});
    return {};
  }

  base::Result<void> drift_found(const ObjectKey& key, const manifest::Object& object,
                                 const kube::DriftFinding& finding) {
    history::Drift drift = as_drift(component_.name, object.key, finding);
    watch_.judged_[key] = {finding.resource_version, true};
    if (!correct_) {
      drift.action = DriftAction::reported;
      return site_.history->record_drift(drift);
    }
    auto& fight = watch_.fights_[key];
    if (fight.until > now_) {
      drift.action = DriftAction::failed;
      drift.sentence +=
          ". It is changed back each time that it is put right, so this is done ever more "
          "rarely: name the field in `ignore`, or let only one of the two declare it";
      return site_.history->record_drift(drift);
    }
    drift.action = DriftAction::corrected;
    if (auto r = site_.history->record_drift(drift); !r) return r;
    note_attempt(fight);
    auto applied = kube::apply_object(site_.cluster_for(component_), object.body, site_.limits(stop_),
                                      apply_rules(component_, object.key));
    if (!applied) {
      if (concerns_all(applied.error()) || stop_.stop_requested()) return std::move(applied).error();
      return could_not(std::move(drift), object.key, applied.error());
    }
    if (auto r = site_.history->mark_applied(component_.name, {{key, applied->uid, applied->fields}}); !r)
      return r;
    watch_.judged_.erase(key);
    open_.erase(key);
    site_.outside.log.warning("put back: " + drift.sentence,
                              {{"component", component_.name}, {"reason", "drift.corrected"}});
    return site_.history->end_drift(component_.name, key, history::DriftEnd::corrected);
  }

  base::Result<void> could_not(history::Drift drift, const manifest::ObjectKey& key,
                               const base::Error& error) {
    drift.sentence = drift.sentence.empty()
                         ? key.describe() + " could not be compared: " + error.describe()
                         : drift.sentence + "; it could not be put back: " + error.describe();
    drift.action = correct_ ? DriftAction::failed : DriftAction::reported;
    if (comes_first(error)) look_.look_again_soon = true;
    auto& fight = watch_.fights_[drift.key];
    if (fight.until <= now_ && fight.last != now_) note_attempt(fight);
    return site_.history->record_drift(drift);
  }

  void note_attempt(DriftWatch::Fight& fight) {
    ++fight.times;
    fight.last = now_;
    const int growth = std::min(fight.times - kPeacefulCorrections, 12);
    const auto pause = growth <= 0 ? base::milliseconds(0)
                                   : std::min(kLongestDriftPause, component_.drift_interval * (1 << growth));
    fight.until = now_ + pause;
  }

  // Open drift of objects that the last good revision does not declare any more.
  base::Result<void> end_undeclared() {
    for (const auto& [key, action] : open_) {
      if (declared_.contains(key)) continue;
      if (auto r = site_.history->end_drift(component_.name, key, history::DriftEnd::by_itself); !r) return r;
    }
    return {};
  }

  // Pods are looked at only when the object itself is not ready.
  base::Result<void> read_readiness(const ObjectKey& key, const base::Json& item) {
    if (kube::judge(item, site_.generation->readiness_of(component_)).is_current()) {
      watch_.unready_since_.erase(key);
      return {};
    }
    const auto [since, is_new] = watch_.unready_since_.try_emplace(key, now_);
    const bool counts = now_ - since->second >= component_.grace;
    if (!counts && !is_new) return {};
    auto reading = kube::observe_live(site_.cluster_for(component_), item, 0, site_.limits(stop_),
                                      site_.generation->readiness_of(component_));
    if (!reading) return std::move(reading).error();
    if (reading->readiness.is_current()) {
      watch_.unready_since_.erase(key);
      return {};
    }
    if (!counts) return {};
    ++look_.unready;
    if (look_.sentences.size() < kShownObjects) look_.sentences.push_back(cause_of(*reading));
    return {};
  }

  void sum_up_readiness() {
    std::erase_if(watch_.unready_since_, [&](const auto& entry) { return !declared_.contains(entry.first); });
    if (watch_.unready_since_.size() > look_.unready) look_.look_again_soon = true;
  }

  DriftWatch& watch_;
  Site& site_;
  const config::Component& component_;
  const history::LastGood& good_;
  const bool correct_;
  const std::stop_token& stop_;
  const base::Clock::Monotonic now_;

  std::map<ObjectKey, history::InventoryEntry> declared_;
  std::map<ObjectKey, DriftAction> open_;
  std::set<ObjectKey> present_;
  std::vector<Suspect> suspects_;
  std::vector<history::CleanFields> clean_;
  std::optional<Rendered> rendered_;
  std::map<ObjectKey, size_t> index_;
  DriftLook look_;
};

base::Result<DriftLook> DriftWatch::look(const config::Component& component, const history::LastGood& good,
                                         bool correct, const std::stop_token& stop) {
  return DriftPass(*this, component, good, correct, stop).run();
}

base::Result<void> DriftWatch::stop_looking(const std::string& component) {
  forget();
  auto open = site_.history->open_drifts(component);
  if (!open) return std::move(open).error();
  for (const auto& drift : *open) {
    if (auto r = site_.history->end_drift(component, drift.key, history::DriftEnd::by_itself); !r) return r;
  }
  return {};
}

void DriftWatch::forget() {
  judged_.clear();
  fights_.clear();
  unready_since_.clear();
}

}  // namespace gridseal::deploy
