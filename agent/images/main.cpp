// gridseal-images: serves container images to the node on this host. Runs before k3s and without it, without
// gridseald, and with the last valid settings, or none, when those on disk are wrong.
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <random>

#include "cli/command_line.hpp"
#include "config/last_valid.hpp"
#include "daemon/service.hpp"
#include "http/client.hpp"
#include "images/service.hpp"
#include "images/site_upstream.hpp"

namespace gridseal::images {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr size_t kThreads = 20;  // more than may wait for a mirror, so that what is here is served always
constexpr std::chrono::milliseconds kTick{2'000};

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

double random_share() {
  static std::mutex mutex;
  static std::minstd_rand generator{std::random_device{}()};
  const std::scoped_lock lock(mutex);
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

// What is served on when no settings can be read: all images that are here.
config::Settings no_settings() {
  config::Settings settings;
  settings.images.mode = "registry";
  settings.images.listen = "127.0.0.1:5050";
  settings.images.pull_through = false;
  settings.storage.free_space_min = uint64_t{256} << 20U;
  return settings;
}

class Program {
 public:
  explicit Program(Arguments arguments) : arguments_(std::move(arguments)) {}

  int run() {
    const config::Settings settings = read_settings();
    if (settings.images.kind() != config::ImageMode::registry) {
      log_->info("images.mode is not \"registry\": there is nothing to do", {{"mode", settings.images.mode}});
      service_.ready("images.mode is not \"registry\"");
      return kExitOk;
    }
    ServiceSettings wanted;
    wanted.state_directory = arguments_.state_directory;
    wanted.watermark = settings.storage.free_space_min;
    images_ = Service::open({files_, clock_, *log_}, wanted);
    use(settings);
    auto server = serve(settings.images);
    if (!server) return fail(server.error());
    log_->info("serving " + images_->summary() + " on " + settings.images.url());
    service_.ready(images_->summary());
    wait_for_signals();
    service_.stopping();
    (*server)->stop();
    return kExitOk;
  }

 private:
  int fail(const base::Error& error) {
    log_->error(error.describe(), {{"reason", error.code()}});
    return kExitFailed;
  }

  config::Settings read_settings() {
    auto started = config::look_at_settings(files_, arguments_.config_directory, arguments_.state_directory);
    if (!started) {
      log_->error(
          "there are no valid settings; serving what is here: " + started.error().to_error().describe(),
          {{"reason", "config.invalid"}});
      return no_settings();
    }
    // Read at start alone: what runs holds on to it.
    if (images_ == nullptr) log_ = base::make_log(started->loaded.settings.log.level);
    if (started->held)
      log_->error("going on with the last valid settings: " + started->held->to_error().describe(),
                  {{"reason", "config.held"}});
    return started->loaded.settings;
  }

  void use(const config::Settings& settings) {
    if (!settings.images.pull_through) return images_->use(nullptr);
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    auto upstream = SiteUpstream::make(settings.registries, files_, {connector_, clock_, *log_, random_share},
                                       credentials == nullptr ? "" : credentials);
    if (upstream) return images_->use(std::move(*upstream));
    log_->error("nothing is pulled through: " + upstream.error().describe(),
                {{"reason", upstream.error().code()}});
    images_->use(nullptr);
  }

  base::Result<std::unique_ptr<http::Server>> serve(const config::Images& settings) {
    const size_t colon = settings.listen.rfind(':');
    auto listener = http::Listener::loopback(
        static_cast<uint16_t>(std::strtoul(settings.listen.c_str() + colon + 1, nullptr, 10)),
        settings.listen.substr(0, colon));
    if (!listener) return std::move(listener).error();
    http::ServerOptions options;
    options.threads = kThreads;
    options.max_body = 4096;  // nothing is uploaded
    if (!settings.certificate.empty()) {
      auto certificate = base::read_file(files_, settings.certificate, uint64_t{1} << 20U);
      if (!certificate) return std::move(certificate).error().with_context("images.certificate");
      auto key = base::read_file(files_, settings.key, uint64_t{1} << 20U);
      if (!key) return std::move(key).error().with_context("images.key");
      options.tls = http::ServerTls{std::move(*certificate), std::move(*key)};
    }
    return http::Server::start(
        clock_, std::move(*listener),
        [this](const http::ServerRequest& request) { return images_->handle(request); }, options);
  }

  void wait_for_signals() {
    const sigset_t signals = awaited_signals();
    const timespec timeout{kTick.count() / 1000, static_cast<long>(kTick.count() % 1000) * 1'000'000};
    for (;;) {
      const int number = sigtimedwait(&signals, nullptr, &timeout);
      if (number == SIGTERM || number == SIGINT) return;
      if (number == SIGHUP) {
        service_.reloading();
        use(read_settings());
        service_.ready(images_->summary());
      }
      images_->tidy();
      service_.alive();
      service_.status(images_->summary());
    }
  }

  const Arguments arguments_;
  base::Files& files_ = base::system_files();
  // No earlier than this program is.
  base::FlooredClock clock_{base::system_clock(), base::parse_rfc3339(GRIDSEAL_RELEASED).value()};
  http::ClientConnector connector_{clock_, client_options()};
  std::unique_ptr<base::Log> log_ = base::make_log(base::Level::info);
  daemon::Service service_;
  std::unique_ptr<Service> images_;

  static http::ClientOptions client_options() {
    http::ClientOptions options;
    options.user_agent = "gridseal-images/" GRIDSEAL_VERSION;
    return options;
  }
};

}  // namespace
}  // namespace gridseal::images

int main(int argc, char** argv) {
  using namespace gridseal::images;
  // Before any thread exists, so that all of them leave these signals to the main loop.
  const sigset_t signals = awaited_signals();
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  (void)signal(SIGPIPE, SIG_IGN);
  // Registry credentials pass through this process: no core dumps, no ptrace by the same user.
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)umask(027);
  (void)mallopt(M_ARENA_MAX, 2);
  // What one answer needed is not kept for the next.
  (void)mallopt(M_MMAP_THRESHOLD, 64 * 1024);

  Arguments arguments;
  gridseal::cli::Program program("gridseal-images",
                                 "Serves the images of this host's components to its node, on loopback.",
                                 "gridseal-images " GRIDSEAL_VERSION);
  program.text("--config-dir", arguments.config_directory, "Folder of agent.toml and conf.d").shows_default();
  program.text("--state-dir", arguments.state_directory, "Folder of store and list of images")
      .shows_default();
  if (auto end = program.parse(argc, argv)) return *end;
  return Program(arguments).run();
}
