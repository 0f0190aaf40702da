#include "cli/meter.hpp"

#include <algorithm>

#include "cli/words.hpp"

namespace gridseal::cli {

std::string Meter::line(const std::string& phase, uint64_t done, uint64_t total) {
  if (total == 0) return phase;
  const std::string text = phase + ": " + size_text(done) + " of " + size_text(total);
  if (!began_ || done < first_) {
    began_ = clock_.monotonic();
    first_ = done;
    return text;
  }
  constexpr int64_t kLeast = 1000;  // before that a rate says nothing
  const int64_t passed = std::chrono::duration_cast<base::milliseconds>(clock_.monotonic() - *began_).count();
  if (passed < kLeast || done == first_) return text;
  const uint64_t rate = (done - first_) * 1000 / static_cast<uint64_t>(passed);
  if (rate == 0) return text;
  const uint64_t left = (total - std::min(done, total)) / rate;
  return text + ", " + size_text(rate) + "/s, " + std::to_string(left) + " s left";
}

}  // namespace gridseal::cli
