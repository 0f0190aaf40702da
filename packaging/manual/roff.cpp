#include "manual/roff.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace gridseal::manual {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  bool line_starts = true;
  for (const char c : text) {
    if (line_starts && (c == '.' || c == '\'')) out += "\\&";
    line_starts = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '\'')
      out += "\\(aq";
    else
      out += c;
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + escape(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + escape(text) + "\\fR";
}

std::string macro_argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape(text)) out += c == '"' ? std::string("\\(dq") : std::string(1, c);
  return out + "\"";
}

std::string title(const std::string& name, const std::string& section, const std::string& date,
                  const std::string& version, const std::string& what) {
  return ".\\\" Generated; see packaging/manual.\n.TH " + macro_argument(upper(name)) + " " + section +
         " \"" + date + "\" " + macro_argument(version) + " Gridseal\n.nh\n.ad l\n.SH NAME\n" + escape(name) +
         " \\- " + escape(what) + "\n";
}

std::string heading(const std::string& text) {
  return ".SH " + macro_argument(text.starts_with('[') ? text : upper(text)) + "\n";
}

std::vector<std::string> paragraphs(std::string_view text) {
  std::vector<std::string> out;
  std::istringstream lines{std::string(text)};
  bool fresh = true;
  for (std::string line; std::getline(lines, line);) {
    const bool literal = line.starts_with("  ");
    const bool was_literal = !out.empty() && out.back().starts_with("  ");
    if (line.empty()) {
      fresh = true;
      continue;
    }
    if (fresh || line.starts_with("Exit code") || literal != was_literal || out.empty())
      out.push_back(line);
    else
      out.back() += (literal ? "\n" : " ") + line;
    fresh = false;
  }
  return out;
}

std::string paragraph(const std::string& text) {
  if (text.starts_with("  ")) return ".PP\n.nf\n" + escape(text) + "\n.fi\n";
  return ".PP\n" + escape(text) + "\n";
}

}  // namespace gridseal::manual
