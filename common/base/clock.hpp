// The clock, injected. `now` may jump (promise 6); deadlines are taken from `monotonic`, which never does.
#pragma once

#include <atomic>
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

// Another clock that is never earlier than a floor: a host without a battery for its clock wakes up in 1970.
class FlooredClock final : public Clock {
 public:
  FlooredClock(Clock& inner, Time floor) : inner_(inner), floor_(floor) {}

  Time now() override;
  Monotonic monotonic() override { return inner_.monotonic(); }
  bool sleep_for(milliseconds duration, const std::stop_token& stop) override {
    return inner_.sleep_for(duration, stop);
  }

  Time floor() const { return floor_.load(); }
  // What the inner clock says, be it behind the floor.
  Time inner_now() { return inner_.now(); }
  bool is_behind() { return inner_now() < floor(); }
  void set_floor(Time floor) { floor_.store(floor); }

 private:
  Clock& inner_;
  std::atomic<Time> floor_;
};

}  // namespace gridseal::base
