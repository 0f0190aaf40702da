#include "cli/words.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.hpp"

namespace gridseal::cli {

Style Style::of_stream(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return Style(isatty(descriptor) != 0 && (refused == nullptr || *refused == '\0'));
}

std::string Style::paint(Colour colour, std::string_view text) const {
  constexpr std::array<std::string_view, 6> kCodes{"", "32", "31", "33", "2", "1"};
  const std::string_view code = kCodes.at(static_cast<size_t>(colour));
  if (!coloured_ || code.empty()) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

Colour colour_of(std::string_view state) {
  if (state == "healthy" || state == "verified") return Colour::good;
  for (const std::string_view bad :
       {"refused", "failed", "stuck", "rolled_back", "removed", "left", "untrusted", "stopped", "degraded"}) {
    if (state == bad) return Colour::bad;
  }
  return Colour::waiting;
}

std::string relative(base::Time time, base::Time now) {
  const auto distance = now >= time ? now - time : time - now;
  const int64_t seconds = distance.count() / 1000;
  if (seconds == 0) return "now";
  std::string text;
  if (seconds < 60) {
    text = std::to_string(seconds) + "s";
  } else if (seconds < 3600) {
    text = std::to_string(seconds / 60) + "m";
  } else if (seconds < int64_t{48} * 3600) {
    text = std::to_string(seconds / 3600) + "h";
  } else {
    text = std::to_string(seconds / 86400) + "d";
  }
  return now >= time ? text + " ago" : "in " + text;
}

std::string relative(const base::Json* text, base::Time now) {
  if (text == nullptr || !text->is_string()) return "-";
  auto time = base::parse_rfc3339(text->get_ref<const std::string&>());
  return time ? relative(*time, now) : "-";
}

std::string short_revision(std::string_view revision) {
  constexpr size_t kShown = 12;
  const size_t digest = revision.rfind("sha256:");
  std::string text(revision);
  if (digest != std::string_view::npos && text.size() > digest + 7 + kShown) text.resize(digest + 7 + kShown);
  return shown(text, 160);
}

std::string shown(std::string_view untrusted, size_t max) {
  return base::printable(untrusted, max);
}

std::string member(const base::Json& object, std::string_view name) {
  const base::Json* value = base::find_member(object, name);
  if (value == nullptr) return "-";
  if (value->is_string()) return shown(value->get_ref<const std::string&>());
  if (value->is_number_integer()) return std::to_string(value->get<int64_t>());
  return value->is_boolean() ? (value->get<bool>() ? "yes" : "no") : "-";
}

std::string size_text(uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"B", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits.at(unit));
  return text.data();
}

}  // namespace gridseal::cli
