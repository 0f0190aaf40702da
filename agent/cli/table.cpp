#include "cli/table.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace gridseal::cli {
namespace {

std::string cut(const std::string& text, size_t columns) {
  if (text_width(text) <= columns) return text;
  std::string out;
  size_t width = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && ++width >= columns) break;
    out += c;
  }
  return out + "…";
}

}  // namespace

size_t text_width(const std::string& text) {
  size_t width = 0;
  bool in_colour = false;
  for (const char c : text) {
    if (c == '\x1b') in_colour = true;
    if (!in_colour && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
    if (in_colour && c == 'm') in_colour = false;
  }
  return width;
}

size_t terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string Table::to_string(size_t width) const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    size_t used = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      const bool cuttable = last && width > used + 10;
      const std::string cell = cuttable ? cut(row[i], width - used) : row[i];
      out += cell;
      if (last) break;
      out.append(widths[i] - text_width(cell) + 2, ' ');
      used += widths[i] + 2;
    }
    out += '\n';
  }
  return out;
}

}  // namespace gridseal::cli
