#include "e2e/agent_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/clock.hpp"

namespace gridseal::test {
namespace {

constexpr base::milliseconds kLookAgain{20};

int notify_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::unlink(path.c_str());
  (void)::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);  // NOLINT: sockets API
  return fd;
}

}  // namespace

bool await(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  base::Clock& clock = base::system_clock();
  const auto deadline = clock.monotonic() + patience;
  while (clock.monotonic() < deadline) {
    if (condition()) return true;
    (void)clock.sleep_for(kLookAgain, {});
  }
  return condition();
}

AgentProcess::AgentProcess(std::string directory, std::string config, std::string state, std::string program)
    : directory_(std::move(directory)),
      config_(std::move(config)),
      state_(std::move(state)),
      program_(program.empty() ? GRIDSEALD_PROGRAM : std::move(program)),
      notify_(notify_socket(directory_ + "/notify")) {}

AgentProcess::~AgentProcess() {
  kill_hard();
  ::close(notify_);
  if (listening_ >= 0) ::close(listening_);
}

bool AgentProcess::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&  // NOLINT
         ::listen(listening_, 16) == 0;
}

void AgentProcess::start(std::optional<std::chrono::microseconds> watchdog) {
  kill_hard();
  receive();
  told_.clear();
  exit_.reset();
  const std::string socket = directory_ + "/notify";
  const std::string log = directory_ + "/gridseald.log";
  const std::string usec = watchdog ? std::to_string(watchdog->count()) : "";
  pid_ = ::fork();
  if (pid_ != 0) return;
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::setenv("NOTIFY_SOCKET", socket.c_str(), 1);
  (void)::unsetenv("WATCHDOG_PID");
  (void)::unsetenv("WATCHDOG_USEC");
  if (!usec.empty()) (void)::setenv("WATCHDOG_USEC", usec.c_str(), 1);
  if (listening_ >= 0) {
    (void)::dup2(listening_, 3);  // SD_LISTEN_FDS_START
    (void)::setenv("LISTEN_FDS", "1", 1);
    (void)::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  }
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  (void)::dup2(out, STDOUT_FILENO);
  (void)::dup2(out, STDERR_FILENO);
  ::execl(program_.c_str(), program_.c_str(), "--config-dir", config_.c_str(), "--state-dir", state_.c_str(),
          static_cast<char*>(nullptr));
  ::_exit(127);
}

void AgentProcess::receive() {
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t got = ::recv(notify_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    std::istringstream lines(std::string(buffer.data(), static_cast<size_t>(got)));
    for (std::string line; std::getline(lines, line);) told_.push_back(line);
  }
}

size_t AgentProcess::count_told(const std::string& line) {
  receive();
  return static_cast<size_t>(std::count(told_.begin(), told_.end(), line));
}

bool AgentProcess::was_told(const std::string& line) {
  return count_told(line) > 0;
}

bool AgentProcess::await_told(const std::string& line) {
  return await([&] { return was_told(line) || !alive(); }) && was_told(line);
}

bool AgentProcess::alive() {
  if (pid_ <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  pid_ = -1;
  return false;
}

void AgentProcess::signal(int number) const {
  if (pid_ > 0) (void)::kill(pid_, number);
}

std::optional<int> AgentProcess::await_exit(std::chrono::milliseconds patience) {
  (void)await([&] { return !alive(); }, patience);
  return exit_;
}

void AgentProcess::kill_hard() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  int status = 0;
  (void)::waitpid(pid_, &status, 0);
  pid_ = -1;
  exit_ = -SIGKILL;
}

std::string AgentProcess::log() const {
  std::ifstream file(directory_ + "/gridseald.log");
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace gridseal::test
