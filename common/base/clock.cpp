#include "base/clock.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace gridseal::base {
namespace {

class SystemClock final : public Clock {
 public:
  Time now() override { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }
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
