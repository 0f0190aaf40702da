// Points in time and their text form. Milliseconds in 64 bits: safe far past 2038 on every architecture.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::base {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using std::chrono::milliseconds;
using std::chrono::seconds;

// RFC 3339 in UTC, "2026-11-23T10:00:00Z"; milliseconds are printed only when not zero.
std::string format_rfc3339(Time time);

// RFC 3339 section 5.6, any offset, fraction cut to milliseconds. Error: base.time.
Result<Time> parse_rfc3339(std::string_view text);

// "3s", "5m10s", "2h", "4d3h": for people.
std::string format_duration(milliseconds duration);

// Go's duration syntax as Flux users write it ("30s", "5m", "1h30m", "500ms"). Error: base.duration.
Result<milliseconds> parse_duration(std::string_view text);

}  // namespace gridseal::base
