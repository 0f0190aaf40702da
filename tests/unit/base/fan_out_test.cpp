#include "base/fan_out.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace gridseal::base {
namespace {

std::vector<size_t> numbers(size_t count) {
  std::vector<size_t> all(count);
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

// GS-BASE-080: work on many things is done once for each, by no more threads than asked for, the caller's
// among them; alone it is done in order.
TEST(FanOut, DoesEachOnce) {
  for (const size_t at_once : {1U, 3U, 300U}) {
    std::mutex mutex;
    std::vector<size_t> done;
    std::atomic<size_t> working{0};
    std::atomic<bool> too_many{false};
    fan_out(200, at_once, [&](size_t index) {
      if (++working > at_once) too_many = true;
      {
        const std::scoped_lock lock(mutex);
        done.push_back(index);
      }
      --working;
      return true;
    });
    EXPECT_FALSE(too_many);
    if (at_once > 1) std::ranges::sort(done);
    EXPECT_EQ(done, numbers(200));
  }
  const auto self = std::this_thread::get_id();
  fan_out(3, 1, [&](size_t) {
    EXPECT_EQ(std::this_thread::get_id(), self);
    return true;
  });
  fan_out(0, 4, [](size_t) {
    ADD_FAILURE();
    return true;
  });
}

// GS-BASE-081: as many are at work at the same time as asked for.
TEST(FanOut, WorksAtTheSameTime) {
  std::latch all(4);
  std::atomic<int> ended{0};
  fan_out(4, 4, [&](size_t) {
    all.arrive_and_wait();  // nobody gets on alone
    ++ended;
    return true;
  });
  EXPECT_EQ(ended, 4);
}

// GS-BASE-082: after one has failed no further is begun; all before it were begun, and all that were have
// ended.
TEST(FanOut, EndsAtTheFirstFailure) {
  for (const size_t at_once : {1U, 4U}) {
    constexpr size_t kWrong = 50;
    std::vector<std::atomic<int>> begun(1000);
    std::vector<std::atomic<int>> ended(1000);
    std::latch meet(static_cast<std::ptrdiff_t>(at_once));
    fan_out(begun.size(), at_once, [&](size_t index) {
      ++begun[index];
      // All are past their last look at the failure of another, or have not begun, when it comes.
      if (index >= kWrong && index < kWrong + at_once) meet.arrive_and_wait();
      ++ended[index];
      return index < kWrong;
    });
    for (size_t i = 0; i < begun.size(); ++i) {
      EXPECT_EQ(begun[i].load(), i < kWrong + at_once ? 1 : 0) << i;
      EXPECT_EQ(begun[i].load(), ended[i].load()) << i;
    }
  }
}

}  // namespace
}  // namespace gridseal::base
