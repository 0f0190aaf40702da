// The machine that the documents are tried on: a folder with real programs (docker-registry over TLS, the
// simulated cluster, gridseald, gridseal) and, in the place of what would change this machine, stand-ins:
//   sudo       runs the command as it is
//   systemctl  starts, stops and reloads the one gridseald of the test
//   k3s        "kubectl get KIND NAME -n NAMESPACE": whether the simulated cluster has it
//   apt        the package file must be there; installs nothing
//   usermod    does nothing
// Commands are run as they stand, with the paths of the folder for those of a host.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/agent_process.hpp"
#include "support/https_server/test_pki.hpp"
#include "support/kubesim_process/kubesim_process.hpp"
#include "support/program.hpp"
#include "support/registry_process/registry_process.hpp"

namespace gridseal::test {

class DocsSite {
 public:
  // Null when a program does not start; `why` says so.
  static std::unique_ptr<DocsSite> start(std::string& why);
  ~DocsSite();
  DocsSite(const DocsSite&) = delete;
  DocsSite& operator=(const DocsSite&) = delete;

  // A block of commands, in the working folder; the first that fails ends it.
  Ran run(const std::string& commands);
  // The host's path in this folder.
  std::string path(const std::string& path) const { return translated(path); }
  std::string log() const;

 private:
  explicit DocsSite(std::string folder) : folder_(std::move(folder)) {}
  bool prepare(std::string& why);
  void add_program(const std::string& name, const std::string& script);
  std::string translated(std::string text) const;
  void answer_requests();
  std::string answer(const std::string& request);
  std::string kubectl(const std::string& arguments);
  std::string systemctl(const std::string& verb);

  std::string folder_;
  https_server::TestPki pki_;
  std::unique_ptr<RegistryProcess> registry_;
  std::unique_ptr<KubesimProcess> cluster_;
  std::unique_ptr<AgentProcess> agent_;
  std::vector<std::pair<std::string, std::string>> translations_;
  std::thread answering_;
};

}  // namespace gridseal::test
