#include "support/registry_process/registry_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <thread>

namespace gridseal::test {
namespace {

constexpr const char* kProgram = "/usr/bin/docker-registry";

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);  // NOLINT: the sockets API asks for it
  const bool bound = ::bind(fd, raw, length) == 0 && ::getsockname(fd, raw, &length) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

bool accepts(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;  // NOLINT: sockets API
  ::close(fd);
  return connected;
}

std::string configuration(const RegistryOptions& options, uint16_t port) {
  std::string text =
      "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: " + options.directory +
      "/data\n  delete:\n    enabled: " + (options.allow_delete ? "true" : "false") +
      "\nhttp:\n  addr: 127.0.0.1:" + std::to_string(port) + "\n  secret: for-tests-only\n";
  if (!options.certificate_file.empty())
    text += "  tls:\n    certificate: " + options.certificate_file + "\n    key: " + options.key_file + "\n";
  if (!options.htpasswd_file.empty())
    text += "auth:\n  htpasswd:\n    realm: gridseal\n    path: " + options.htpasswd_file + "\n";
  return text;
}

pid_t spawn(const std::string& config, const std::string& log) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execl(kProgram, kProgram, "serve", config.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

RegistryProcess::RegistryProcess(pid_t pid, uint16_t port, RegistryOptions options)
    : pid_(pid), port_(port), options_(std::move(options)) {}

RegistryProcess::~RegistryProcess() {
  stop();
}

std::unique_ptr<RegistryProcess> RegistryProcess::start(const RegistryOptions& options, std::string& why) {
  if (::access(kProgram, X_OK) != 0) {
    why = std::string(kProgram) + " is not installed (Debian package docker-registry)";
    return nullptr;
  }
  const uint16_t port = options.port != 0 ? options.port : free_port();
  const std::string config = options.directory + "/registry.yml";
  std::ofstream(config) << configuration(options, port);
  const pid_t pid = spawn(config, options.directory + "/registry.log");
  std::unique_ptr<RegistryProcess> process(new RegistryProcess(pid, port, options));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (accepts(port)) return process;
    if (::waitpid(pid, nullptr, WNOHANG) == pid) {
      process->pid_ = -1;
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  why = "docker-registry does not start; see " + options.directory + "/registry.log";
  return nullptr;
}

void RegistryProcess::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string RegistryProcess::url() const {
  return (options_.certificate_file.empty() ? "http" : "https") + std::string("://127.0.0.1:") +
         std::to_string(port_);
}

std::string RegistryProcess::blob_file(const std::string& hex) const {
  return options_.directory + "/data/docker/registry/v2/blobs/sha256/" + hex.substr(0, 2) + "/" + hex +
         "/data";
}

}  // namespace gridseal::test
