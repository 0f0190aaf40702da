// What systemd hears of us (sd_notify(3), Type=notify): ready, status, reloading, watchdog. Silent without
// systemd.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

namespace gridseal::daemon {

// Thread safe: the worker tells of a finished reload while the main loop tells of the rest.
class Service {
 public:
  void ready(const std::string& status);
  void status(const std::string& status);
  void reloading();
  void stopping();
  void alive();
  // How often alive() is expected (half of WatchdogSec=); nothing when the unit has no watchdog.
  std::optional<std::chrono::milliseconds> watchdog_interval() const;

 private:
  std::mutex mutex_;
  std::string last_status_;
};

}  // namespace gridseal::daemon
