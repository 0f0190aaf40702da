#include "daemon/service.hpp"

#include <systemd/sd-daemon.h>

#include <cinttypes>
#include <cstdint>
#include <ctime>

#include "base/encoding.hpp"

namespace gridseal::daemon {
namespace {

void notify(const std::string& text) {
  (void)sd_notify(0, text.c_str());
}

// One line; systemd reads a line break as the next assignment.
std::string one_line(const std::string& text) {
  return base::printable(text, 400);
}

}  // namespace

void Service::ready(const std::string& status) {
  const std::scoped_lock lock(mutex_);
  last_status_ = status;
  notify("READY=1\nSTATUS=" + one_line(status));
}

void Service::status(const std::string& status) {
  const std::scoped_lock lock(mutex_);
  if (status == last_status_) return;
  last_status_ = status;
  notify("STATUS=" + one_line(status));
}

void Service::reloading() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t microseconds = static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) +
         "\nSTATUS=reading the settings again");
}

void Service::stopping() {
  notify("STOPPING=1\nSTATUS=stopping");
}

void Service::alive() {
  notify("WATCHDOG=1");
}

std::optional<std::chrono::milliseconds> Service::watchdog_interval() const {
  uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0) return std::nullopt;
  return std::chrono::milliseconds(microseconds / 2000);
}

}  // namespace gridseal::daemon
