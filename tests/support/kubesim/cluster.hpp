// The simulated cluster: what all parts share.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>

#include "kubesim/catalog.hpp"
#include "kubesim/clock.hpp"
#include "kubesim/script.hpp"
#include "kubesim/store.hpp"

namespace gridseal::kubesim {

struct ClusterOptions {
  double speed = 1;
  bool bare =
      false;  // without what k3s adds: a default StorageClass and an address for LoadBalancer Services (089)
  std::optional<std::uint64_t> seed;  // of names and uids; without one they are different in each process
};

struct Cluster {
  explicit Cluster(const ClusterOptions& options);

  // Guards everything below. Waiters of `changed` are woken by every change of the store.
  std::mutex mutex;
  std::condition_variable changed;

  ClusterOptions options;
  Clock clock;
  Schema schema;
  Catalog catalog;
  Store store;
  Script script;

  std::string fresh_uid();
  std::string random_suffix(std::size_t size);
  // An address or port that no Service has.
  std::string fresh_cluster_ip();
  int fresh_node_port();

  // Stores and tells everybody.
  ObjectPtr put(const Resource& resource, Json object);
  ObjectPtr remove(const Resource& resource, const std::string& ns, const std::string& name);
  // Set by the controllers; called with the mutex held.
  std::function<void(const Change&)> on_change;

  // Everything but the script; the history of changes is left out (as after a compaction).
  struct Saved {
    Catalog::Saved catalog;
    Store store;
    std::mt19937_64 random;
    unsigned next_ip;
    int next_port;
  };
  Saved save() const;
  void restore(const Saved& saved);

 private:
  void announce();
  std::mt19937_64 random_;
  unsigned next_ip_ = 20;
  int next_port_ = 30100;
};

}  // namespace gridseal::kubesim
