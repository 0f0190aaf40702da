// How far a transfer is, in words: the rate since its first byte, and what is left at that rate.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace gridseal::cli {

class Meter {
 public:
  explicit Meter(base::Clock& clock) : clock_(clock) {}

  // `done` and `total` in bytes; a total of 0 is not known.
  std::string line(const std::string& phase, uint64_t done, uint64_t total);

 private:
  base::Clock& clock_;
  std::optional<base::Clock::Monotonic> began_;
  uint64_t first_ = 0;
};

}  // namespace gridseal::cli
