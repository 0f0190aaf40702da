#include "cli/progress_line.hpp"

#include <unistd.h>

#include <cstdio>

namespace gridseal::cli {

ProgressLine::ProgressLine(const Context& context)
    : context_(context), terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& line) {
  if (line == last_) return;
  if (terminal_) {
    clear();
    (void)std::fputs(line.c_str(), stderr);
    (void)std::fflush(stderr);
  } else if (!line.empty()) {
    context_.note(line);
  }
  last_ = line;
}

void ProgressLine::wait() {
  constexpr base::milliseconds kLongest{400};
  (void)context_.clock.sleep_for(pause_, {});
  pause_ = std::min(2 * pause_, kLongest);
}

void ProgressLine::clear() const {
  if (terminal_ && !last_.empty()) (void)std::fputs("\r\x1b[K", stderr);
}

}  // namespace gridseal::cli
