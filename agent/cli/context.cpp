#include "cli/context.hpp"

#include <cstdio>

#include "cli/agent_client.hpp"
#include "cli/problem.hpp"
#include "config/last_valid.hpp"

namespace gridseal::cli {
namespace {

constexpr const char* kDefaultSocket = "/run/gridseal/control.sock";

void write_to(std::FILE* stream, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stream);
  (void)std::fflush(stream);
}

}  // namespace

void Context::print(std::string_view text) const {
  write_to(stdout, text);
}

void Context::print_json(const base::Json& document) const {
  write_to(stdout, base::dump_json_pretty(document) + "\n");
}

void Context::note(std::string_view line) const {
  write_to(stderr, std::string(line) + "\n");
}

ExitCode Context::fail(const base::Error& error) const {
  write_to(stderr, problem_text(error, as_json()));
  return exit_code_of(error);
}

base::Result<config::Loaded> Context::settings() const {
  auto loaded = config::load(files, globals.config_directory);
  if (!loaded) return loaded.error().to_error();
  return std::move(*loaded);
}

base::Result<config::Loaded> Context::settings_in_use() const {
  auto loaded = settings();
  if (loaded) return loaded;
  auto last_valid =
      config::load_or_last_valid(files, globals.config_directory, globals.state_directory);  // writes nothing
  if (!last_valid) return loaded;
  return std::move(last_valid->loaded);
}

std::string Context::socket_path() const {
  if (!globals.socket.empty()) return globals.socket;
  auto loaded = settings_in_use();
  if (!loaded || loaded->settings.control.socket.empty()) return kDefaultSocket;
  return loaded->settings.control.socket;
}

void take_floor(const Context& context, base::FlooredClock& clock) {
  auto history = history::History::open_read_only(context.clock, context.globals.state_directory);
  if (!history) return;
  auto floor = (*history)->time_floor();
  if (floor && *floor) clock.set_floor(**floor);
}

base::Result<Answer> ask(Context& context, const std::string& target,
                         const std::function<base::Result<base::Json>(history::History&)>& offline) {
  AgentClient client(context.clock, context.socket_path());
  auto document = client.get(target);
  if (document) return Answer{std::move(*document), true};
  if (document.error().code() != "agent.not_running") return std::move(document).error();

  auto history = history::History::open_read_only(context.clock, context.globals.state_directory);
  if (!history)
    return std::move(history).error().with_context(
        "gridseald is not running, and what it recorded cannot be read");
  auto recorded = offline(**history);
  if (!recorded) return std::move(recorded).error();
  return Answer{std::move(*recorded), false};
}

}  // namespace gridseal::cli
