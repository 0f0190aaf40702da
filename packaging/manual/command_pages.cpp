#include "manual/pages.hpp"
#include "manual/roff.hpp"

namespace gridseal::manual {
namespace {

std::string value_of(const Option& option) {
  if (option.choices.empty()) return italic(option.value);
  std::string out;
  for (const auto& choice : option.choices) out += (out.empty() ? "" : "|") + bold(choice);
  return out;
}

std::string names_of(const Option& option) {
  if (option.names.empty()) return italic(option.name);
  std::string out;
  for (const auto& name : option.names) out += (out.empty() ? "" : ", ") + bold(name);
  return option.value.empty() ? out : out + " " + value_of(option);
}

std::string described(const Option& option) {
  std::string help = option.help;
  if (option.required && !option.names.empty()) help += " (required)";
  if (option.repeated && !option.names.empty() && help.find("repeated") == std::string::npos)
    help += " (may be repeated)";
  std::string out = ".TP\n" + names_of(option) + "\n" + escape(help) + "\n";
  if (!option.fallback.empty()) out += ".br\nDefault: " + bold(option.fallback) + "\n";
  return out;
}

std::string synopsis(const Command& command) {
  std::string out = heading("Synopsis") + bold(command.words()) + "\n";
  if (!command.options.empty()) out += "[" + italic("OPTIONS") + "]\n";
  for (const Option& argument : command.arguments) {
    const std::string name = italic(argument.name) + (argument.repeated ? "..." : "");
    out += argument.required ? name + "\n" : "[" + name + "]\n";
  }
  if (!command.commands.empty())
    out += command.needs_command ? italic("COMMAND") + " ...\n" : "[" + italic("COMMAND") + " ...]\n";
  return out;
}

// Its own options, and those of the program, which may stand behind every command.
std::string options(const Command& command, const Command& program) {
  std::string out;
  if (!command.arguments.empty() || !command.options.empty()) out += heading("Options");
  for (const Option& argument : command.arguments) out += described(argument);
  for (const Option& option : command.options) out += described(option);
  if (command.path.size() > 1)
    out += ".PP\nThe options of " + bold(program.path.front()) + "(1) may stand here too.\n";
  return out;
}

std::string commands(const Command& command) {
  if (command.commands.empty()) return {};
  std::string out = heading("Commands");
  for (const Command& inner : command.commands)
    out += ".TP\n" + bold(inner.path.back()) + "\n" + escape(inner.help) + "; see " +
           bold(inner.page_name()) + "(1)\n";
  return out;
}

std::string see_also(const Command& command, const Command& program) {
  std::string out = heading("See also");
  const auto page = [&](const std::string& name, const char* section, const char* end) {
    out += ".BR " + escape(name) + " (" + section + ")" + end + "\n";
  };
  if (command.path.size() > 1) {
    Command outer = command;
    outer.path.pop_back();
    page(outer.page_name(), "1", ",");
  } else {
    page(program.path.front() == "gridseald" ? "gridseal" : "gridseald",
         program.path.front() == "gridseald" ? "1" : "8", ",");
  }
  page("gridseal-operation", "7", ",");
  page("gridseal-settings", "5", "");
  return out;
}

std::string page(const Document& document, const Command& command, const std::string& section,
                 const std::string& date) {
  std::string text = title(command.page_name(), section, date, document.version, command.help);
  text += synopsis(command) + heading("Description") + escape(command.help) + ".\n";
  std::string exit_status;
  for (const std::string& part : paragraphs(command.footer))
    (part.starts_with("Exit code") ? exit_status : text) += paragraph(part);
  text += commands(command) + options(command, document.program);
  if (!exit_status.empty()) text += heading("Exit status") + exit_status.substr(exit_status.find('\n') + 1);
  return text + see_also(command, document.program);
}

}  // namespace

std::map<std::string, std::string> command_pages(const Document& document, const std::string& section,
                                                 const std::string& date) {
  std::map<std::string, std::string> out;
  for_each(document.program, [&](const Command& command) {
    out[command.page_name() + "." + section] = page(document, command, section, date);
  });
  return out;
}

}  // namespace gridseal::manual
