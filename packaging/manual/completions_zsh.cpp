#include <algorithm>

#include "manual/pages.hpp"

namespace gridseal::manual {
namespace {

// In single quotes, and for _arguments without the characters that mean something there.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string function_of(const Command& command) {
  std::string out = "_" + command.page_name();
  std::ranges::replace(out, '-', '_');
  return out;
}

std::string action_of(const Option& option) {
  if (option.choices.empty()) return "_files";
  std::string out;
  for (const auto& choice : option.choices) out += (out.empty() ? "(" : " ") + choice;
  return out + ")";
}

std::string specs(const std::vector<Option>& options) {
  std::string out;
  for (const Option& option : options) {
    for (const auto& name : option.names) {
      out += "    '" + std::string(option.repeated ? "*" : "") + name + "[" + plain(option.help) + "]";
      if (!option.value.empty()) out += ":" + plain(option.value) + ":" + action_of(option);
      out += "' \\\n";
    }
  }
  return out;
}

std::string leaf(const Command& command, const std::string& globals) {
  std::string out = function_of(command) + "() {\n  _arguments -s \\\n" + globals + specs(command.options);
  return out + "    '*:argument:_files'\n}\n\n";
}

std::string group(const Command& command, const std::string& globals) {
  std::string out = function_of(command) +
                    "() {\n  local context state state_descr line\n  typeset -A opt_args\n" +
                    "  local -a commands=(\n";
  for (const Command& inner : command.commands)
    out += "    '" + inner.path.back() + ":" + plain(inner.help) + "'\n";
  out += "  )\n  _arguments -C -s \\\n" + globals + (command.path.size() > 1 ? specs(command.options) : "") +
         "    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command) "
         "_describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const Command& inner : command.commands)
    out += "        " + inner.path.back() + ") " + function_of(inner) + " ;;\n";
  return out + "        *) _files ;;\n      esac ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const Document& document) {
  const std::string globals = specs(document.program.options);
  std::string out = "#compdef " + document.program.path.front() + "\n# Generated, see packaging/manual\n\n";
  for_each(document.program, [&](const Command& command) {
    out += command.commands.empty() ? leaf(command, globals) : group(command, globals);
  });
  return out + function_of(document.program) + " \"$@\"\n";
}

}  // namespace gridseal::manual
