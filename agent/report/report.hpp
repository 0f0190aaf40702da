// The documents that people and scripts see, as JSON: built from the history, which may be open for reading
// only, and from what a live daemon adds. Control socket and command line use the same functions, so both say
// the same; docs/cli.md describes every member.
//
// Thread safe as far as History is. Errors: those of History; report.unknown (refused: nothing of that name).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"
#include "history/history.hpp"

namespace gridseal::report {

struct LiveComponent {
  std::string name;
  std::optional<base::Time> last_poll;
  std::optional<base::Time> next_poll;
  std::string activity;  // "waiting for health: 2 of 5 objects are ready"; empty when idle
};

// The clock of this host and the time before which it is not believed.
struct ClockReading {
  base::Time host;
  std::optional<base::Time> floor;  // nothing was ever proven
};

// What only the running daemon knows.
struct Live {
  std::string version;
  int64_t pid = 0;
  base::Time since;
  std::optional<std::string> held;  // the settings on disk are wrong: why
  std::vector<LiveComponent> components;
  std::vector<std::string> warnings;  // about trust: what is wrong or about to be
  std::optional<ClockReading> clock;
  std::optional<std::string> media;         // the latest import, and whether the medium may be pulled
  std::optional<std::string> quarantine{};  // what media brought and was refused
};

// {"agent", "site", "clock", "components", "warnings", "media", "quarantine", "audit"}. Components are those
// of the settings, by name; then those that only the history knows, with a warning. A null `live`: the daemon
// is not running.
base::Result<base::Json> status(history::History& history, const config::Settings& settings,
                                const Live* live);

// {"host", "floor", "used", "behind"}: `used` is the later of both.
base::Json clock(const ClockReading& reading);

// {"entries": […]}, newest first: deployments, verdicts about artifacts that did not become one, and drift.
// An empty component: all. report.unknown: nothing was ever recorded of that component.
base::Result<base::Json> history_of(history::History& history, std::string_view component, int64_t limit);

// {"artifact", "verifications", "deployments"}. `what`: a deployment's number, a digest, the beginning of one
// (with or without "sha256:", four digits at least), a revision "TAG@sha256:…", or a signed version.
base::Result<base::Json> show(history::History& history, std::string_view what);

// {"chain": {"rows", "head", "intact", "broken_at", "message"}, "rows": […]}, newest first.
base::Result<base::Json> audit(history::History& history, int64_t limit);

}  // namespace gridseal::report
