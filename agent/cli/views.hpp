// The documents of gridseal::report as text for a terminal.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/words.hpp"

namespace gridseal::cli {

struct View {
  base::Time now;
  Style style = Style(false);
  size_t width = 0;  // of the terminal; 0: none
};

// `component` empty: all of them in a table; else that one in full.
std::string status_view(const base::Json& status, std::string_view component, const View& view);
std::string history_view(const base::Json& history, const View& view);
std::string show_view(const base::Json& document, const View& view);
std::string audit_view(const base::Json& audit, const View& view);

}  // namespace gridseal::cli
