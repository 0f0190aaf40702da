#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "base/time.hpp"

namespace gridseal::base {
namespace {

namespace chr = std::chrono;

Error bad_time(std::string_view text) {
  return Error::refused("base.time", "'" + std::string(text.substr(0, 64)) +
                                         "' is not an RFC 3339 time such as 2026-11-23T10:00:00Z");
}

// Reads exactly `width` digits at `at`; -1 when they are not digits.
int digits(std::string_view text, size_t at, size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The fraction after the seconds, in milliseconds; moves `at` behind it. -1 when malformed.
int fraction(std::string_view text, size_t& at) {
  if (at >= text.size() || text[at] != '.') return 0;
  ++at;
  int value = 0;
  size_t count = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
    if (count < 3) value = value * 10 + (text[at] - '0');
  }
  if (count == 0 || count > 12) return -1;
  for (; count < 3; ++count) value *= 10;
  return value;
}

bool offset(std::string_view rest, chr::minutes& out) {
  if (rest == "Z" || rest == "z") {
    out = chr::minutes(0);
    return true;
  }
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  const int hours = digits(rest, 1, 2);
  const int minutes = digits(rest, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  out = chr::minutes(hours * 60 + minutes) * (rest[0] == '-' ? -1 : 1);
  return true;
}

}  // namespace

std::string format_rfc3339(Time time) {
  const auto day = chr::floor<chr::days>(time);
  const chr::year_month_day date{day};
  const chr::hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  const int n =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  std::string out(text.data(), static_cast<size_t>(n));
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    std::array<char, 8> part{};
    const int m = std::snprintf(part.data(), part.size(), ".%03d", static_cast<int>(ms));
    out.append(part.data(), static_cast<size_t>(m));
  }
  return out + "Z";
}

Result<Time> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':') {
    return bad_time(text);
  }
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return bad_time(text);
  }
  const chr::year_month_day date{chr::year(year), chr::month(static_cast<unsigned>(month)),
                                 chr::day(static_cast<unsigned>(day))};
  size_t at = 19;
  const int ms = fraction(text, at);
  chr::minutes shift{};
  if (!date.ok() || ms < 0 || !offset(text.substr(at), shift)) return bad_time(text);
  return Time(chr::sys_days(date)) + chr::hours(hour) + chr::minutes(minute) + chr::seconds(second) +
         milliseconds(ms) - shift;
}

std::string format_duration(milliseconds duration) {
  const int64_t total = duration.count();
  if (total < 0) return "-" + format_duration(-duration);
  if (total < 1000) return std::to_string(total) + "ms";
  const int64_t s = total / 1000;
  if (s < 10 && total % 1000 != 0) {
    std::array<char, 32> text{};
    const int n = std::snprintf(text.data(), text.size(), "%.1fs", static_cast<double>(total) / 1000.0);
    return {text.data(), static_cast<size_t>(n)};
  }
  const auto two = [](int64_t big, const char* big_unit, int64_t small, const char* small_unit) {
    std::string text = std::to_string(big) + big_unit;
    if (small != 0) text += std::to_string(small) + small_unit;
    return text;
  };
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86400) return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86400, "d", s % 86400 / 3600, "h");
}

Result<milliseconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return Error::refused("base.duration", "'" + std::string(text.substr(0, 64)) +
                                               "' is not a duration; write for example 30s, 5m or 1h30m");
  };
  constexpr int64_t kMax = int64_t{100} * 365 * 86400 * 1000;
  int64_t total = 0;
  size_t at = 0;
  while (at < text.size()) {
    int64_t value = 0;
    const size_t begin = at;
    for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
      value = value * 10 + (text[at] - '0');
      if (value > kMax) return bad();
    }
    if (at == begin) return bad();
    int64_t unit = 0;
    if (text.substr(at, 2) == "ms")
      unit = 1;
    else if (at < text.size() && text[at] == 's')
      unit = 1000;
    else if (at < text.size() && text[at] == 'm')
      unit = 60'000;
    else if (at < text.size() && text[at] == 'h')
      unit = 3'600'000;
    else if (at < text.size() && text[at] == 'd')
      unit = 86'400'000;
    if (unit == 0 || value > kMax / unit) return bad();
    at += unit == 1 ? 2 : 1;
    total += value * unit;
    if (total > kMax) return bad();
  }
  if (text.empty()) return bad();
  return milliseconds(total);
}

}  // namespace gridseal::base
