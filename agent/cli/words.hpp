// Small pieces of what people read: colours, times, revisions. Everything that came from outside passes
// through shown().
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"

namespace gridseal::cli {

enum class Colour { none, good, bad, waiting, dim, bold };

// Colours for one stream: only on a terminal, and not when NO_COLOR is set (no-color.org).
class Style {
 public:
  explicit Style(bool coloured) : coloured_(coloured) {}
  static Style of_stream(int descriptor);
  std::string paint(Colour colour, std::string_view text) const;

 private:
  bool coloured_;
};

// Of a component's state or an outcome.
Colour colour_of(std::string_view state);

// "now", "42s ago", "3m ago", "5h ago", "12d ago"; "in 40s" for what is to come.
std::string relative(base::Time time, base::Time now);
// The same of an RFC 3339 text; "-" when it is absent or none.
std::string relative(const base::Json* text, base::Time now);

// "stable@sha256:0123456789ab".
std::string short_revision(std::string_view revision);

// Without control characters, cut at `max` bytes.
std::string shown(std::string_view untrusted, size_t max = 1000);
// A member of an object as text: strings and numbers; "-" when it is absent or null.
std::string member(const base::Json& object, std::string_view name);
// "1.2 KiB"
std::string size_text(uint64_t bytes);

}  // namespace gridseal::cli
