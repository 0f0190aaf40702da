// The main job, end to end in one process: a real registry, the simulated cluster.
#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

const base::Json kNeverReady =
    base::Json::parse(R"({"rules": [{"match": {"name": "web"}, "behaviour": {"never_ready": true}}]})");

// GS-DEPLOY-001: A signed revision is verified, applied and becomes the last good one.
TEST_F(AgentTest, DeploysASignedRevision) {
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; }))
      << state() << " " << reason() << " " << component().sentence;
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(live_version(), "1.0.0");
  ASSERT_EQ(deployments().size(), 1U);
  EXPECT_EQ(deployments()[0].state, "healthy");
}

// GS-DEPLOY-002: A moved tag is followed; what the new revision no longer names is deleted, last.
TEST_F(AgentTest, FollowsThePromotedTagAndPrunes) {
  const std::string extra = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: shop}\n";
  promote(publish("1.0.0", application("1.0.0", extra)));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << component().sentence;
  ASSERT_TRUE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
  const std::string two = publish("1.1.0", application("1.1.0"));
  promote(two);
  ASSERT_TRUE(run_until([&] { return runs(two); })) << component().sentence;
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/old").is_object());
}

// GS-DEPLOY-003: A revision that never becomes ready is rolled back, remembered, and not tried again.
TEST_F(AgentTest, RollsBackWhatNeverBecomesReady) {
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << component().sentence;
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"rules": [{"match": {"image": "*never-ready*"}, "behaviour": {"never_ready": true}}]})")));
  Manifests broken = application("1.2.0");
  broken["web.yaml"].replace(broken["web.yaml"].find("registry.test/web"), 17, "registry.test/never-ready");
  const std::string two = publish("1.2.0", broken);
  promote(two);
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_TRUE(runs(one));
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_FALSE(component().sentence.empty());
  stop();
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }));
  for (int i = 0; i < 20; ++i) run_once();
  EXPECT_EQ(deployments().size(), 2U) << "the failed digest was tried again";
}

// GS-DEPLOY-004: A first deployment that fails is removed again.
TEST_F(AgentTest, RemovesAFailedFirstDeployment) {
  ASSERT_TRUE(cluster_->set_script(kNeverReady));
  promote(publish("1.0.0", application("1.0.0")));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::removed);
  EXPECT_EQ(live_version(), "");
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/web").is_object());
}

// GS-DEPLOY-005: Without a signature a revision is pending; it is deployed when the signature arrives.
TEST_F(AgentTest, WaitsForTheSignature) {
  const std::string one = publish("1.0.0", application("1.0.0"), nullptr);
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "pending"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "registry.no_signature");
  EXPECT_EQ(live_version(), "");
  sign(one, *key_);
  ASSERT_TRUE(run_until([&] { return runs(one); })) << component().sentence;
}

// GS-DEPLOY-006: A signature by another key is refused with its reason; the running revision goes on.
TEST_F(AgentTest, RefusesAnotherKey) {
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one); })) << component().sentence;
  const auto other = crypto::PrivateKey::generate().value();
  promote(publish("1.1.0", application("1.1.0"), &other));
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "key.wrong");
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-DEPLOY-007: A sibling's artifact is refused although its signature is good.
TEST_F(AgentTest, RefusesASiblingsArtifact) {
  promote(publish("1.0.0", application("1.0.0"), &*key_, "billing"));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "identity.component");
}

// GS-DEPLOY-008: An older release under the tag is refused; a recorded permit lets it through, once.
TEST_F(AgentTest, HoldsTheFloorUnlessPermitted) {
  const std::string one = publish("1.0.0", application("1.0.0"));
  const std::string two = publish("1.1.0", application("1.1.0"));
  promote(two);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(two); })) << component().sentence;
  promote(one);
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "floor.version");
  EXPECT_EQ(live_version(), "1.1.0");
  history::Permit permit;
  permit.component = "shop";
  permit.digest = base::Digest::parse(one).value();
  permit.who = "uid 0";
  permit.why = "the pumps need the old firmware";
  ASSERT_TRUE(engine_->history().add_permit(permit));
  ASSERT_TRUE(engine_->request("shop"));
  ASSERT_TRUE(run_until([&] { return runs(one); })) << component().sentence;
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-DEPLOY-009: A version tag that names another version than the signed one is refused.
TEST_F(AgentTest, RefusesAVersionTagOnAnotherBuild) {
  settings().tag.clear();
  settings().semver = ">=1.0.0";
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one, "9.9.9");
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "identity.tag_version");
}

