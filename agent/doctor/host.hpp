// What the checks look at: this host, injected, so that a test hands out another one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "config/load.hpp"
#include "http/transport.hpp"

namespace gridseal::doctor {

// What ends within this time is warned of.
inline constexpr base::milliseconds kSoon = std::chrono::hours(24 * 30);

// org.freedesktop.systemd1.Unit.
struct UnitState {
  std::string load;    // "loaded", "not-found", "masked"
  std::string active;  // "active", "inactive", "failed", "activating"
  std::string file;    // "enabled", "disabled", "static"; empty: no file
};

struct Host {
  base::Files& files;
  base::FlooredClock& clock;  // with the floor that the agent goes by
  base::Log& log;
  http::Connector& connector;  // judges certificates by `clock`
  http::Connector& later;      // the same, kSoon from now

  std::string config_directory;
  std::string state_directory;
  std::string credentials_directory{};  // $CREDENTIALS_DIRECTORY; may be empty
  std::string root{};                   // in front of the system's own paths; empty but in tests
  std::string version{};                // of this program
  base::Time released{};                // no clock is earlier

  // Addresses of a name. Errors: http.connect, http.timeout.
  std::function<base::Result<std::vector<std::string>>(const std::string& name)> resolve{};
  // Whether the kernel holds the clock for synchronised; nothing: it does not say.
  std::function<std::optional<bool>()> synchronised{};
  // Error (blocked): doctor.systemd, when systemd does not answer.
  std::function<base::Result<UnitState>(const std::string& unit)> unit{};
  // The agent's status document, and where its socket is. Errors: agent.*.
  std::function<base::Result<base::Json>()> ask_agent{};
  std::string socket{};
  // Judges what the registry names ("water/pump-control:stable") as the agent would: what is to be said of
  // it. Errors: those of verification (refused, pending); blocked when it could not be judged.
  std::function<base::Result<std::string>(const config::Registry& registry,
                                          const config::Component& component, const std::string& reference)>
      verify{};

  std::string at(const std::string& path) const { return root + path; }
};

// One look at a host.
struct Case {
  const Host& host;
  const config::LoadResult<config::Loaded>& read;  // what lies in the settings directory
  const config::Settings* settings;  // in force: those, else the last valid ones; nullptr: there are none
};

// "2026-12-24T10:00:00Z, in 26d".
std::string when(base::Time time, base::Time now);

}  // namespace gridseal::doctor
