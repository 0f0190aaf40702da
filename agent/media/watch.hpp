// Ends the reading of a medium: somebody stopped it, or it takes longer than any medium should.
#pragma once

#include <stop_token>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace gridseal::media {

// Thread safe.
class Watch {
 public:
  Watch(base::Clock& clock, base::milliseconds longest, std::stop_token stop)
      : clock_(clock), end_(clock.monotonic() + longest), stop_(std::move(stop)) {}

  // Errors (blocked): media.stopped, media.too_slow.
  base::Result<void> check() const;
  const std::stop_token& stop() const { return stop_; }

 private:
  base::Clock& clock_;
  const base::Clock::Monotonic end_;
  const std::stop_token stop_;
};

}  // namespace gridseal::media
