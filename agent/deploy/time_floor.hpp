// The floor of time: the clock of a host may be wrong, and then it is too early. What a transparency log or a
// timestamp authority proved for something admitted here cannot lie in the future, so it is never earlier.
#pragma once

#include "deploy/site.hpp"

namespace gridseal::deploy {

// A proven time this far after the later of clock and floor is not believed.
inline constexpr base::milliseconds kLargestJump = std::chrono::hours(24 * 731);

// Takes the recorded floor into use. Errors: history.*.
base::Result<void> load_time_floor(Site& site);

// After the admission of what carries this time. What would be too large a jump moves nothing and is
// returned: time.jump (blocked). Errors: history.*.
base::Result<void> observe_time(Site& site, base::Time proven, const std::string& source);

// The clock of this host beside the floor. Absent: this engine's clock has none.
struct ClockReading {
  base::Time host;
  base::Time floor;

  bool is_behind() const { return host < floor; }
  base::Time used() const { return is_behind() ? floor : host; }
};
std::optional<ClockReading> read_clock(const Site& site);

// Somebody's word for the floor: to any time, also a lower one. Recorded with who and why. By any thread.
// Errors: history.*.
base::Result<void> reset_time_floor(Site& site, base::Time floor, const std::string& who,
                                    const std::string& why);

}  // namespace gridseal::deploy
