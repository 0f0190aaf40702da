// Time of the simulator. Delays run `speed` times faster than told; dates are those of the wall clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace gridseal::kubesim {

using Instant = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

class Clock {
 public:
  explicit Clock(double speed) : speed_(speed > 0 ? speed : 1) {}
  static Instant now();
  // For a cluster inside a test: from then on the time of this process stands at `now`, until it is set
  // again; dates follow it.
  static void set(Instant now);
  static bool is_set();
  // When something that takes `delay` in the cluster is over.
  Instant after(Millis delay) const {
    return now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double, std::milli>(delay) / speed_);
  }
  double speed() const { return speed_; }
  // RFC 3339 in whole seconds, and with microseconds.
  static std::string date(std::int64_t seconds_ahead = 0);
  static std::string date_micro();
  static std::int64_t unix_seconds();

 private:
  double speed_;
};

}  // namespace gridseal::kubesim
