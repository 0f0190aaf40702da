// The lock on the state directory: one daemon at a time. flock(2) on <state>/lock, released by the kernel
// when the process ends, however it ends.
#pragma once

#include <string>

#include "base/error.hpp"

namespace gridseal::history {

class StateLock {
 public:
  // Errors (blocked): history.in_use, history.unreadable.
  static base::Result<StateLock> acquire(const std::string& state_directory);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;
  ~StateLock();

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace gridseal::history
