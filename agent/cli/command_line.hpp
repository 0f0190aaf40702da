// Command lines: commands, their options, help and wrong arguments. The one place that knows CLI11, whose
// headers take seconds to compile.
//
//   Program program("gridseal", "what it is", "gridseal 1.0");
//   Command greet = program.subcommand("greet", "Says hello");
//   auto name = std::make_shared<std::string>();
//   greet.text("name", *name, "whom").required();
//   greet.action([name] { return hello(*name); });
//   if (auto end = program.parse(argc, argv)) return *end;
//   return static_cast<int>(program.run());
//
// Options write into variables of the caller, which must live until run() is over; what a variable holds
// before is its default. Names: "--long", "-s,--long", or a bare word for a positional argument.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gridseal::cli {

// One option; a handle that may be copied, valid as long as its Program.
class Option {
 public:
  Option required() const;
  Option shows_default() const;                                 // in the help
  Option value_name(const std::string& name) const;             // in the help, instead of TEXT
  Option one_of(const std::vector<std::string>& values) const;  // any other value is a wrong argument
  Option between(int64_t least, int64_t most) const;            // both may be given
  Option needs(const Option& other) const;
  Option excludes(const Option& other) const;

 private:
  friend class Command;
  explicit Option(CLI::Option* option) : option_(option) {}
  CLI::Option* option_;
};

// The program or one of its commands; a handle that may be copied, valid as long as its Program.
class Command {
 public:
  // A command that has commands needs one of them. Options of the outer one may also stand behind the inner
  // one.
  Command subcommand(const std::string& name, const std::string& help) const;
  // One that may be left out: then the outer command's own action is meant.
  Command optional_subcommand(const std::string& name, const std::string& help) const;

  Option text(const std::string& names, std::string& value, const std::string& help) const;
  Option texts(const std::string& names, std::vector<std::string>& values, const std::string& help) const;
  Option number(const std::string& names, int64_t& value, const std::string& help) const;
  Option flag(const std::string& name, bool& value, const std::string& help) const;

  Command footer(const std::string& text) const;

  // What options alone cannot say: a sentence on what is wrong, or nothing. Asked when all are read.
  Command check(std::function<std::optional<std::string>()> check) const;
  Command action(std::function<ExitCode()> action) const;

 protected:
  struct Chosen;
  Command(CLI::App* app, Chosen* chosen) : app_(app), chosen_(chosen) {}
  CLI::App* app_;
  Chosen* chosen_;
};

class Program : public Command {
 public:
  // `version` is printed by --version.
  Program(const std::string& name, const std::string& help, const std::string& version);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Nothing: the arguments are good. Else the program ends with this number: 0 after --help and --version, 2
  // (ExitCode::usage) after a wrong argument, with a sentence on standard error, as JSON after `-o json`.
  // `--help-json` alone prints all commands and options, of which man pages and shell completions are made:
  // {"name", "help", "footer", "version", "options": [{"names", "help", "value", "choices", "default",
  // "required", "repeated"}], "arguments": [the same and "name"], "commands": [the same], "needs_command"}.
  std::optional<int> parse(int argc, const char* const* argv);

  // The action of the command that was named; ok when it has none.
  ExitCode run();

 private:
  std::unique_ptr<CLI::App> program_;
  std::string version_;
  std::unique_ptr<Chosen> named_;
};

}  // namespace gridseal::cli
