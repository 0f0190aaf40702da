#include "daemon/worker.hpp"

#include <algorithm>

#include "daemon/memory.hpp"

namespace gridseal::daemon {
namespace {

constexpr base::milliseconds kIdle{5'000};

int64_t ticks(base::Clock::Monotonic time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Worker::Worker(deploy::Engine& engine, base::Clock& clock) : engine_(engine), clock_(clock) {
  engine_.on_news([this] { wake(); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Worker::~Worker() {
  thread_.request_stop();
  thread_.join();
  engine_.on_news({});
}

void Worker::wake() {
  const std::scoped_lock lock(mutex_);
  woken_ = true;
  wake_up_.notify_all();
}

void Worker::post(std::function<void()> task) {
  const std::scoped_lock lock(mutex_);
  tasks_.push_back(std::move(task));
  wake_up_.notify_all();
}

std::chrono::milliseconds Worker::busy_for() const {
  const int64_t began = step_began_.load();
  return std::chrono::milliseconds(began == 0 ? 0 : std::max<int64_t>(0, ticks(clock_.monotonic()) - began));
}

void Worker::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::deque<std::function<void()>> tasks;
    {
      std::unique_lock lock(mutex_);
      const auto due = engine_.next_due();
      const auto now = clock_.monotonic();
      // A wait of at most an hour also when nothing is due: the clock's arithmetic stays in range.
      const auto wait =
          due <= now
              ? base::milliseconds(0)
              : std::min(base::milliseconds(3'600'000),
                         std::chrono::duration_cast<base::milliseconds>(due - now) + base::milliseconds(1));
      wake_up_.wait_for(lock, stop, wait, [&] { return woken_ || !tasks_.empty(); });
      woken_ = false;
      tasks.swap(tasks_);
    }
    if (stop.stop_requested()) return;
    step_began_ = ticks(clock_.monotonic());
    for (auto& task : tasks) task();
    engine_.run_due(stop);
    step_began_ = 0;
    // What a deployment needed is given back to a host that has little.
    if (engine_.next_due() - clock_.monotonic() > kIdle) give_back_memory();
  }
}

}  // namespace gridseal::daemon
