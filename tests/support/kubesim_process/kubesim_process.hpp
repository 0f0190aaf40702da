// The simulated Kubernetes API server as a process of its own, and its control endpoints.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/json.hpp"
#include "http/transport.hpp"

namespace gridseal::test {

// Runs until destroyed. Used by one thread.
class KubesimProcess {
 public:
  // `directory` exists; `script` is empty or JSON. Waits until it says that it is ready. Null when it does
  // not; `why` says so.
  static std::unique_ptr<KubesimProcess> start(const std::string& directory, const std::string& script,
                                               double speed, std::string& why);
  ~KubesimProcess();
  KubesimProcess(const KubesimProcess&) = delete;
  KubesimProcess& operator=(const KubesimProcess&) = delete;

  const std::string& kubeconfig() const { return kubeconfig_; }
  // Replaces the script: {"rules": [...], "faults": [...]}. False when the simulator does not take it.
  bool set_script(const base::Json& script);
  // The whole store without what changes by itself; null when it does not answer.
  base::Json state();
  // Requests since the last call of clear_requests(), with those that the simulator does not know.
  base::Json requests();
  void clear_requests();
  // One object by its API path; null when it is not there.
  base::Json get(const std::string& path);
  // Any request with a JSON body, as the administrator. Returns the status.
  int send(const std::string& method, const std::string& path, const std::string& content_type,
           const std::string& body);
  void kill();

 private:
  KubesimProcess(pid_t pid, std::string kubeconfig) : pid_(pid), kubeconfig_(std::move(kubeconfig)) {}
  base::Result<http::Response> ask(const std::string& method, const std::string& target,
                                   const std::string& content_type = {}, const std::string& body = {});

  pid_t pid_;
  std::string kubeconfig_;
  std::shared_ptr<http::Transport> transport_;
};

}  // namespace gridseal::test