// GS-DEPLOY-010: Objects above the host's ceiling are refused before anything is applied.
TEST_F(AgentTest, RefusesObjectsAboveTheCeiling) {
  const std::string extra =
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: kube-system}\n";
  promote(publish("1.0.0", application("1.0.0", extra)));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "ceiling.namespace");
  EXPECT_EQ(live_version(), "");
}

// GS-DEPLOY-011: A typo in a manifest is found by the dry run, before the first write.
TEST_F(AgentTest, RefusesWhatTheClusterDoesNotAccept) {
  Manifests manifests = application("1.0.0");
  manifests["web.yaml"].replace(manifests["web.yaml"].find("replicas"), 8, "replicsa");
  promote(publish("1.0.0", manifests));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "kube.rejected");
  EXPECT_TRUE(deployments().empty());
  EXPECT_FALSE(cluster_->get("/api/v1/namespaces/shop/configmaps/web").is_object());
}

// GS-DEPLOY-012: While the registry is down the component is blocked and its workload untouched; it recovers
// by itself.
TEST_F(AgentTest, SurvivesARegistryThatIsDown) {
  const std::string one = publish("1.0.0", application("1.0.0"));
  promote(one);
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return runs(one); })) << component().sentence;
  const uint16_t port = registry_->port();
  registry_->stop();
  ASSERT_TRUE(run_until([&] { return state() == "blocked"; }, 60'000)) << state();
  EXPECT_EQ(reason(), "http.connect");
  EXPECT_EQ(live_version(), "1.0.0");
  std::string why;
  registry_ = RegistryProcess::start({directory_ + "/registry", {}, {}, {}, true, port}, why);
  ASSERT_TRUE(registry_) << why;
  EXPECT_TRUE(run_until([&] { return state() == "healthy"; }, 60'000)) << state() << component().sentence;
}

// GS-DEPLOY-013: A poll without change is one HEAD and writes nothing.
TEST_F(AgentTest, PollWithoutChangeWritesNothing) {
  settings().drift = config::Drift::off;
  promote(publish("1.0.0", application("1.0.0")));
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << component().sentence;
  stop();
  Fuse fuse;
  ASSERT_TRUE(start(&fuse));
  ASSERT_TRUE(run_until([&] { return engine_->activities().at(0).activity.last_poll.has_value(); }));
  cluster_->clear_requests();
  const uint64_t before = fuse.used();
  run_once();
  const auto first = engine_->activities().at(0).activity.last_poll;
  ASSERT_TRUE(run_until([&] { return engine_->activities().at(0).activity.last_poll != first; }));
  EXPECT_LE(fuse.used() - before, 2U) << "more than a HEAD for each of at most two polls";
  const base::Json requests = cluster_->requests();
  EXPECT_EQ(requests.value("total", 0), 0) << requests.dump();
}

// GS-DEPLOY-014: A second daemon on the same state is told so.
TEST_F(AgentTest, RefusesASecondDaemonOnTheSameState) {
  promote(publish("1.0.0", application("1.0.0")));
  ASSERT_TRUE(start());
  http::ClientConnector connector{base::system_clock()};
  const deploy::Outside outside{
      base::system_clock(), base::system_files(), base::null_log(), connector, {}, {}, {}};
  auto second = deploy::Engine::start(outside, directory_ + "/state", settings_, std::nullopt);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "history.in_use");
}

}  // namespace
}  // namespace gridseal::test
