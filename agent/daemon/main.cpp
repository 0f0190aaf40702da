// gridseald: start, stop, reload, watchdog. What it deploys and when is the engine's matter.
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "cli/command_line.hpp"
#include "config/last_valid.hpp"
#include "daemon/control.hpp"
#include "daemon/memory.hpp"
#include "daemon/service.hpp"
#include "daemon/worker.hpp"
#include "http/client.hpp"

namespace gridseal::daemon {
namespace {

// Exit statuses of gridseald; sysexits(3) where one fits, so that systemd's RestartPreventExitStatus= can
// name them. 2 is a wrong argument.
constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;   // cannot start: state, store or trust
constexpr int kExitInUse = 75;   // EX_TEMPFAIL: another gridseald has this state
constexpr int kExitConfig = 78;  // EX_CONFIG: the settings are wrong and no valid copy exists

// Every outside call of a step has its own limit; a step that outlives all of them together hangs.
constexpr std::chrono::minutes kHungStep{15};

// More than a k3s server on two cores answers at once only makes it busy.
constexpr size_t kInFlight = 4;

struct Arguments {
  std::string config_directory{config::kDefaultDirectory};
  std::string state_directory = "/var/lib/gridseal";
};

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

std::function<double()> random_share() {
  auto generator = std::make_shared<std::minstd_rand>(std::random_device{}());
  auto mutex = std::make_shared<std::mutex>();
  return [generator, mutex] {
    const std::scoped_lock lock(*mutex);
    return std::uniform_real_distribution<double>(0.0, 1.0)(*generator);
  };
}

std::string summary(deploy::Engine& engine) {
  auto components = engine.history().components();
  if (!components) return components.error().describe();
  std::map<std::string, int> states;
  for (const auto& component : *components) ++states[component.state];
  const size_t count = engine.generation()->settings.components.size();
  std::string text = std::to_string(count) + (count == 1 ? " component" : " components");
  const char* separator = ": ";
  for (const auto& [state, number] : states) {
    text += separator + std::to_string(number) + " " + state;
    separator = ", ";
  }
  if (const auto held = engine.held()) text += "; held: " + *held;
  return text;
}

class Daemon {
 public:
  Daemon(Arguments arguments, deploy::Engine& engine, base::Clock& clock, base::Log& log)
      : arguments_(std::move(arguments)),
        engine_(engine),
        log_(log),
        control_{engine, clock, log, clock.now(), [this] { worker_.wake(); }, &media_},
        worker_(engine, clock),
        media_(engine, [this] {
          give_back_memory();
          worker_.wake();
        }) {}

  int run() {
    auto server = start_control(control_, engine_.generation()->settings.control);
    if (!server) {
      log_.error(server.error().describe(), {{"reason", server.error().code()}});
      return kExitFailed;
    }
    service_.ready(summary(engine_));
    log_.info("ready: " + summary(engine_));
    wait_for_signals();
    service_.stopping();
    (*server)->stop();
    return kExitOk;
  }

 private:
  void wait_for_signals() {
    const sigset_t signals = awaited_signals();
    const auto interval = service_.watchdog_interval().value_or(std::chrono::milliseconds(10'000));
    const auto pause = std::min(interval, std::chrono::milliseconds(10'000));
    const timespec timeout{pause.count() / 1000, static_cast<long>(pause.count() % 1000) * 1'000'000};
    for (;;) {
      const int number = sigtimedwait(&signals, nullptr, &timeout);
      if (number == SIGTERM || number == SIGINT) return;
      if (number == SIGHUP) reload();
      if (worker_.busy_for() < kHungStep) service_.alive();
      service_.status(summary(engine_));
    }
  }

  // The old settings go on when the new ones are wrong; one line says why.
  void reload() {
    service_.reloading();
    auto loaded = config::load(base::system_files(), arguments_.config_directory);
    if (!loaded) {
      keep_old(loaded.error().to_error());
      return;
    }
    worker_.post([this, fresh = std::move(*loaded)] {
      auto done = engine_.reload(fresh.settings);
      if (!done) {
        keep_old(done.error());
        return;
      }
      if (auto kept = config::keep_last_valid(base::system_files(), arguments_.config_directory,
                                              arguments_.state_directory, fresh);
          !kept) {
        log_.warning(kept.error().describe(), {{"reason", kept.error().code()}});
      }
      log_.info("the new settings are in use: " + summary(engine_));
      service_.ready(summary(engine_));
    });
  }

  void keep_old(const base::Error& error) {
    log_.error("the new settings are not used, the old ones go on: " + error.describe(),
               {{"reason", error.code()}});
    service_.ready(summary(engine_) + "; settings on disk are wrong: " + error.describe());
  }

  Arguments arguments_;
  deploy::Engine& engine_;
  base::Log& log_;
  Service service_;
  ControlContext control_;
  Worker worker_;
  media::Jobs media_;
};

int exit_status(const base::Error& error) {
  if (error.code() == "history.in_use") return kExitInUse;
  return kExitFailed;
}

int run(const Arguments& arguments) {
  base::Files& files = base::system_files();
  // No earlier than this program is.
  base::FlooredClock clock(base::system_clock(), base::parse_rfc3339(GRIDSEAL_RELEASED).value());
  auto early_log = base::make_log(base::Level::info);
  auto started = config::load_or_last_valid(files, arguments.config_directory, arguments.state_directory);
  if (!started) {
    for (const auto& problem : started.error().list)
      early_log->error(problem.to_string(), {{"reason", "config.invalid"}});
    return kExitConfig;
  }
  const config::Settings& settings = started->loaded.settings;
  auto log = base::make_log(settings.log.level);
  std::optional<std::string> held;
  if (started->held) {
    held = started->held->to_error().describe();
    if (started->held->blank)
      log->warning("starting idle: " + *held, {{"reason", "config.blank"}});
    else
      log->error("starting held on the last valid settings: " + *held, {{"reason", "config.held"}});
  }
  if (started->not_kept) log->warning(started->not_kept->describe(), {{"reason", started->not_kept->code()}});

  http::ClientOptions client;
  client.user_agent = "gridseal/" GRIDSEAL_VERSION;
  http::ClientConnector connector(clock, client);
  const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
  const deploy::Outside outside{
      clock,  files,    *log, connector, random_share(), {}, credentials == nullptr ? "" : credentials,
      &clock, kInFlight};
  auto engine = deploy::Engine::start(outside, arguments.state_directory, settings, held);
  if (!engine) {
    log->error(engine.error().describe(), {{"reason", engine.error().code()}});
    return exit_status(engine.error());
  }
  return Daemon(arguments, **engine, clock, *log).run();
}

}  // namespace
}  // namespace gridseal::daemon

int main(int argc, char** argv) {
  using namespace gridseal::daemon;
  // Before any thread exists, so that all of them leave these signals to the main loop.
  const sigset_t signals = awaited_signals();
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)signal(SIGPIPE, SIG_IGN);
  // Keys and credentials pass through this process: no core dumps, no ptrace by the same user.
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)umask(027);
  // Few threads: one arena costs nothing and saves megabytes.
  (void)mallopt(M_ARENA_MAX, 1);

  Arguments arguments;
  gridseal::cli::Program program(
      "gridseald", "Keeps the components of this host at what the registry names and the trust roots sign.",
      "gridseald " GRIDSEAL_VERSION);
  program.text("--config-dir", arguments.config_directory, "Folder of agent.toml and conf.d").shows_default();
  program.text("--state-dir", arguments.state_directory, "Folder of store, history and trust state")
      .shows_default();
  if (auto end = program.parse(argc, argv)) return *end;
  return run(arguments);
}
