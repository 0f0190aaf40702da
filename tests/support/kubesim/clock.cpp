#include "kubesim/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace gridseal::kubesim {

namespace {

std::string format(bool micro) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  const std::time_t seconds = static_cast<std::time_t>(us / 1000000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::string out(buffer.data(), size);
  if (micro) {
    std::string fraction = std::to_string(us % 1000000);
    out += "." + std::string(6 - fraction.size(), '0') + fraction;
  }
  return out + "Z";
}

}  // namespace

std::string Clock::date() {
  return format(false);
}
std::string Clock::date_micro() {
  return format(true);
}

}  // namespace gridseal::kubesim
