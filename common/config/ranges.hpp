// Ranges that several settings share, in milliseconds (internal to config).
#pragma once

#include "config/keys.hpp"

namespace gridseal::config {

inline constexpr int64_t kSecond = 1000;
inline constexpr int64_t kHour = 3600 * kSecond;
inline constexpr Range kInterval{kSecond, 24 * kHour};
inline constexpr Range kWait{0, 24 * kHour};

}  // namespace gridseal::config
