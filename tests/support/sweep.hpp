// Every single bit and every truncation of signed bytes. The tests change one bit of each byte, another one
// from byte to byte; with GRIDSEAL_SWEEP=complete in the environment (scripts/test --sweep) each of the
// eight.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

namespace gridseal::test {

inline bool is_complete_sweep() {
  const char* asked = std::getenv("GRIDSEAL_SWEEP");
  return asked != nullptr && std::string_view(asked) == "complete";
}

// How many bits of a byte are changed: what stands in bytes that nobody believes stands so often.
inline size_t bits_of_a_byte() {
  return is_complete_sweep() ? 8 : 1;
}

using Judge = std::function<void(const std::string& bytes, const std::string& what)>;

inline void count_sweep(const std::string& name, size_t cases) {
  if (is_complete_sweep()) std::printf("sweep of %s: %zu cases\n", name.c_str(), cases);
}

inline void sweep_bits(const std::string& name, const std::string& good, const Judge& judge) {
  size_t cases = 0;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    if (!is_complete_sweep() && bit % 8 != bit / 8 % 8) continue;
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(static_cast<unsigned char>(bytes[bit / 8]) ^ (1U << (bit % 8)));
    judge(bytes, name + ", bit " + std::to_string(bit));
    ++cases;
  }
  count_sweep(name, cases);
}

inline void sweep_lengths(const std::string& name, const std::string& good, const Judge& judge) {
  for (size_t size = 0; size < good.size(); ++size)
    judge(good.substr(0, size), name + ", cut to " + std::to_string(size));
  count_sweep(name + " cut short", good.size());
}

}  // namespace gridseal::test
