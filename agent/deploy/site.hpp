// What the components of one host share: the outside, the settings, and what was opened with them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "config/settings.hpp"
#include "deploy/offers.hpp"
#include "deploy/quarantine.hpp"
#include "history/history.hpp"
#include "http/transport.hpp"
#include "kube/cluster.hpp"
#include "kube/readiness.hpp"
#include "oci/registry.hpp"
#include "oci/store.hpp"
#include "trust/policy.hpp"
#include "trust/trust_chain.hpp"

namespace gridseal::deploy {

// Everything that is not this process; each can be made to fail in a test. All outlive the engine.
struct Outside {
  base::Clock& clock;
  base::Files& files;
  base::Log& log;
  http::Connector& connector;
  std::function<double()> jitter;         // uniform in [0, 1); empty: none
  history::Effect database_effect;        // asked before each write to the database; for tests
  std::string credentials_directory;      // $CREDENTIALS_DIRECTORY of systemd; may be empty
  base::FlooredClock* floored = nullptr;  // `clock`, when it has a floor to raise
  size_t in_flight = 1;  // requests to the API server at the same time, while objects are tried and applied
};

// What is read from the settings and the trust directory at one moment; replaced as a whole on reload.
struct Generation {
  config::Settings settings;
  trust::TrustState trust;
  std::map<std::string, trust::Policy> policies;
  std::map<std::string, std::unique_ptr<oci::Registry>> registries;
  std::shared_ptr<const trust::TrustChain> chain;  // never null once made
  std::vector<std::string> trust_left_out;         // of the trust bundle, and why
  // Policies that name what the trust bundle in force does not hold. Their components wait.
  std::map<std::string, base::Error> unusable_policies;
  std::map<std::string, kube::ReadinessRules> readiness;  // by component

  const kube::ReadinessRules& readiness_of(const config::Component& component) const;
};

class HealthWatch;

// Used by the worker alone.
struct Site {
  Outside outside;
  std::string state_directory;
  std::unique_ptr<history::History> history;
  std::unique_ptr<oci::Store> store;
  std::unique_ptr<kube::Access> access;
  std::unique_ptr<kube::Cluster> cluster;
  std::shared_ptr<const Generation> generation;

  // Takes other settings and the trust of this moment into use.
  void use(std::shared_ptr<const Generation> next);
  // The cluster as this component may see it: as its service account when it names one. Valid until use().
  kube::Cluster& cluster_for(const config::Component& component) const;

  std::string work_directory() const { return state_directory + "/work"; }
  base::Clock::Monotonic now() const { return outside.clock.monotonic(); }
  kube::Limits limits(const std::stop_token& stop) const { return {stop, std::nullopt}; }

  std::unique_ptr<Offers> offers{};
  std::unique_ptr<Quarantine> quarantine{};

  // By "namespace/name", made when first asked for. They read discovery where `cluster` does.
  mutable std::map<std::string, std::unique_ptr<kube::Cluster>> accounts{};
  // Ends before the clients that it uses. Null: there is nobody to be woken by it.
  std::shared_ptr<HealthWatch> watch{};
};

// Reads what is trusted and makes policies and registry clients. Errors: those of trust and oci; each names
// the setting that is wrong. Where a trust bundle is pinned a policy that cannot be used is no error.
base::Result<std::shared_ptr<const Generation>> make_generation(const Outside& outside,
                                                                const std::string& state_directory,
                                                                config::Settings settings);

// Opens store, history and the way to the cluster under `state_directory`. Errors: history.*, store.*,
// files.*.
base::Result<std::unique_ptr<Site>> open_site(const Outside& outside, const std::string& state_directory,
                                              std::shared_ptr<const Generation> generation);

}  // namespace gridseal::deploy
