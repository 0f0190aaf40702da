// Somebody changes in the cluster what a component declares.
#include <algorithm>

#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

constexpr const char* kConfig = "/api/v1/namespaces/shop/configmaps/web";
constexpr const char* kWeb = "/apis/apps/v1/namespaces/shop/deployments/web";
constexpr const char* kMerge = "application/merge-patch+json";

class DriftTest : public AgentTest {
 protected:
  void deploy(const std::string& extra = {}) {
    digest_ = publish("1.0.0", application("1.0.0", extra));
    promote(digest_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << state() << component().sentence;
  }
  // Every due look and poll several times over.
  void idle(int rounds = 30) {
    for (int i = 0; i < rounds; ++i) run_once();
  }
  int edit(const std::string& path, const std::string& patch, const std::string& manager = "kubectl-edit") {
    return cluster_->send("PATCH", path + "?fieldManager=" + manager, kMerge, patch);
  }
  std::string version_of_config() {
    const base::Json live = cluster_->get(kConfig);
    return live.is_object() ? live["data"].value("version", "") : std::string();
  }
  std::vector<history::Drift> drifts() { return engine_->history().drifts("shop", 100).value(); }
  std::vector<history::Drift> open() { return engine_->history().open_drifts("shop").value(); }
  int64_t audited(const std::string& action) {
    const auto rows = engine_->history().audit(1000).value();
    return std::ranges::count(rows, action, &history::AuditRow::action);
  }

  std::string digest_;
};

// GS-DRIFT-001: A field that somebody edited is put back; the history names object, field, manager and time,
// and nothing lasting is shown.
TEST_F(DriftTest, AnEditedFieldIsPutBack) {
  deploy();
  idle();
  EXPECT_TRUE(drifts().empty());
  ASSERT_EQ(edit(kConfig, R"({"data": {"version": "9"}})"), 200);
  ASSERT_TRUE(run_until([&] { return version_of_config() == "1.0.0" && open().empty(); }));
  ASSERT_EQ(drifts().size(), 1U);
  const history::Drift drift = drifts()[0];
  EXPECT_EQ(drift.key.kind, "ConfigMap");
  EXPECT_EQ(drift.fields, std::vector<std::string>{".data.version"});
  EXPECT_EQ(drift.manager, "kubectl-edit");
  EXPECT_TRUE(drift.changed);
  EXPECT_EQ(drift.action, history::DriftAction::corrected);
  EXPECT_TRUE(drift.ended);
  EXPECT_EQ(audited("drift.found"), 1);
  EXPECT_EQ(audited("drift.corrected"), 1);
  idle();
  EXPECT_EQ(drifts().size(), 1U);
  EXPECT_EQ(state(), "healthy");
  EXPECT_EQ(deployments().size(), 1U);
}

}  // namespace
}  // namespace gridseal::test
