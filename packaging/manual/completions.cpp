// bash; what a shell is told of the commands is the same in all of them.
#include "manual/pages.hpp"

namespace gridseal::manual {
namespace {

std::string words_of(const Command& command) {
  std::string out;
  for (const Command& inner : command.commands) out += (out.empty() ? "" : " ") + inner.path.back();
  return out;
}

std::string options_of(const Command& command) {
  std::string out;
  for (const Option& option : command.options) {
    for (const auto& name : option.names) out += (out.empty() ? "" : " ") + name;
  }
  return out;
}

// "gridseal artifact build" and its option "--path" → what follows: words, or nothing for any file.
std::string value_cases(const Document& document) {
  std::string out;
  for_each(document.program, [&](const Command& command) {
    for (const Option& option : command.options) {
      if (option.value.empty()) continue;
      std::string choices;
      for (const auto& choice : option.choices) choices += (choices.empty() ? "" : " ") + choice;
      for (const auto& name : option.names)
        out += "    \"" + command.words() + " " + name + "\") values=\"" + choices + "\"; return 0 ;;\n";
    }
  });
  return out;
}

}  // namespace

std::string bash_completion(const Document& document) {
  std::string commands;
  std::string options;
  for_each(document.program, [&](const Command& command) {
    commands += "    \"" + command.words() + "\") commands=\"" + words_of(command) + "\" ;;\n";
    options += "    \"" + command.words() + "\") options=\"" + options_of(command) + "\" ;;\n";
  });
  const std::string name = document.program.path.front();
  std::string text =
      "# bash completion of " + name + "; generated, see packaging/manual\n\n_" + name +
      "_commands() {\n  commands=\"\"\n  case $1 in\n" + commands + "  esac\n}\n\n_" + name +
      "_options() {\n  options=\"\"\n  case $1 in\n" + options +
      "  esac\n}\n\n# The option $2 of $1 takes a value.\n_" + name +
      "_value() {\n  values=\"\"\n  case \"$1 $2\" in\n" + value_cases(document) + "  esac\n  case \"" +
      name + " $2\" in\n" +
      value_cases({{document.program.path, {}, {}, document.program.options, {}, {}, false}, {}}) +
      "  esac\n  return 1\n}\n\n_" + name + "() {\n" +
      R"sh(  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local path=)sh" +
      name + R"sh( commands options values word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == -* ]]; then
      _NAME_value "$path" "$word" && ((i++))
      continue
    fi
    _NAME_commands "$path"
    [[ " $commands " == *" $word "* ]] && path+=" $word"
  done
  COMPREPLY=()
  if [[ $previous == -* ]] && _NAME_value "$path" "$previous"; then
    if [[ -n $values ]]; then
      mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
    else
      compopt -o default 2>/dev/null
    fi
    return
  fi
  if [[ $current == -* ]]; then
    _NAME_options "$path"
    local own=$options
    _NAME_options NAME
    mapfile -t COMPREPLY < <(compgen -W "$own $options" -- "$current" | sort -u)
    return
  fi
  _NAME_commands "$path"
  mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  [[ -n $commands ]] || compopt -o default 2>/dev/null
}
complete -F _NAME NAME
)sh";
  for (size_t at = 0; (at = text.find("NAME", at)) != std::string::npos; at += name.size())
    text.replace(at, 4, name);
  return text;
}

}  // namespace gridseal::manual
