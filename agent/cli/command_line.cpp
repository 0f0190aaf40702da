#include "cli/command_line.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <map>
#include <sstream>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace gridseal::cli {
namespace {

// The command that the arguments reached.
const CLI::App& innermost(const CLI::App& program) {
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string path_of(const CLI::App& app) {
  const CLI::App* outer = app.get_parent();
  return outer == nullptr ? app.get_name() : path_of(*outer) + " " + app.get_name();
}

std::string names_of_commands(const CLI::App& app) {
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names += (names.empty() ? "" : ", ") + command->get_name();
  return names;
}

// CLI11 says what is missing before it says what was not understood, which is the reason here.
std::string what_is_wrong(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App& app = innermost(program);
  if (app.get_require_subcommand_min() == 0 ||
      error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError))
    return error.what();
  for (const auto& word : program.remaining(true)) {
    if (word.starts_with('-')) return word + " is no option here";
    return "'" + word + "' is no command of " + path_of(app) + "; the commands are " + names_of_commands(app);
  }
  return path_of(app) + " needs a command: " + names_of_commands(app);
}

// Asked before anything is understood: what the arguments mean is what went wrong.
bool wants_json(int argc, const char* const* argv) {
  const std::vector<std::string_view> words(argv, argv + argc);
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--") break;
    if (words[i] == "--output=json" || words[i] == "-ojson") return true;
    if (words[i] == "json" && (words[i - 1] == "-o" || words[i - 1] == "--output")) return true;
  }
  return false;
}

void tell(const CLI::App& program, const std::string& what, bool as_json) {
  const std::string wrong = base::printable(what, 2000);
  std::string text;
  if (as_json) {
    text = base::dump_json(
               base::Json{{"error", {{"code", "usage"}, {"message", wrong}, {"outcome", "refused"}}}}) +
           "\n";
  } else {
    text = program.get_name() + ": " + wrong + " (usage)\n  '" + path_of(innermost(program)) +
           " --help' says how it is called\n";
  }
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

base::Json words(const std::vector<std::string>& list, const std::string& front) {
  base::Json out = base::Json::array();
  for (const auto& word : list) out.push_back(front + word);
  return out;
}

// "TEXT:{table,json}": the value's name and what it may be.
void describe_value(const CLI::Option& option, base::Json& out) {
  const std::string type = option.get_type_name();
  const size_t open = type.find(":{");
  out["value"] = type.substr(0, std::min(type.find(':'), type.size()));
  base::Json choices = base::Json::array();
  if (open != std::string::npos) {
    std::istringstream list(type.substr(open + 2, type.rfind('}') - open - 2));
    for (std::string choice; std::getline(list, choice, ',');) choices.push_back(choice);
  }
  out["choices"] = std::move(choices);
}

base::Json describe(const CLI::Option& option) {
  base::Json names = words(option.get_snames(), "-");
  for (const auto& name : words(option.get_lnames(), "--")) names.push_back(name);
  base::Json out{{"names", std::move(names)},
                 {"help", option.get_description()},
                 {"required", option.get_required()},
                 {"repeated", option.get_expected_max() > 1},
                 {"default", option.get_default_str()}};
  if (option.get_type_size_max() == 0)  // a flag
    out.update({{"value", ""}, {"choices", base::Json::array()}});
  else
    describe_value(option, out);
  if (option.get_positional()) out["name"] = option.get_name(true, false);
  return out;
}

base::Json describe(const CLI::App& app) {
  base::Json options = base::Json::array();
  base::Json arguments = base::Json::array();
  for (const CLI::Option* option : app.get_options())
    (option->get_positional() ? arguments : options).push_back(describe(*option));
  base::Json commands = base::Json::array();
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(describe(*command));
  return {{"name", app.get_name()},
          {"help", app.get_description()},
          {"footer", app.get_footer()},
          {"options", std::move(options)},
          {"arguments", std::move(arguments)},
          {"commands", std::move(commands)},
          {"needs_command", app.get_require_subcommand_min() > 0}};
}

}  // namespace

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
  if (argc == 2 && std::string_view(argv[1]) == "--help-json") {
    base::Json document = describe(*app_);
    document["version"] = version_;
    (void)std::fputs((base::dump_json_pretty(document) + "\n").c_str(), stdout);
    return static_cast<int>(ExitCode::ok);
  }
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return app_->exit(error);  // help, version
    tell(*app_, what_is_wrong(*app_, error), wants_json(argc, argv));
    return static_cast<int>(ExitCode::usage);
  }
  return std::nullopt;
}

ExitCode Program::run() {
  const auto action = chosen_->actions.find(chosen_->command);
  return action == chosen_->actions.end() ? ExitCode::ok : action->second();
}

}  // namespace gridseal::cli
