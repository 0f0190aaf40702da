// How long one exchange may wait, and what wakes it: a deadline for the whole, a limit between two bytes, a
// stop request.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace gridseal::http {

// One thread's. Errors: http.timeout, http.cancelled.
class Waiter {
 public:
  struct Limits {
    std::chrono::milliseconds whole{0};  // 0: none
    std::chrono::milliseconds idle{0};   // 0: none
  };

  // `peer` stands in the sentences.
  Waiter(base::Clock& clock, const std::stop_token& stop, const Limits& limits, std::string peer);

  // The same with a deadline that is at most `limit` away; `activity` stands in the sentence ("connecting").
  Waiter bounded(std::chrono::milliseconds limit, std::string activity) const;
  // From here on only the idle limit counts.
  void lift_whole() { deadline_.reset(); }

  // Whether the exchange may go on.
  base::Result<void> check() const;
  // Until poll(2) reports one of `events` or an error on `fd`.
  base::Result<void> wait(int fd, short events) const;
  // Of the whole; empty: no limit.
  std::optional<std::chrono::milliseconds> remaining() const;
  bool stopped() const { return stop_.stop_requested(); }
  const std::string& peer() const { return peer_; }

 private:
  class Wake;

  base::Error whole_error() const;

  base::Clock* clock_;
  std::stop_token stop_;
  Limits limits_;
  std::string peer_;
  std::string activity_;
  std::optional<base::Clock::Monotonic> deadline_;
  std::shared_ptr<Wake> wake_;
};

}  // namespace gridseal::http
