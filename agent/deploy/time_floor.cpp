#include "deploy/time_floor.hpp"

namespace gridseal::deploy {

base::Result<void> load_time_floor(Site& site) {
  base::FlooredClock* clock = site.outside.floored;
  if (clock == nullptr) return {};
  auto recorded = site.history->time_floor();
  if (!recorded) return std::move(recorded).error();
  // An operator's reset may lie before the date of this program: his word counts.
  if (*recorded) clock->set_floor(**recorded);
  if (clock->is_behind()) {
    site.outside.log.warning("the clock of this host says " + base::format_rfc3339(clock->inner_now()) +
                                 ", which is too early: " + base::format_rfc3339(clock->floor()) +
                                 " is used until it catches up",
                             {{"reason", "time.behind"}});
  }
  return {};
}

base::Result<void> observe_time(Site& site, base::Time proven, const std::string& source) {
  base::FlooredClock* clock = site.outside.floored;
  if (clock == nullptr || proven <= clock->floor()) return {};
  if (proven > clock->now() + kLargestJump) {
    return base::Error::blocked(
        "time.jump", source + " proves the time " + base::format_rfc3339(proven) + ", this host is at " +
                         base::format_rfc3339(clock->now()) +
                         ": too far to be believed; set the clock, or record it with 'gridseal clock reset'");
  }
  if (auto r = site.history->raise_time_floor(proven, source); !r) return r;
  clock->set_floor(proven);
  return {};
}

std::optional<ClockReading> read_clock(const Site& site) {
  base::FlooredClock* clock = site.outside.floored;
  if (clock == nullptr) return std::nullopt;
  return ClockReading{clock->inner_now(), clock->floor()};
}

base::Result<void> reset_time_floor(Site& site, base::Time floor, const std::string& who,
                                    const std::string& why) {
  if (auto r = site.history->reset_time_floor(floor, who, why); !r) return r;
  if (site.outside.floored != nullptr) site.outside.floored->set_floor(floor);
  return {};
}

}  // namespace gridseal::deploy
