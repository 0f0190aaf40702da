// What people ask of a component, and components that wait for each other.
#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

const base::Json kBadImageNeverReady = base::Json::parse(
    R"({"rules": [{"match": {"image": "*never-ready*"}, "behaviour": {"never_ready": true}}]})");

class OrdersTest : public AgentTest {
 protected:
  // Two good revisions, the second runs.
  void SetUp() override {
    AgentTest::SetUp();
    one_ = publish("1.0.0", application("1.0.0"));
    two_ = publish("1.1.0", application("1.1.0"));
  }
  void run_both() {
    promote(one_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return runs(one_) && state() == "healthy"; })) << component().sentence;
    promote(two_);
    ASSERT_TRUE(run_until([&] { return runs(two_) && state() == "healthy"; })) << component().sentence;
  }
  std::string publish_broken(const std::string& version) {
    Manifests broken = application(version);
    broken["web.yaml"].replace(broken["web.yaml"].find("registry.test/web"), 17, "registry.test/never-ready");
    return publish(version, broken);
  }
  std::string first_audit(const std::string& action) {
    auto rows = engine_->history().audit(1000);
    if (!rows) return {};
    for (const auto& row : *rows)
      if (row.action == action) return row.actor + " " + row.detail;
    return {};
  }

  std::string one_;
  std::string two_;
};

// GS-DEPLOY-040: An operator goes back to the revision before; what is left counts as failed and is not taken
// again although the registry still names it, and the audit knows who and why.
TEST_F(OrdersTest, GoesBackToTheRevisionBefore) {
  run_both();
  auto revision = engine_->roll_back("shop", "", "uid 0 (root)", "pump 3 stands still");
  ASSERT_TRUE(revision) << revision.error().describe();
  EXPECT_NE(revision->find(one_), std::string::npos);
  ASSERT_TRUE(run_until([&] { return runs(one_) && state() == "failed"; }))
      << state() << component().sentence;
  EXPECT_EQ(reason(), "operator.rolled_back");
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(deployments()[0].kind, history::DeploymentKind::rollback);
  EXPECT_EQ(deployments()[0].actor, "uid 0 (root)");
  EXPECT_NE(first_audit("rollback.requested").find("pump 3 stands still"), std::string::npos);
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_EQ(deployments().size(), 3U) << "what was left was taken again";
  ASSERT_TRUE(component().floor);
  EXPECT_EQ(component().floor->version, "1.1.0") << "going back lowers no floor";
}

// GS-DEPLOY-041: After a retry the same revision is deployed again.
TEST_F(OrdersTest, RetryTakesItAgain) {
  run_both();
  ASSERT_TRUE(engine_->roll_back("shop", "1.0.0", "root", "test"));
  ASSERT_TRUE(run_until([&] { return runs(one_) && state() == "failed"; })) << component().sentence;
  auto forgotten = engine_->retry("shop", "root", "was a mistake");
  ASSERT_TRUE(forgotten) << forgotten.error().describe();
  EXPECT_EQ(*forgotten, 1);
  ASSERT_TRUE(run_until([&] { return runs(two_) && state() == "healthy"; })) << component().sentence;
}

// GS-DEPLOY-042: A newer revision is taken although somebody went back.
TEST_F(OrdersTest, NewerRevisionAfterGoingBack) {
  run_both();
  ASSERT_TRUE(engine_->roll_back("shop", "", "root", "test"));
  ASSERT_TRUE(run_until([&] { return runs(one_) && state() == "failed"; })) << component().sentence;
  const std::string three = publish("1.2.0", application("1.2.0"));
  promote(three);
  ASSERT_TRUE(run_until([&] { return runs(three) && state() == "healthy"; })) << component().sentence;
}

