#include "kubesim/controllers/engine.hpp"

#include <algorithm>

#include "kubesim/managed_fields.hpp"
#include "kubesim/writes.hpp"

namespace gridseal::kubesim {

void Engine::attach() {
  cluster_.on_change = [this](const Change& change) { changed(change); };
}

Engine::Saved Engine::save() const {
  return {due_, timers_};
}

void Engine::restore(const Saved& saved) {
  due_ = saved.due;
  timers_ = saved.timers;
}

void Engine::start() {
  attach();
  std::thread([this] { run(); }).detach();
}

void Engine::wake(const std::string& storage, const std::string& ns, const std::string& name, Millis delay) {
  const Instant when = cluster_.clock.after(delay);
  auto [it, fresh] = due_.try_emplace(Key(storage, ns, name), when);
  if (!fresh && when < it->second) it->second = when;
}

void Engine::wake(const Resource& resource, const Json& object, Millis delay) {
  wake(resource.storage(), text(object, {"metadata", "namespace"}), text(object, {"metadata", "name"}),
       delay);
}

Millis Engine::elapsed(const std::string& key) {
  auto [it, fresh] = timers_.try_emplace(key, Clock::now());
  const std::chrono::duration<double, std::milli> real = Clock::now() - it->second;
  return Millis(static_cast<std::int64_t>(real.count() * cluster_.clock.speed()));
}

void Engine::restart(const std::string& key) {
  timers_[key] = Clock::now();
}

void Engine::forget(const std::string& prefix) {
  auto it = timers_.lower_bound(prefix);
  while (it != timers_.end() && it->first.starts_with(prefix)) it = timers_.erase(it);
}

std::shared_ptr<const Resource> Engine::resource(const std::string& group, const std::string& version,
                                                 const std::string& plural) const {
  return cluster_.catalog.by_plural(group, version, plural);
}

void Engine::changed(const Change& change) {
  const std::string ns = text(*change.object, {"metadata", "namespace"});
  const std::string name = text(*change.object, {"metadata", "name"});
  if (change.kind == ChangeKind::deleted)
    forget(text(*change.object, {"metadata", "uid"}));
  else if (reconcilers_.contains(change.storage))
    wake(change.storage, ns, name, kReaction);
  if (const Json* owners = find(*change.object, {"metadata", "ownerReferences"});
      owners != nullptr && owners->is_array()) {
    for (const Json& owner : *owners) {
      const auto type = cluster_.catalog.by_kind(text(owner, {"apiVersion"}), text(owner, {"kind"}));
      if (type != nullptr)
        wake(type->storage(), type->namespaced ? ns : "", text(owner, {"name"}), kReaction);
    }
  }
  for (const auto& listener : listeners_) listener(*this, change);
}

Instant Engine::run_due(Instant limit, bool& did) {
  const Instant now = Clock::now();
  std::vector<Key> ready;
  for (const auto& [key, when] : due_) {
    if (when <= now)
      ready.push_back(key);
    else
      limit = std::min(limit, when);
  }
  for (const Key& key : ready) {
    due_.erase(key);
    reconcile(key);
  }
  did = !ready.empty();
  return limit;
}

void Engine::run_until(Instant end) {
  while (true) {
    bool did = false;
    const Instant next = run_due(end, did);
    if (did) continue;
    Clock::set(std::max(next, Clock::now()));
    if (next >= end) return;
  }
}

void Engine::run() {
  std::unique_lock lock(cluster_.mutex);
  while (true) {
    bool did = false;
    const Instant next = run_due(Clock::now() + std::chrono::seconds(1), did);
    if (did) {
      // Lets requests in between.
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
      continue;
    }
    cluster_.changed.wait_until(lock, next);
  }
}

void Engine::reconcile(const Key& key) {
  const auto& [storage, ns, name] = key;
  auto found = reconcilers_.find(storage);
  if (found == reconcilers_.end()) return;
  for (const Reconciler& reconciler : found->second) {
    const ObjectPtr object = cluster_.store.get(storage, ns, name);
    if (object == nullptr) return;
    const auto resource = cluster_.catalog.by_kind(text(*object, {"apiVersion"}), text(*object, {"kind"}));
    if (resource != nullptr) reconciler(*this, *resource, *object);
  }
}

void Engine::set_status(const Resource& resource, const Json& object, Json status, const char* manager) {
  const Json* old = find(object, {"status"});
  if (old != nullptr && *old == status) return;
  Json after = object;
  after["status"] = std::move(status);
  track_update(resource, object, after, {manager, "status", true, Clock::date()});
  cluster_.put(resource, std::move(after));
}

void Engine::update(const Resource& resource, const Json& before, Json after, const char* manager) {
  if (before == after) return;
  track_update(resource, before, after, {manager, "", true, Clock::date()});
  cluster_.put(resource, std::move(after));
}

bool Engine::create(const Resource& resource, Json object, std::string* why) {
  const std::string ns = text(object, {"metadata", "namespace"});
  auto written =
      create_object(cluster_, resource, ns, std::move(object), {"kube-controller-manager", "", false, true});
  if (!written && why != nullptr) *why = text(written.error().status, {"message"});
  return written.has_value();
}

void Engine::event(const Json& about, const char* type, const char* reason, const std::string& message,
                   const char* component) {
  const auto events = resource("", "v1", "events");
  std::string ns = text(about, {"metadata", "namespace"});
  if (ns.empty()) ns = "default";
  const std::string name = text(about, {"metadata", "name"});
  for (const ObjectPtr& old : cluster_.store.list(events->storage(), ns)) {
    if (text(*old, {"involvedObject", "name"}) != name || text(*old, {"reason"}) != reason ||
        text(*old, {"message"}) != message)
      continue;
    Json again = *old;
    again["count"] = number(again, {"count"}) + 1;
    again["lastTimestamp"] = Clock::date();
    cluster_.put(*events, std::move(again));
    return;
  }
  cluster_.put(*events, {{"apiVersion", "v1"},
                         {"kind", "Event"},
                         {"metadata",
                          {{"name", name + "." + cluster_.random_suffix(16)},
                           {"namespace", ns},
                           {"uid", cluster_.fresh_uid()},
                           {"creationTimestamp", Clock::date()}}},
                         {"involvedObject",
                          {{"kind", text(about, {"kind"})},
                           {"namespace", ns},
                           {"name", name},
                           {"uid", text(about, {"metadata", "uid"})},
                           {"apiVersion", text(about, {"apiVersion"})}}},
                         {"reason", reason},
                         {"message", message},
                         {"source", {{"component", component}}},
                         {"firstTimestamp", Clock::date()},
                         {"lastTimestamp", Clock::date()},
                         {"count", 1},
                         {"type", type},
                         {"eventTime", nullptr},
                         {"reportingComponent", component},
                         {"reportingInstance", ""}});
}

std::vector<ObjectPtr> owned_by(Cluster& cluster, const Resource& resource, const Json& owner) {
  std::vector<ObjectPtr> out;
  const std::string uid = text(owner, {"metadata", "uid"});
  for (const ObjectPtr& object :
       cluster.store.list(resource.storage(), text(owner, {"metadata", "namespace"}))) {
    const Json* owners = find(*object, {"metadata", "ownerReferences"});
    if (owners == nullptr) continue;
    for (const Json& reference : *owners) {
      if (text(reference, {"uid"}) == uid) {
        out.push_back(object);
        break;
      }
    }
  }
  return out;
}

Json owner_reference(const Resource& resource, const Json& owner) {
  return {{"apiVersion", resource.api_version()},
          {"kind", resource.kind},
          {"name", text(owner, {"metadata", "name"})},
          {"uid", text(owner, {"metadata", "uid"})},
          {"controller", true},
          {"blockOwnerDeletion", true}};
}

bool set_condition(Json& conditions, const std::string& type, const std::string& status,
                   const std::string& reason, const std::string& message, bool with_update_time) {
  if (!conditions.is_array()) conditions = Json::array();
  const std::string now = Clock::date();
  Json made = {{"type", type}, {"status", status}, {"lastTransitionTime", now}};
  if (!reason.empty()) made["reason"] = reason;
  if (!message.empty()) made["message"] = message;
  if (with_update_time) made["lastUpdateTime"] = now;
  auto it = std::find_if(conditions.begin(), conditions.end(),
                         [&](const Json& c) { return text(c, {"type"}) == type; });
  if (it == conditions.end()) {
    conditions.push_back(std::move(made));
    return true;
  }
  if (text(*it, {"status"}) == status) {
    made["lastTransitionTime"] = (*it)["lastTransitionTime"];
    if (text(*it, {"reason"}) == reason && text(*it, {"message"}) == message) return false;
  }
  // 070: a changed condition goes to the end of the list.
  conditions.erase(it);
  conditions.push_back(std::move(made));
  return true;
}

const Json* condition(const Json& object, const std::string& type) {
  const Json* conditions = find(object, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return nullptr;
  for (const Json& entry : *conditions) {
    if (text(entry, {"type"}) == type) return &entry;
  }
  return nullptr;
}

std::string template_hash(const Json& value) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (unsigned char c : compact(value)) hash = (hash ^ c) * 1099511628211ULL;
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  for (int i = 0; i < 9; ++i, hash /= kLetters.size()) out += kLetters[hash % kLetters.size()];
  return out;
}

bool pod_ready(const Json& pod) {
  const Json* ready = condition(pod, "Ready");
  return ready != nullptr && text(*ready, {"status"}) == "True";
}

bool dying(const Json& object) {
  return find(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

}  // namespace gridseal::kubesim
