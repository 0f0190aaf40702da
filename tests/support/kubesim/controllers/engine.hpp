// The queue of the controllers: objects to look at, each at its time.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <tuple>

#include "kubesim/cluster.hpp"

namespace gridseal::kubesim {

// Everything here runs with the cluster's mutex held, on one thread.
class Engine {
 public:
  using Reconciler = std::function<void(Engine&, const Resource&, const Json& object)>;

  explicit Engine(Cluster& cluster) : cluster_(cluster) {}
  void add(const std::string& storage, Reconciler reconciler) {
    reconcilers_[storage].push_back(std::move(reconciler));
  }
  // Called for every change of the store, also of what has gone.
  void listen(std::function<void(Engine&, const Change&)> listener) {
    listeners_.push_back(std::move(listener));
  }
  void start();
  // Without a thread, for LocalCluster: reacts to changes from now on; run_until() does what is due.
  void attach();
  // Moves the clock that stands from one thing to be done to the next, as far as `end`.
  void run_until(Instant end);

  // What is due and which timers run.
  struct Saved;
  Saved save() const;
  void restore(const Saved& saved);

  Cluster& cluster() { return cluster_; }
  // Looks at an object again after a delay of cluster time.
  void wake(const std::string& storage, const std::string& ns, const std::string& name, Millis delay);
  void wake(const Resource& resource, const Json& object, Millis delay);
  // Cluster time since something was first asked for under this key (a timer of a controller); starts it if
  // it is new.
  Millis elapsed(const std::string& key);
  void restart(const std::string& key);
  void forget(const std::string& prefix);

  std::shared_ptr<const Resource> resource(const std::string& group, const std::string& version,
                                           const std::string& plural) const;
  // Writes the status of an object as a controller does; nothing happens if it is the same.
  void set_status(const Resource& resource, const Json& object, Json status,
                  const char* manager = "kube-controller-manager");
  // Writes a changed object, again with the manager's ownership.
  void update(const Resource& resource, const Json& before, Json after,
              const char* manager = "kube-controller-manager");
  // Creates an object through the defaults and admission; false if it was refused.
  bool create(const Resource& resource, Json object, std::string* why = nullptr);
  void event(const Json& about, const char* type, const char* reason, const std::string& message,
             const char* component);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;
  void changed(const Change& change);
  void run();
  void reconcile(const Key& key);
  // Everything that is due; the time of the next thing, at most `limit`.
  Instant run_due(Instant limit, bool& did);

  Cluster& cluster_;
  std::map<std::string, std::vector<Reconciler>> reconcilers_;
  std::vector<std::function<void(Engine&, const Change&)>> listeners_;
  std::map<Key, Instant> due_;
  std::map<std::string, Instant> timers_;
};

struct Engine::Saved {
  std::map<Key, Instant> due;
  std::map<std::string, Instant> timers;
};

// The time between a change and the reaction to it.
constexpr Millis kReaction{10};

// Objects owned by `owner` (by uid, as their controller).
std::vector<ObjectPtr> owned_by(Cluster& cluster, const Resource& resource, const Json& owner);
Json owner_reference(const Resource& resource, const Json& owner);
// Sets a condition in a list: lastTransitionTime moves with the status only. True if anything but times
// changed.
bool set_condition(Json& conditions, const std::string& type, const std::string& status,
                   const std::string& reason, const std::string& message, bool with_update_time = false);
const Json* condition(const Json& object, const std::string& type);
// A short text that depends on the value, as in pod-template-hash.
std::string template_hash(const Json& value);
bool pod_ready(const Json& pod);
bool dying(const Json& object);

void add_deployments(Engine& engine);
void add_replica_sets(Engine& engine);
void add_pods(Engine& engine);
void add_stateful_sets(Engine& engine);
void add_daemon_sets(Engine& engine);
void add_jobs(Engine& engine);
void add_namespaces(Engine& engine);
void add_garbage_collection(Engine& engine);
void add_volumes(Engine& engine);
void add_services(Engine& engine);
void add_definitions(Engine& engine);

}  // namespace gridseal::kubesim
