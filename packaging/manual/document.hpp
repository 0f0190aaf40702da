// What a program says of itself with --help-json.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace gridseal::manual {

struct Option {
  std::vector<std::string> names;  // "-o", "--output"; none for an argument
  std::string name;                // of an argument
  std::string help;
  std::string value;                 // "TEXT"; empty for a flag
  std::vector<std::string> choices;  // of the value
  std::string fallback;
  bool required = false;
  bool repeated = false;
};

struct Command {
  std::vector<std::string> path;  // "gridseal", "verify", "bundle"
  std::string help;
  std::string footer;
  std::vector<Option> options;
  std::vector<Option> arguments;
  std::vector<Command> commands;
  bool needs_command = false;

  std::string words() const;      // "gridseal verify bundle"
  std::string page_name() const;  // "gridseal-verify-bundle"
};

struct Document {
  Command program;
  std::string version;  // "gridseal 0.1.0"
};

// Error (refused): manual.document.
base::Result<Document> read_document(std::string_view json);

void for_each(const Command& command, const std::function<void(const Command&)>& visit);

}  // namespace gridseal::manual
