// A fuse that cuts the power: after a number of effects everything fails until a new fuse is put in.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace gridseal::test {

// Thread safe.
class Fuse {
 public:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  explicit Fuse(uint64_t effects_before_cut = kNever) : limit_(effects_before_cut) {}

  // A new fuse is put in: effects happen again, and blown() starts anew.
  void mend() { limit_ = kNever; }

  // To be called before each effect. False: the power is cut, the effect must not happen.
  bool burn() { return used_.fetch_add(1) < limit_; }

  uint64_t used() const { return used_.load(); }  // calls of burn()
  bool blown() const { return used_.load() > limit_; }
  uint64_t limit() const { return limit_; }

 private:
  std::atomic<uint64_t> limit_;
  std::atomic<uint64_t> used_{0};
};

}  // namespace gridseal::test
