#include "kubesim/clock.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>

namespace gridseal::kubesim {

namespace {

constexpr std::chrono::seconds kFirstDate{1'800'000'000};
constexpr Instant kNotSet = Instant::min();
std::atomic<Instant> standing{kNotSet};

// Since the epoch, as dates tell it.
Instant::duration today() {
  return Clock::is_set() ? Clock::now().time_since_epoch() + kFirstDate
                         : std::chrono::duration_cast<Instant::duration>(
                               std::chrono::system_clock::now().time_since_epoch());
}

std::string format(bool micro, std::int64_t seconds_ahead) {
  const auto since = today();
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

Instant Clock::now() {
  const Instant set = standing;
  return set == kNotSet ? std::chrono::steady_clock::now() : set;
}

void Clock::set(Instant now) {
  standing = now;
}

bool Clock::is_set() {
  return standing.load() != kNotSet;
}

std::string Clock::date(std::int64_t seconds_ahead) {
  return format(false, seconds_ahead);
}
std::string Clock::date_micro() {
  return format(true, 0);
}
std::int64_t Clock::unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(today()).count();
}

}  // namespace gridseal::kubesim
