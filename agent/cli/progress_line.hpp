// One line on standard error that is rewritten on a terminal, and written anew when it changes elsewhere.
#pragma once

#include <string>

#include "cli/context.hpp"

namespace gridseal::cli {

class ProgressLine {
 public:
  explicit ProgressLine(const Context& context);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const std::string& line);
  bool on_terminal() const { return terminal_; }

 private:
  void clear() const;

  const Context& context_;
  bool terminal_;
  std::string last_;
};

}  // namespace gridseal::cli
