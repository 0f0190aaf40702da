// The clock, injected. `now` may jump (promise 6); deadlines are taken from `monotonic`, which never does.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/time.hpp"

namespace gridseal::base {

// Thread safe.
class Clock {
 public:
  using Monotonic = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  virtual Time now() = 0;
  virtual Monotonic monotonic() = 0;
  // Returns early, with false, when `stop` is requested.
  virtual bool sleep_for(milliseconds duration, const std::stop_token& stop) = 0;
};

// The clock of the machine.
Clock& system_clock();

}  // namespace gridseal::base
