// A whole site out of real programs: docker-registry over TLS with a private CA, the simulated cluster,
// gridseald, and gridseal as publisher and operator.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/json.hpp"
#include "e2e/agent_process.hpp"
#include "support/https_server/test_pki.hpp"
#include "support/kubesim_process/kubesim_process.hpp"
#include "support/program.hpp"
#include "support/registry_process/registry_process.hpp"

namespace gridseal::test {

// A ConfigMap and a Deployment that say their version; `extra` is more YAML documents.
std::string shop(const std::string& version, const std::string& extra = {},
                 const std::string& image = "registry.test/web");
std::string config_map(const std::string& name);
// The value at a JSON pointer (RFC 6901); null when there is none.
base::Json at(const base::Json& document, const std::string& where);

class E2eTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void put(const std::string& path, const std::string& text, int mode = 0644);
  // conf.d/<name>.toml, after agent.toml.
  void put_settings(const std::string& name, const std::string& toml);
  // Settings of a component that follows `tag`.
  std::string component_toml(const std::string& name, const std::string& tag) const;

  // Runs gridseal on this site's settings; `as` goes in front of the command.
  Ran gridseal(const std::string& arguments, const std::string& as = {}) const;
  base::Json json_of(const std::string& arguments) const;
  // The component's entry in `gridseal status`; null when there is none.
  base::Json status(const std::string& component = "shop") const;
  bool await_status(const std::function<bool(const base::Json&)>& condition,
                    const std::string& component = "shop");
  bool await_running(const std::string& version, const std::string& component = "shop");
  bool await_state(const std::string& state);
  bool await_deployment(const std::string& state);

  // Builds, signs and pushes; returns the digest.
  std::string publish(const std::string& version, const std::string& yaml,
                      const std::string& component = "shop");
  void promote(const std::string& digest, const std::string& tag = "stable");
  void release(const std::string& version, const std::string& yaml) { promote(publish(version, yaml)); }

  // A registry with this certificate, on the port of the first one.
  void start_registry(const https_server::KeyPair& certificate);
  // True when it said READY=1.
  [[nodiscard]] bool start_agent();
  std::string live_version() const;
  // Everything in the history came to an end, and the audit's chain is whole.
  void expect_complete_history() const;
  std::string tell() const;  // for failures

  std::string directory_;
  https_server::TestPki pki_;
  std::unique_ptr<RegistryProcess> registry_;
  std::unique_ptr<KubesimProcess> cluster_;
  std::unique_ptr<AgentProcess> agent_;
  uint16_t port_ = 0;
  int releases_ = 0;
};

}  // namespace gridseal::test
