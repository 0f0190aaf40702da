#include "base/fan_out.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace gridseal::base {

void fan_out(size_t count, size_t at_once, const std::function<bool(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::atomic<bool> ended{false};
  // What was taken is begun, so that nothing in the order is left out.
  const auto run = [&] {
    while (!ended) {
      const size_t index = next.fetch_add(1);
      if (index >= count) return;
      if (!work(index)) ended = true;
    }
  };
  std::vector<std::jthread> helpers;
  const size_t wanted = std::min(at_once, count);
  helpers.reserve(wanted);
  for (size_t i = 1; i < wanted; ++i) {
    try {
      helpers.emplace_back(run);
    } catch (const std::system_error&) {
      break;
    }
  }
  run();
}

}  // namespace gridseal::base
