// Gives the agent its own account in the cluster: the objects of RBAC, a token, and a kubeconfig that names
// both. Done with the rights of an administrator; may be repeated, and is after a change of the settings.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "k3s/agent_user.hpp"
#include "k3s/rights.hpp"
#include "kube/cluster.hpp"
#include "kube/token.hpp"

namespace gridseal::k3s {

struct Places {
  std::string admin_kubeconfig;  // k3s' own
  std::string kubeconfig;        // of the agent, as the settings name it
  std::string state_directory;   // of the agent; the token is kept below it
  std::string token_file() const { return state_directory + "/kube/token"; }
};

struct Step {
  std::string
      action;        // "created", "configured", "unchanged", "deleted"; of a plan "apply", "delete", "write"
  std::string what;  // "ClusterRole gridseal-read", "/etc/gridseal/kubeconfig"
};

struct Outcome {
  std::vector<Step> steps;
  std::vector<std::string> remarks;
  std::optional<base::Time> expires;  // of the token; nothing: only planned
};

struct Outside {
  base::Files& files;
  base::Clock& clock;
  http::Connector& connector;
  AgentUser* agent_user;  // nullptr: everything stays the caller's
  std::string user_agent;
};

class Setup {
 public:
  // Reads the administrator's kubeconfig. Errors: kube.config, files.*; k3s.own_kubeconfig (refused: the
  // settings name the administrator's file as the agent's).
  static base::Result<std::unique_ptr<Setup>> open(const Outside& outside, const config::Settings& settings,
                                                   Places places);

  // What would be done; writes nothing. Errors: kube.*.
  base::Result<Outcome> plan(const std::stop_token& stop);
  // Does it, and proves that the new kubeconfig is accepted. Errors: kube.*, files.*; k3s.account (blocked:
  // the cluster takes the token for somebody else).
  base::Result<Outcome> run(base::milliseconds token_lifetime, const std::stop_token& stop);

 private:
  Setup(const Outside& outside, const config::Settings& settings, Places places, kube::Kubeconfig admin);
  base::Result<Rights> rights(Outcome& outcome, const std::stop_token& stop);
  base::Result<std::vector<std::string>> absent_namespaces(const Rights& rights, const std::stop_token& stop);
  base::Result<std::vector<base::Json>> stale(const Rights& rights, const std::stop_token& stop);
  base::Result<void> apply(const base::Json& object, Outcome& outcome, const std::stop_token& stop);
  base::Result<void> remove(const base::Json& object, Outcome& outcome, const std::stop_token& stop);
  base::Result<void> write_files(const kube::IssuedToken& token, Outcome& outcome);
  base::Result<void> write_token(const std::string& token);
  base::Result<void> prove(const std::stop_token& stop);
  kube::Limits limits(const std::stop_token& stop) const { return {stop, std::nullopt}; }

  Outside outside_;
  const config::Settings& settings_;
  Places places_;
  kube::Kubeconfig admin_;
  kube::KubeconfigAccess access_;
  kube::Cluster cluster_;
};

// The agent's kubeconfig: server and CA of the administrator's, and the token's file.
std::string kubeconfig_text(const kube::Kubeconfig& admin, const std::string& token_file);

}  // namespace gridseal::k3s
