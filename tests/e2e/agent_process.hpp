// gridseald as a process of its own, seen as systemd and an operator see it: notifications, log, exit code.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gridseal::test {

// Waits until `condition` holds; false when it never did. Every wait of these tests is bounded by such a
// deadline; none of them asks how long something took.
bool await(const std::function<bool()>& condition,
           std::chrono::milliseconds patience = std::chrono::seconds(60));

// Used by one thread. Killed and waited for by the destructor.
class AgentProcess {
 public:
  // `directory` is short (a socket is made in it); the log of all runs goes to <directory>/gridseald.log.
  // `program`: another one of its kind; empty: gridseald.
  AgentProcess(std::string directory, std::string config, std::string state, std::string program = {});
  ~AgentProcess();
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  // From the next start on it is given a socket that the test listens on, as systemd's socket units do.
  bool listen(const std::string& path);
  // Starts it, with WATCHDOG_USEC= when `watchdog` is given.
  void start(std::optional<std::chrono::microseconds> watchdog = std::nullopt);
  // A notification with this line came since the last start(). Reads what has arrived.
  bool was_told(const std::string& line);
  size_t count_told(const std::string& line);
  bool await_told(const std::string& line);
  void forget_told() { told_.clear(); }

  void signal(int number) const;
  // The exit code, negative for a signal; nothing when it still runs at the deadline.
  std::optional<int> await_exit(std::chrono::milliseconds patience = std::chrono::seconds(60));
  void kill_hard();
  bool alive();
  std::string log() const;
  pid_t pid() const { return pid_; }

 private:
  void receive();

  std::string directory_;
  std::string config_;
  std::string state_;
  std::string program_;
  int notify_ = -1;
  int listening_ = -1;
  pid_t pid_ = -1;
  std::optional<int> exit_;
  std::vector<std::string> told_;  // lines
};

}  // namespace gridseal::test
