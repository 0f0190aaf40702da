#include "manual/pages.hpp"

namespace gridseal::manual {
namespace {

std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "\\'" : c == '\\' ? "\\\\" : std::string(1, c);
  return out + "'";
}

std::string path_of(const Command& command) {
  std::string out;
  for (size_t i = 1; i < command.path.size(); ++i) out += (i > 1 ? " " : "") + command.path[i];
  return out;
}

std::string option_line(const std::string& condition, const Option& option) {
  std::string out = "complete -c gridseal" + condition;
  for (const auto& one : option.names)
    out += one.starts_with("--") ? " -l " + one.substr(2) : " -s " + one.substr(1);
  if (!option.value.empty()) out += " -r";
  if (!option.choices.empty()) {
    std::string choices;
    for (const auto& choice : option.choices) choices += (choices.empty() ? "" : " ") + choice;
    out += " -f -a " + in_quotes(choices);
  }
  return out + " -d " + in_quotes(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const Document& document) {
  std::string paths;
  std::string lines;
  for_each(document.program, [&](const Command& command) {
    const std::string path = path_of(command);
    if (!path.empty()) paths += " " + in_quotes(path);
    const std::string here =
        " -n " + in_quotes("__gridseal_at " + (path.empty() ? "''" : "\"" + path + "\""));
    for (const Command& inner : command.commands)
      lines += "complete -c gridseal" + here + " -f -a " + inner.path.back() + " -d " +
               in_quotes(inner.help) + "\n";
    for (const Option& option : command.options) lines += option_line(path.empty() ? "" : here, option);
  });
  return "# fish completion of gridseal; generated, see packaging/manual\n\nset -g __gridseal_paths" + paths +
         R"fish(

# The command that the line names so far is $argv[1].
function __gridseal_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$path $word")
        contains -- "$longer" $__gridseal_paths; and set path $longer
    end
    test "$path" = "$argv[1]"
end

)fish" + lines;
}

}  // namespace gridseal::manual
