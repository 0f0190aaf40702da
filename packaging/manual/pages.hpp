// The pages and scripts that are made.
#pragma once

#include <map>
#include <string>

#include "manual/document.hpp"

namespace gridseal::manual {

// "gridseal-status.1" → its text; one for the program and for each of its commands. `date` is YYYY-MM-DD.
std::map<std::string, std::string> command_pages(const Document& document, const std::string& section,
                                                 const std::string& date);

struct PageTitle {
  std::string name;     // "gridseal-settings"
  std::string section;  // "5"
  std::string what;
  std::string date;
};

// A page out of Markdown as docs/ uses it: headings, paragraphs, lists, tables, code, links (their text
// stays).
std::string markdown_page(std::string_view markdown, const PageTitle& title);

// Completions of commands, options, and values that are one of a few; files for the rest.
std::string bash_completion(const Document& document);
std::string zsh_completion(const Document& document);
std::string fish_completion(const Document& document);

}  // namespace gridseal::manual
