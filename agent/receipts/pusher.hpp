// Brings receipts to the mirror, one at a time, when there is nothing else to do. What does not work is tried
// again, ever more rarely; nothing waits for it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "history/history.hpp"

namespace gridseal::receipts {

// False: there is no place for this one.
using Push = std::function<base::Result<bool>(const history::Receipt& receipt, const std::stop_token& stop)>;

class Pusher {
 public:
  // All outlive it.
  Pusher(base::Clock& clock, base::Log& log, history::History& history, Push push);

  // --- by the worker alone
  base::Clock::Monotonic due() const { return on_ ? due_ : base::Clock::Monotonic::max(); }
  void run(const std::stop_token& stop);
  // There is something new. While the mirror does not answer it waits like the rest.
  void look();
  // Whether the settings name credentials. After a change everything that waits is tried again.
  void turn(bool on);

  // --- by any thread
  std::optional<std::string> warning() const;

 private:
  void failed(const base::Error& error);
  void warn(std::optional<std::string> sentence);

  base::Clock& clock_;
  base::Log& log_;
  history::History& history_;
  Push push_;
  bool on_ = false;
  base::Clock::Monotonic due_;
  int64_t passed_ = 0;  // number of the last one that was looked at
  int attempts_ = 0;
  mutable std::mutex mutex_;  // of warning_
  std::optional<std::string> warning_;
};

}  // namespace gridseal::receipts
