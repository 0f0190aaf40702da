// A fuse that cuts the power: after a number of effects everything fails until a new fuse is put in.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <vector>

namespace gridseal::test {

// What an effect would leave behind: cuts between two that leave nothing are one and the same.
enum class Effect {
  read,        // nothing
  statement,   // of a transaction: nothing before its end
  lasting,     // a commit, a request that writes, a file that is flushed, renamed, removed
  file_write,  // lasting, and cut in the middle half of it is there
};

// Thread safe.
class Fuse {
 public:
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

  explicit Fuse(uint64_t effects_before_cut = kNever) : limit_(effects_before_cut) {}

  // A new fuse is put in: effects happen again, and blown() starts anew.
  void mend() { limit_ = kNever; }

  // Called before each effect that happens, with its number; effects wait for it.
  void set_watcher(std::function<void(uint64_t, Effect)> watcher) { watcher_ = std::move(watcher); }

  // To be called before each effect. False: the power is cut, the effect must not happen.
  bool burn(Effect effect = Effect::lasting) {
    const std::scoped_lock lock(mutex_);
    if (used_ >= limit_) {
      ++used_;
      return false;
    }
    if (watcher_) watcher_(used_, effect);
    ++used_;
    effects_.push_back(effect);
    return true;
  }

  uint64_t used() const { return used_.load(); }  // calls of burn()
  bool blown() const { return used_.load() > limit_; }
  uint64_t limit() const { return limit_; }
  // What happened, in order.
  const std::vector<Effect>& effects() const { return effects_; }

 private:
  std::mutex mutex_;
  std::atomic<uint64_t> limit_;
  std::atomic<uint64_t> used_{0};
  std::vector<Effect> effects_;
  std::function<void(uint64_t, Effect)> watcher_;
};

}  // namespace gridseal::test
