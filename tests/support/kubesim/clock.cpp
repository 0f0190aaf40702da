#include "kubesim/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace gridseal::kubesim {

namespace {

std::string format(bool micro, std::int64_t seconds_ahead) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  const std::time_t seconds = static_cast<std::time_t>(us / 1000000 + seconds_ahead);
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

std::string Clock::date(std::int64_t seconds_ahead) {
  return format(false, seconds_ahead);
}
std::string Clock::date_micro() {
  return format(true, 0);
}
std::int64_t Clock::unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace gridseal::kubesim
