// A whole host inside the process: the engine over a cluster and a registry in memory, on a clock that moves
// by itself. A deployment takes milliseconds, so a test can run thousands, and can go back to a moment that
// it kept.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/private_key.hpp"
#include "deploy/engine.hpp"
#include "support/faults/faulty_files.hpp"
#include "support/sim_host/sim_network.hpp"
#include "support/sim_host/snapshot.hpp"

namespace gridseal::test {

// Manifests by file name.
using SimManifests = std::map<std::string, std::string>;

// One component, "shop", that follows the tag "stable". Used by one thread; one at a time in a process.
class SimHost {
 public:
  explicit SimHost(const std::string& name, kubesim::ClusterOptions options = {});
  ~SimHost();
  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  // Builds, signs and pushes; returns the digest. Nothing is promoted.
  std::string publish(const std::string& version, const SimManifests& manifests);
  void promote(const std::string& digest);
  std::string release(const std::string& version, const SimManifests& manifests);

  // Starts the engine; with a fuse everything it does to the outside burns it.
  base::Result<void> start(Fuse* fuse = nullptr);
  void stop();
  bool running() const { return engine_ != nullptr; }
  // One step; the time moves on to when it is due.
  void run_once();
  // Until the condition holds, or `patience` of the host's time or the power is gone.
  bool run_until(const std::function<bool()>& condition, base::milliseconds patience = std::chrono::hours(2));
  void pass(base::milliseconds time);  // without the engine

  history::ComponentRecord component();
  std::string state() { return component().state; }
  std::string reason() { return component().reason; }
  bool runs(const std::string& digest);
  std::vector<history::Deployment> deployments();
  history::History& history() { return engine_->history(); }
  // Objects with the component's label that no inventory names; empty when there are none.
  std::string orphans();
  // Broken chain, deployments that did not end; empty when all is well.
  std::string flaws_of_history();

  // --- the cluster, as its administrator ------------------------------------------------------------------
  int send(const std::string& method, const std::string& path, const std::string& content_type,
           const std::string& body);
  void create(const std::string& collection, const kubesim::Json& object,
              const std::string& manager = "kubectl");
  kubesim::Json get(const std::string& path);  // null when it is not there
  void script(const kubesim::Json& script);
  Snapshot look() { return snapshot(cluster_); }

  // What is on the disk and in the cluster at this moment, also while the engine runs, as one text: two equal
  // ones are the same to an engine that starts on them. Left out: times, what was only shown, the audit,
  // ended deployments, steps of the journal (no decision reads them).
  std::string fingerprint();

  // --- moments: may be kept while the engine runs, as a power cut would leave things
  // ------------------------
  struct Moment {
    kubesim::LocalCluster::Image cluster;
    std::string files;  // a copy of the state directory
  };
  Moment keep();
  void go_back(const Moment& moment);
  void forget(const Moment& moment);

  const crypto::PrivateKey& key() const { return key_; }
  const std::string& directory() const { return directory_; }
  config::Component& settings() { return settings_.components.at("shop"); }
  SimNetwork& network() { return network_; }
  SimClock& clock() { return clock_; }
  kubesim::LocalCluster& cluster() { return cluster_; }
  deploy::Engine& engine() { return *engine_; }
  void set_log(base::Log& log) { log_ = &log; }
  // Of engines that start from then on: deploy::Outside::in_flight.
  void set_in_flight(size_t count) { in_flight_ = count; }

 private:
  std::string flaws_of_receipts();
  void make_settings();
  void sign(const std::string& digest);

  std::string directory_;
  kubesim::LocalCluster cluster_;
  SimClock clock_{cluster_};
  SimNetwork network_{cluster_, clock_};
  crypto::PrivateKey key_;
  config::Settings settings_;
  std::unique_ptr<FaultyFiles> files_;
  std::unique_ptr<deploy::Engine> engine_;
  std::stop_source power_;
  Fuse* fuse_ = nullptr;
  base::Log* log_ = &base::null_log();
  size_t in_flight_ = 1;
  int releases_ = 0;
  int moments_ = 0;
};

}  // namespace gridseal::test
