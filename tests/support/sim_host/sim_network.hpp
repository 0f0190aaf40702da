// The network of a SimHost: a registry and a cluster in memory, each request a millisecond of time.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>

#include "base/clock.hpp"
#include "http/transport.hpp"
#include "kubesim/local.hpp"
#include "support/faults/fuse.hpp"
#include "support/sim_host/memory_registry.hpp"

namespace gridseal::test {

// The time of the simulated cluster. Sleeping moves it on at once; the cluster's controllers do meanwhile
// what is due.
class SimClock final : public base::Clock {
 public:
  explicit SimClock(kubesim::LocalCluster& cluster) : cluster_(cluster) {}
  base::Time now() override;
  Monotonic monotonic() override { return cluster_.now(); }
  bool sleep_for(base::milliseconds duration, const std::stop_token& stop) override;
  void advance(base::milliseconds duration);
  // The wall clock alone jumps.
  void jump(base::milliseconds by) { jumped_ += by; }

 private:
  kubesim::LocalCluster& cluster_;
  base::milliseconds jumped_{0};
};

// http://127.0.0.1:5000 and http://127.0.0.1:6443.
class SimNetwork final : public http::Connector {
 public:
  SimNetwork(kubesim::LocalCluster& cluster, SimClock& clock) : cluster_(cluster), clock_(clock) {}
  base::Result<std::shared_ptr<http::Transport>> connect(const http::Origin& origin,
                                                         const http::TlsSettings& tls) override;

  // Every request is an effect of the fuse; `power` is stopped when it blows, for a dead host waits for
  // nothing. Null: none.
  void set_fuse(Fuse* fuse, std::stop_source power);
  // Nothing answers any more, or again.
  void set_registry_gone(bool gone) { registry_gone_ = gone; }
  void set_cluster_gone(bool gone) { cluster_gone_ = gone; }
  // Seen by a test before the cluster answers, after the request has been counted.
  using Watcher = std::function<void(const http::Request& request)>;
  void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }
  // Called by whoever is about to send a request, before that waits for its turn; set while nobody sends.
  void set_gate(Watcher gate) { gate_ = std::move(gate); }
  uint64_t cluster_requests() const { return cluster_requests_; }

 private:
  class Transport;
  base::Result<http::Response> exchange(bool to_cluster, const http::Request& request,
                                        const std::stop_token& stop);
  base::Result<http::Response> ask_cluster(const http::Request& request);

  kubesim::LocalCluster& cluster_;
  SimClock& clock_;
  MemoryRegistry registry_;
  std::recursive_mutex mutex_;
  Fuse* fuse_ = nullptr;
  std::stop_source power_;
  bool registry_gone_ = false;
  bool cluster_gone_ = false;
  uint64_t cluster_requests_ = 0;
  Watcher watcher_;
  Watcher gate_;
};

}  // namespace gridseal::test
