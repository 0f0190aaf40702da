// A cluster that lives through a recorded rollout: its workloads, ReplicaSets and pods are those of the
// recording at the moment that the test has reached. Read-only, behind http::Transport.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "double.hpp"
#include "kube/cluster.hpp"
#include "kube/health.hpp"
#include "kube/observe.hpp"

namespace gridseal::kube::testing {

class RecordedWorld {
 public:
  explicit RecordedWorld(const std::string& file);

  // Plays everything up to `t` milliseconds of the recording.
  void play_until(int64_t t);
  Cluster& cluster() { return cluster_; }
  FakeClock& clock() { return clock_; }
  FakeTransport& server() { return *access_.transport; }

  // The time and generation of the nth apply (from 0) of an object.
  struct Applied {
    int64_t t_ms = 0;
    int64_t generation = 0;
  };
  Applied applied(const std::string& kind, const std::string& name, size_t nth) const;

  Reading read(const std::string& kind, const std::string& name, int64_t generation);
  const base::Json* find(const std::string& kind, const std::string& name) const;

  std::vector<std::string> not_ready_nodes;

 private:
  base::Result<http::Response> serve(const http::Request& request);
  http::Response list(const std::string& kind, const std::string& selector) const;

  base::Json recording_;
  size_t next_ = 0;
  int64_t at_ = 0;
  std::map<std::string, base::Json> objects_;  // by uid
  FakeClock clock_;
  FakeAccess access_;
  Cluster cluster_;
};

}  // namespace gridseal::kube::testing
