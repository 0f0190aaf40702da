#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>

namespace gridseal::cli {

struct Command::Chosen {
  using Check = std::function<std::optional<std::string>()>;

  std::map<const CLI::App*, Check> checks;
  std::map<const CLI::App*, std::function<ExitCode()>> actions;
  const CLI::App* command = nullptr;
};

Option Option::required() const {
  option_->required();
  return *this;
}

Option Option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

Option Option::value_name(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::one_of(const std::vector<std::string>& values) const {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option Option::between(int64_t least, int64_t most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option Option::needs(const Option& other) const {
  option_->needs(other.option_);
  return *this;
}

Option Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

Command Command::subcommand(const std::string& name, const std::string& help) const {
  app_->fallthrough();
  app_->require_subcommand(1);
  return {app_->add_subcommand(name, help), chosen_};
}

Command Command::optional_subcommand(const std::string& name, const std::string& help) const {
  app_->require_subcommand(0, 1);
  return {app_->add_subcommand(name, help), chosen_};
}

Option Command::text(const std::string& names, std::string& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::texts(const std::string& names, std::vector<std::string>& values,
                      const std::string& help) const {
  CLI::Option* option = app_->add_option(names, values, help)->take_all();
  // An option takes one value each time; else it would swallow the argument behind it.
  if (names.starts_with("-")) option->allow_extra_args(false);
  return Option(option);
}

Option Command::number(const std::string& names, int64_t& value, const std::string& help) const {
  return Option(app_->add_option(names, value, help));
}

Option Command::flag(const std::string& name, bool& value, const std::string& help) const {
  return Option(app_->add_flag(name, value, help));
}

Command Command::footer(const std::string& text) const {
  app_->footer(text);
  return *this;
}

Command Command::check(std::function<std::optional<std::string>()> check) const {
  chosen_->checks[app_] = std::move(check);
  return *this;
}

Command Command::action(std::function<ExitCode()> action) const {
  chosen_->actions[app_] = std::move(action);
  app_->callback([app = app_, chosen = chosen_] {
    if (!app->get_subcommands().empty()) return;  // the inner command is meant
    const auto check = chosen->checks.find(app);
    if (check != chosen->checks.end()) {
      if (auto wrong = check->second()) throw CLI::ValidationError(app->get_name(), *wrong);
    }
    chosen->command = app;
  });
  return *this;
}

Program::Program(const std::string& name, const std::string& help, const std::string& version)
    : Command(nullptr, nullptr),
      program_(std::make_unique<CLI::App>(help, name)),
      version_(version),
      named_(std::make_unique<Chosen>()) {
  app_ = program_.get();
  chosen_ = named_.get();
}

Program::~Program() = default;

std::optional<int> Program::parse(int argc, const char* const* argv) {
  app_->set_version_flag("--version", version_);  // the last of the options in the help
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  return std::nullopt;
}

ExitCode Program::run() {
  const auto action = chosen_->actions.find(chosen_->command);
  return action == chosen_->actions.end() ? ExitCode::ok : action->second();
}

}  // namespace gridseal::cli