// GS-DEPLOY-043: A deployment that is under way is turned back before its timeout.
TEST_F(OrdersTest, TurnsBackWhatIsUnderWay) {
  settings().timeout = base::milliseconds(600'000);
  settings().grace = base::milliseconds(600'000);
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  ASSERT_TRUE(cluster_->set_script(kBadImageNeverReady));
  const std::string broken = publish_broken("1.2.0");
  promote(broken);
  ASSERT_TRUE(run_until([&] { return !deployments().empty() && deployments()[0].state == "settling"; }));
  auto revision = engine_->roll_back("shop", "", "root", "takes too long");
  ASSERT_TRUE(revision) << revision.error().describe();
  EXPECT_NE(revision->find(one_), std::string::npos);
  ASSERT_TRUE(run_until([&] { return state() == "failed"; })) << state() << component().sentence;
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_EQ(live_version(), "1.0.0");
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_EQ(deployments().size(), 2U);
}

// GS-DEPLOY-218: Going back runs no Job of that revision again: what ran for it has run.
TEST_F(OrdersTest, GoingBackRunsNoJobAgain) {
  const std::string job = "/apis/batch/v1/namespaces/shop/jobs/migrate";
  const std::string with = publish(
      "1.2.0",
      application(
          "1.2.0",
          "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, namespace: shop}\nspec:\n  "
          "template:\n    spec:\n      restartPolicy: Never\n      containers:\n        - {name: m, image: "
          "'registry.test/web@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097'}\n"));
  const std::string without = publish("1.3.0", application("1.3.0"));
  promote(with);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(with) && state() == "healthy"; })) << component().sentence;
  ASSERT_TRUE(cluster_->get(job).is_object());
  promote(without);
  ASSERT_TRUE(run_until([&] { return runs(without) && state() == "healthy"; })) << component().sentence;
  ASSERT_FALSE(cluster_->get(job).is_object());
  ASSERT_TRUE(engine_->roll_back("shop", "1.2.0", "root", "test"));
  ASSERT_TRUE(run_until([&] { return runs(with); })) << state() << component().sentence;
  EXPECT_EQ(live_version(), "1.2.0");
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_FALSE(cluster_->get(job).is_object());
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::healthy);
}

// GS-DEPLOY-219: Also when both revisions declare the same objects, what was left is not taken again.
TEST_F(OrdersTest, SameObjectsAreLeftAllTheSame) {
  const std::string same = publish("1.2.0", application("1.0.0"));
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_) && state() == "healthy"; })) << component().sentence;
  promote(same);
  ASSERT_TRUE(run_until([&] { return runs(same) && state() == "healthy"; })) << component().sentence;
  const auto unnamed = engine_->roll_back("shop", "", "root", "test");
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().code(), "deploy.nothing_before");
  ASSERT_TRUE(engine_->roll_back("shop", "1.0.0", "root", "test"));
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << state() << component().sentence;
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_TRUE(runs(one_)) << "what was left was taken again";
}

// GS-DEPLOY-044: Going back without registry and without a trace of the network works out of the own store.
TEST_F(OrdersTest, GoesBackWithoutRegistry) {
  run_both();
  registry_.reset();
  ASSERT_TRUE(engine_->roll_back("shop", "", "root", "test"));
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << state() << component().sentence;
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-DEPLOY-045: What cannot be gone back to is said at once, with a code.
TEST_F(OrdersTest, RefusesWhatIsNotThere) {
  promote(one_);
  ASSERT_TRUE(start());
  EXPECT_EQ(engine_->roll_back("shop", "", "root", "x").error().code(), "deploy.nothing_before");
  EXPECT_EQ(engine_->roll_back("shp", "", "root", "x").error().code(), "control.unknown_component");
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  EXPECT_EQ(engine_->roll_back("shop", "", "root", "x").error().code(), "deploy.nothing_before");
  EXPECT_EQ(engine_->roll_back("shop", "9.9.9", "root", "x").error().code(), "deploy.unknown_revision");
}

// GS-DEPLOY-046: A suspended component verifies and waits, says who asked for it, and goes on by itself when
// the time is over.
TEST_F(OrdersTest, SuspendedUntilATime) {
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  const base::Time now = base::system_clock().now();
  ASSERT_TRUE(engine_->suspend("shop", {"uid 7 (eva)", "flood", {}, now + std::chrono::hours(1)}));
  promote(two_);
  ASSERT_TRUE(run_until([&] { return state() == "suspended"; })) << state() << component().sentence;
  EXPECT_NE(component().sentence.find("suspended by uid 7 (eva)"), std::string::npos);
  EXPECT_NE(component().sentence.find("flood"), std::string::npos);
  EXPECT_TRUE(runs(one_));
  ASSERT_TRUE(engine_->suspend("shop", {"uid 7 (eva)", "flood", {}, now}));
  ASSERT_TRUE(run_until([&] { return runs(two_); })) << state() << component().sentence;
  EXPECT_FALSE(component().suspension);
}

// GS-DEPLOY-047: A suspension survives a restart, and ends when somebody resumes the component.
TEST_F(OrdersTest, SuspendedAcrossARestart) {
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  ASSERT_TRUE(engine_->suspend("shop", {"eva", "flood", {}, std::nullopt}));
  promote(two_);
  stop();
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "suspended"; })) << state() << component().sentence;
  ASSERT_TRUE(engine_->resume("shop", "eva", "dry again"));
  ASSERT_TRUE(run_until([&] { return runs(two_); })) << state() << component().sentence;
  EXPECT_NE(first_audit("component.resumed").find("dry again"), std::string::npos);
}

