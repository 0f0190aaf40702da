// The simulator inside the process of a test: no socket, no thread, and a time that moves when it is told to.
#pragma once

#include <memory>

#include "kubesim/api/api.hpp"
#include "kubesim/controllers/engine.hpp"

namespace gridseal::kubesim {

// One at a time in a process: the clock is the process's. Thread safe, one request after the other.
class LocalCluster {
 public:
  explicit LocalCluster(ClusterOptions options = {});

  // As a member of system:masters, unless the request has an Authorization header.
  HttpResponse ask(HttpRequest request);
  Instant now() const { return Clock::now(); }
  // The controllers do what is due until then.
  void run_until(Instant end);
  Cluster& cluster() { return cluster_; }

  struct Image {
    Cluster::Saved cluster;
    Engine::Saved engine;
    Instant now;
  };
  Image save();
  void restore(const Image& image);

 private:
  Cluster cluster_;
  std::unique_ptr<Engine> engine_;
  Api api_;
};

}  // namespace gridseal::kubesim
