// The agent behind a registry that can be told to misbehave, with a good revision running.
#pragma once

#include <mutex>
#include <set>

#include "integration/agent/agent_fixture.hpp"
#include "support/registry_front/registry_front.hpp"

namespace gridseal::test {

// Remembers every reason that was logged.
class ReasonLog final : public base::Log {
 public:
  void write(base::Level level, std::string_view message,
             std::initializer_list<base::LogField> fields) override;
  bool tells(const std::string& reason);

 private:
  std::mutex mutex_;
  std::set<std::string> reasons_;
};

class BadInputTest : public AgentTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Publishes 1.0.0, starts the engine and waits until it runs.
  void run_good_revision();
  // The promoted artifact ends in this state for this reason, which the status, the history and the log tell;
  // 1.0.0 goes on undisturbed.
  void expect_kept_out(const std::string& state, const std::string& code);
  // The objects of the component in the cluster, without what the cluster itself keeps changing.
  base::Json workload();
  // What runs is the artifact, by itself, within the test's patience.
  void expect_recovery(const std::string& digest, const std::string& version);

  // Signs and pushes an artifact whose layer is these bytes, well packed or not.
  std::string publish_layer(const std::string& version, std::string_view layer);
  // Starts the engine on other surroundings.
  base::Result<void> start_with(base::Files& files, base::Clock& clock, http::Connector& connector,
                                history::Effect effect = {});

  http::ClientConnector direct_{base::system_clock()};
  std::string good_;
  base::Json good_workload_;
  ReasonLog reasons_;
  std::unique_ptr<RegistryFront> front_;
};

inline bool is_get(const https_server::SeenRequest& request, std::string_view part) {
  return request.method == "GET" && request.target.find(part) != std::string::npos;
}

}  // namespace gridseal::test
