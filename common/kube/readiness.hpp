// Whether a live object has reached what it declares: the rules of kstatus (kubernetes-sigs/cli-utils), kind
// by kind, in the order of its documentation. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/json_condition.hpp"
#include "manifest/object.hpp"

namespace gridseal::kube {

enum class State { current, in_progress, failed, terminating, not_found };
std::string_view to_string(State state);

struct Readiness {
  State state = State::in_progress;
  std::string reason;      // one word for machines: "ProgressDeadlineExceeded", "ImagePullBackOff"
  std::string message;     // plain words, without the object's own name
  int64_t generation = 0;  // of the object
  int64_t observed = 0;    // status.observedGeneration; 0 when the kind has none

  bool is_current() const { return state == State::current; }
};

// What a site declares about kinds that have no rules here. All `ready` rules of a kind must hold; one
// `failed` rule that holds is enough.
struct ReadinessRule {
  std::string kind;  // "Pump.example.com", or "Pump" of any group
  base::JsonCondition condition;
};
struct ReadinessRules {
  std::vector<ReadinessRule> ready;
  std::vector<ReadinessRule> failed;
};

// `live` has apiVersion and kind. How long a pod may wait for a node is judged by HealthCheck. What lies
// outside of the object itself (the Job of a HelmChart, the StorageClass of a claim) is added by observe().
Readiness judge(const base::Json& live, const ReadinessRules& rules = {});

// For an object that is not there: current when `declared` is a Job that removes itself once finished.
Readiness judge_absent(const base::Json& declared);

}  // namespace gridseal::kube
