// The one thread that deploys: runs whatever component is due, sleeps until the next one is.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "deploy/engine.hpp"

namespace gridseal::daemon {

class Worker {
 public:
  Worker(deploy::Engine& engine, base::Clock& clock);
  // Cancels what is under way and waits for the thread. Journaled work is taken up at the next start.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Something changed that makes a component due. Any thread.
  void wake();
  // Runs `task` between two steps. Any thread.
  void post(std::function<void()> task);
  // For how long the running step has been going on; zero when idle.
  std::chrono::milliseconds busy_for() const;

 private:
  void run(const std::stop_token& stop);

  deploy::Engine& engine_;
  base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_up_;
  bool woken_ = false;
  std::deque<std::function<void()>> tasks_;
  std::atomic<int64_t> step_began_{0};  // milliseconds of the monotonic clock; 0: idle
  std::jthread thread_;
};

}  // namespace gridseal::daemon