// GS-DEPLOY-048: Where neither a revision nor the way back works, a fixed revision that is promoted takes
// over, and what the stuck one left stays in the inventory.
TEST_F(OrdersTest, PromotedFixGetsOutOfStuck) {
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  ASSERT_TRUE(cluster_->set_script(kBadImageNeverReady));
  promote(publish_broken("1.2.0"));
  ASSERT_TRUE(run_until([&] { return !deployments().empty() && deployments()[0].state == "settling"; }));
  base::Json refuses_all = kBadImageNeverReady;
  refuses_all["faults"] = base::Json::parse(
      R"([{"match": {"method": "PATCH", "path_glob": "*/deployments/*"},
           "fault": {"status": 400, "message": "no"}}])");
  ASSERT_TRUE(cluster_->set_script(refuses_all));
  ASSERT_TRUE(run_until([&] { return state() == "stuck"; }, 60'000)) << state() << component().sentence;
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(R"({"rules": []})")));
  for (int i = 0; i < 5; ++i) run_once();
  EXPECT_EQ(state(), "stuck");
  const std::string three = publish("1.3.0", application("1.3.0"));
  promote(three);
  ASSERT_TRUE(run_until([&] { return runs(three) && state() == "healthy"; }))
      << state() << component().sentence;
  EXPECT_EQ(deployments()[1].outcome, history::DeploymentOutcome::left);
  EXPECT_EQ(live_version(), "1.3.0");
}

class DependencyTest : public OrdersTest {
 protected:
  void SetUp() override {
    OrdersTest::SetUp();
    config::Component base = settings();
    base.name = "base";
    base.expect = "base";
    base.tag = "base";
    settings_.components["base"] = base;
    settings().depends_on = {"base"};
  }
  static Manifests base_manifests(const std::string& version,
                                  const std::string& image = "registry.test/web") {
    Manifests manifests = application(version);
    std::string& text = manifests["web.yaml"];
    for (size_t at = text.find("name: web"); at != std::string::npos; at = text.find("name: web", at + 1))
      text.replace(at, 9, "name: bas");
    for (size_t at = text.find("app: web"); at != std::string::npos; at = text.find("app: web", at + 1))
      text.replace(at, 8, "app: bas");
    text.replace(text.find("registry.test/web"), 17, image);
    std::string& config = manifests["config.yaml"];
    config.replace(config.find("name: web"), 9, "name: bas");
    return manifests;
  }
  std::string publish_base(const std::string& version, const std::string& image = "registry.test/web") {
    return publish(version, base_manifests(version, image), &*key_, "base");
  }
  bool base_runs(const std::string& digest) {
    const auto record = component("base");
    return record.last_good && record.last_good->artifact.to_string() == digest;
  }
};

// GS-DEPLOY-050: A component is deployed after the one that it depends on, also when both are promoted at
// once.
TEST_F(DependencyTest, InfraBeforeApps) {
  const std::string base_one = publish_base("1.0.0");
  promote(base_one, "base");
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_) && base_runs(base_one); })) << component().sentence;
  const std::string base_two = publish_base("1.1.0");
  promote(base_two, "base");
  promote(two_);
  bool app_first = false;
  ASSERT_TRUE(run_until([&] {
    if (!base_runs(base_two) && deployments().size() > 1) app_first = true;
    return runs(two_) && base_runs(base_two);
  })) << component().sentence;
  EXPECT_FALSE(app_first);
}

// GS-DEPLOY-051: A failed dependency holds its dependents, which say so; they follow when it is well again,
// and others are not held.
TEST_F(DependencyTest, FailedDependencyHolds) {
  config::Component other = settings();
  other.name = "other";
  other.expect = "other";
  other.tag = "other";
  other.depends_on = {};
  settings_.components["other"] = other;
  promote(publish_base("1.0.0"), "base");
  promote(one_);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one_); })) << component().sentence;
  ASSERT_TRUE(cluster_->set_script(kBadImageNeverReady));
  promote(publish_base("1.1.0", "registry.test/never-ready"), "base");
  promote(two_);
  ASSERT_TRUE(run_until([&] { return state("base") == "failed" && reason() == "deploy.dependency"; }))
      << state() << " " << state("base") << " " << component().sentence;
  EXPECT_EQ(state(), "blocked");
  EXPECT_NE(component().sentence.find("depends on base"), std::string::npos) << component().sentence;
  EXPECT_TRUE(runs(one_));
  Manifests free{{"c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: free, namespace: shop}\n"}};
  const std::string other_one = publish("1.0.0", free, &*key_, "other");
  promote(other_one, "other");
  ASSERT_TRUE(run_until([&] { return state("other") == "healthy"; })) << component("other").sentence;
  EXPECT_TRUE(runs(one_));
  const std::string base_three = publish_base("1.2.0");
  promote(base_three, "base");
  ASSERT_TRUE(run_until([&] { return runs(two_) && base_runs(base_three); })) << component().sentence;
}

}  // namespace
}  // namespace gridseal::test
