#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace gridseal::base {
namespace {

class StillClock final : public Clock {
 public:
  Time now() override { return time; }
  Monotonic monotonic() override { return {}; }
  bool sleep_for(milliseconds /*duration*/, const std::stop_token& /*stop*/) override { return true; }

  Time time{};
};

// GS-BASE-070: what needs the time gets the later of clock and floor.
TEST(FlooredClock, IsNeverBehindItsFloor) {
  StillClock inner;  // 1970
  FlooredClock clock(inner, Time(std::chrono::hours(100)));
  EXPECT_EQ(clock.now(), Time(std::chrono::hours(100)));
  EXPECT_TRUE(clock.is_behind());
  inner.time = Time(std::chrono::hours(200));
  EXPECT_EQ(clock.now(), Time(std::chrono::hours(200)));
  EXPECT_FALSE(clock.is_behind());
  clock.set_floor(Time(std::chrono::hours(300)));
  EXPECT_EQ(clock.now(), Time(std::chrono::hours(300)));
  EXPECT_EQ(clock.inner_now(), Time(std::chrono::hours(200)));
}

}  // namespace
}  // namespace gridseal::base
