#include "base/clock.hpp"

#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace gridseal::base {
namespace {

class SystemClock final : public Clock {
 public:
  // Not std::chrono's: on a 32-bit system the C++ library may have been built with seconds that end in 2038.
  Time now() override {
    timespec now{};
    static_assert(sizeof(now.tv_sec) == 8);
    (void)::clock_gettime(CLOCK_REALTIME, &now);
    return Time(seconds(now.tv_sec) + milliseconds(now.tv_nsec / 1'000'000));
  }
  Monotonic monotonic() override { return std::chrono::steady_clock::now(); }
  bool sleep_for(milliseconds duration, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Time FlooredClock::now() {
  return std::max(inner_.now(), floor());
}

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace gridseal::base
