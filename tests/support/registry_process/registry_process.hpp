// A real registry (Debian's docker-registry) on a free loopback port, for integration and end-to-end tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace gridseal::test {

struct RegistryOptions {
  std::string directory;         // an existing one, for configuration, log and content; kept afterwards
  std::string certificate_file;  // PEM; with key_file: TLS
  std::string key_file;
  std::string htpasswd_file;  // bcrypt lines; empty: open to everybody
  bool allow_delete = true;
  uint16_t port = 0;  // 0: a free one
};

// Runs until destroyed.
class RegistryProcess {
 public:
  // Waits until it accepts connections. Null when the program is not installed or does not start; `why` says
  // so.
  static std::unique_ptr<RegistryProcess> start(const RegistryOptions& options, std::string& why);
  ~RegistryProcess();
  RegistryProcess(const RegistryProcess&) = delete;
  RegistryProcess& operator=(const RegistryProcess&) = delete;

  uint16_t port() const { return port_; }
  // "https://127.0.0.1:<port>" or "http://127.0.0.1:<port>"
  std::string url() const;
  // Where a blob lies on disk, for tests that damage it.
  std::string blob_file(const std::string& hex) const;
  void stop();

 private:
  RegistryProcess(pid_t pid, uint16_t port, RegistryOptions options);

  pid_t pid_;
  uint16_t port_;
  RegistryOptions options_;
};

}  // namespace gridseal::test
