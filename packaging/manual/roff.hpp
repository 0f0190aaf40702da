// man(7) source text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gridseal::manual {

// `text` as roff prints it: backslashes, hyphens that are minus signs, dots and quotes at the start of a
// line.
std::string escape(std::string_view text);
// The same, in one line and in bold or italics.
std::string bold(std::string_view text);
std::string italic(std::string_view text);
// An argument of a macro.
std::string macro_argument(std::string_view text);

// .TH and NAME. `date` is YYYY-MM-DD.
std::string title(const std::string& name, const std::string& section, const std::string& date,
                  const std::string& version, const std::string& what);
// In capitals, unless it is the name of a section of the settings, "[site]".
std::string heading(const std::string& text);

// Paragraphs of a help text: lines are joined, an empty line and a line that begins with "Exit code" begin a
// new one; lines that begin with two spaces stay as they are.
std::vector<std::string> paragraphs(std::string_view text);
std::string paragraph(const std::string& text);

}  // namespace gridseal::manual
