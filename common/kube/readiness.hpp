// Whether a live object has reached what it declares: the rules of kstatus (kubernetes-sigs/cli-utils), kind
// by kind, in the order of its documentation. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "manifest/object.hpp"

namespace gridseal::kube {

enum class State { current, in_progress, failed, terminating, not_found };
std::string_view to_string(State state);

struct Readiness {
  State state = State::in_progress;
  std::string reason;           // one word for machines: "ProgressDeadlineExceeded", "ImagePullBackOff"
  std::string message;          // plain words, without the object's own name
  int64_t generation = 0;       // of the object
  int64_t observed = 0;         // status.observedGeneration; 0 when the kind has none
  bool node_not_ready = false;  // not the workload's fault: blocked, never failed

  bool is_current() const { return state == State::current; }
};

// `live` has apiVersion and kind. Unschedulable pods count as in progress here; how long is judged by
// HealthCheck.
Readiness judge(const base::Json& live);

}  // namespace gridseal::kube
