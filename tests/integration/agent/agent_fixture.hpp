// A whole host in a test: a real registry, the simulated cluster, keys, and the engine driven step by step.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "crypto/private_key.hpp"
#include "deploy/engine.hpp"
#include "http/client.hpp"
#include "support/faults/faulty_files.hpp"
#include "support/kubesim_process/kubesim_process.hpp"
#include "support/registry_process/registry_process.hpp"

namespace gridseal::test {

// Manifests by file name.
using Manifests = std::map<std::string, std::string>;

// The little application of these tests: a ConfigMap and a Deployment that says which version it is.
Manifests application(const std::string& version, const std::string& extra = {});

// Counts every request as an effect of the fuse and drops all of them once it is blown.
class FusedConnector final : public http::Connector {
 public:
  // `power` is stopped when the fuse blows: a dead host waits for nothing.
  FusedConnector(http::Connector& inner, Fuse& fuse, std::stop_source power)
      : inner_(inner), fuse_(fuse), power_(std::move(power)) {}
  base::Result<std::shared_ptr<http::Transport>> connect(const http::Origin& origin,
                                                         const http::TlsSettings& tls) override;

 private:
  http::Connector& inner_;
  Fuse& fuse_;
  std::stop_source power_;
};

class AgentTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Builds, signs (unless `key` is null) and pushes; returns the digest. Nothing is promoted.
  std::string publish(const std::string& version, const Manifests& manifests, const crypto::PrivateKey* key,
                      const std::string& component = "shop");
  std::string publish(const std::string& version, const Manifests& manifests) {
    return publish(version, manifests, &*key_);
  }
  void promote(const std::string& digest, const std::string& tag = "stable");
  // Signs what is in the registry already.
  void sign(const std::string& digest, const crypto::PrivateKey& key);

  // Starts the engine on the state directory; with a fuse, everything it does to the outside burns it.
  base::Result<void> start(Fuse* fuse = nullptr);
  void stop() { engine_.reset(); }
  // Runs what is due until the condition holds or `steps` are used up; the result says which.
  bool run_until(const std::function<bool()>& condition, int patience_ms = 20'000);
  void run_once();

  history::ComponentRecord component(const std::string& name = "shop");
  std::string state(const std::string& name = "shop") { return component(name).state; }
  std::string reason(const std::string& name = "shop") { return component(name).reason; }
  bool runs(const std::string& digest);
  std::vector<history::Deployment> deployments();
  // The version label of the live Deployment; empty when it is not there.
  std::string live_version();
  config::Component& settings() { return settings_.components.at("shop"); }

  std::string directory_;
  std::unique_ptr<RegistryProcess> registry_;
  std::unique_ptr<KubesimProcess> cluster_;
  std::optional<crypto::PrivateKey> key_;
  config::Settings settings_;
  std::unique_ptr<deploy::Engine> engine_;
  std::stop_source power_;
  int releases_ = 0;
  base::Log* log_ = &base::null_log();  // of engines that are started from now on

 private:
  http::ClientConnector connector_{base::system_clock()};
  std::unique_ptr<FusedConnector> fused_connector_;
  std::unique_ptr<FaultyFiles> faulty_files_;
};

}  // namespace gridseal::test
