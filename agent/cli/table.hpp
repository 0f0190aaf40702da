// Plain tables for terminals: columns as wide as their longest cell, the last one cut to the terminal.
#pragma once

#include <string>
#include <vector>

namespace gridseal::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }

  // `width` is that of the terminal in columns; 0: not a terminal, nothing is cut.
  std::string to_string(size_t width) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Columns of standard output's terminal, 0 when it is none.
size_t terminal_width();

// Columns that UTF-8 text takes, counting every code point as one; colours (ECMA-48 SGR) take none.
size_t text_width(const std::string& text);

}  // namespace gridseal::cli
