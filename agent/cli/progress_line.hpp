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
  // On a terminal `line`, elsewhere `phase`: only what is new is said there.
  void show(const std::string& phase, const std::string& line) { show(terminal_ ? line : phase); }
  // Until it is worth looking again: soon at first, for what is done at once.
  void wait();

 private:
  void clear() const;

  const Context& context_;
  bool terminal_;
  base::milliseconds pause_{20};
  std::string last_;
};

}  // namespace gridseal::cli
