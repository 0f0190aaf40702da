// What may be done while something stands against it, as one table: rows are the gates, columns the acts.
// docs/architecture.md shows the same table.
#pragma once

#include <optional>
#include <string_view>

namespace gridseal::deploy {

enum class Gate {
  suspended,      // the component's settings or somebody on this host say so
  held,           // the settings on disk are wrong: the last valid ones are in use
  remembered,     // this artifact with these values failed before
  trust_damaged,  // an accepted trust bundle or the local denials cannot be read
  untrusted,      // what runs no longer verifies, and the settings say to hold it
  settling_time,  // an earlier attempt at this artifact was blocked: the pause is not over
  dependency,     // a component that it depends on is not healthy at what the registry names
  disk_low,       // less than storage.free_space_min is free
};

enum class Act {
  fetch,          // bring artifacts and signatures into the store
  verify,         // judge and record
  change,         // bring the component to another revision
  roll_back,      // finish what is under way, forward or back
  correct_drift,  // put back what somebody changed of what runs
};

constexpr bool is_open(Gate gate, Act act) {
  struct Row {
    Gate gate;
    bool fetch, verify, change, roll_back, correct_drift;
  };
  constexpr Row kTable[] = {
      {Gate::suspended, true, true, false, true, false},
      {Gate::held, true, true, false, true, false},
      {Gate::remembered, true, true, false, true, true},
      {Gate::trust_damaged, true, true, false, true, false},
      {Gate::untrusted, true, true, false, true, false},
      {Gate::settling_time, true, true, false, true, true},
      {Gate::dependency, true, true, false, true, true},
      {Gate::disk_low, false, true, false, true, true},
  };
  for (const Row& row : kTable) {
    if (row.gate != gate) continue;
    switch (act) {
      case Act::fetch:
        return row.fetch;
      case Act::verify:
        return row.verify;
      case Act::change:
        return row.change;
      case Act::roll_back:
        return row.roll_back;
      case Act::correct_drift:
        return row.correct_drift;
    }
  }
  return false;
}

}  // namespace gridseal::deploy
