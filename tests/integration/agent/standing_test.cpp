// What runs lost its trust: the alarm, what follows from it, and how it ends.
#include <algorithm>

#include "integration/agent/agent_fixture.hpp"

namespace gridseal::test {
namespace {

class StandingTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    next_ = crypto::PrivateKey::generate().value();
    base::Files& files = base::system_files();
    ASSERT_TRUE(
        base::write_file(files, directory_ + "/trust/keys/next.pub", next_->public_key().to_pem(), 0644));
    settings_.trust.policies["release"].keys = {"release.pub", "next.pub"};
  }

  // Version 1.0.0 runs, signed by the first key.
  void deploy_first() {
    first_ = publish("1.0.0", application("1.0.0"));
    promote(first_);
    ASSERT_TRUE(start());
    ASSERT_TRUE(run_until([&] { return state() == "healthy"; })) << component().sentence;
  }
  void deny(const crypto::PrivateKey& key) {
    trust::DenialEntries entries;
    entries.keys.push_back({key.public_key().fingerprint(), std::nullopt, "stolen"});
    ASSERT_TRUE(engine_->deny_trust(entries, "uid 0"));
  }
  void undeny() {
    ASSERT_TRUE(base::system_files().remove(directory_ + "/state/trust/local-denials.json"));
    ASSERT_TRUE(engine_->reload(settings_));
  }
  bool is_untrusted() { return component().untrusted.has_value(); }
  // Of the audit, how often.
  int64_t audited(const std::string& action) {
    const auto rows = engine_->history().audit(1000).value();
    return std::ranges::count(rows, action, &history::AuditRow::action);
  }
  int64_t replicas() {
    return cluster_->get("/apis/apps/v1/namespaces/shop/deployments/web")["spec"].value("replicas", -1);
  }
  void idle() {
    for (int i = 0; i < 30; ++i) run_once();
  }

  std::optional<crypto::PrivateKey> next_;
  std::string first_;
};

// GS-TRUST-400: A denied key condemns what runs: an alarm at once, audited once; the workload is untouched.
// When the denial is taken back the alarm ends by itself.
TEST_F(StandingTest, DeniedKeyIsAnAlarmAndNothingElse) {
  deploy_first();
  deny(*key_);
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  idle();
  EXPECT_EQ(component().untrusted->code, "trust.denied_key");
  EXPECT_EQ(audited("component.untrusted"), 1);
  EXPECT_EQ(live_version(), "1.0.0");
  EXPECT_EQ(replicas(), 1);
  undeny();
  ASSERT_TRUE(run_until([&] { return !is_untrusted() && state() == "healthy"; })) << state();
  EXPECT_EQ(audited("component.trusted"), 1);
  EXPECT_EQ(deployments().size(), 1U) << "nothing was deployed again";
}

// GS-TRUST-401: Held (the default): a verified replacement waits, because there is no way back; a permit lets
// it in, and the alarm is over.
TEST_F(StandingTest, HoldTakesNothingElseWithoutAPermit) {
  deploy_first();
  deny(*key_);
  const std::string two = publish("1.1.0", application("1.1.0"), &*next_);
  promote(two);
  ASSERT_TRUE(run_until([&] { return state() == "held"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "trust.untrusted");
  EXPECT_NE(component().sentence.find("gridseal permit shop --version 1.1.0"), std::string::npos);
  idle();
  EXPECT_EQ(live_version(), "1.0.0");
  history::Permit permit;
  permit.component = "shop";
  permit.version = "1.1.0";
  permit.who = "uid 0";
  permit.why = "the key was stolen";
  ASSERT_TRUE(engine_->history().add_permit(permit));
  (void)engine_->request("shop");
  ASSERT_TRUE(run_until([&] { return runs(two) && !is_untrusted(); })) << state() << component().sentence;
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_TRUE(engine_->history().permits("shop")->front().used_at);
}

// GS-TRUST-402: With `keep` a verified revision replaces what lost its trust.
TEST_F(StandingTest, KeepFollowsTheRegistry) {
  settings().on_untrusted = config::OnUntrusted::keep;
  deploy_first();
  deny(*key_);
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  const std::string two = publish("1.1.0", application("1.1.0"), &*next_);
  promote(two);
  ASSERT_TRUE(run_until([&] { return runs(two) && !is_untrusted(); })) << state() << component().sentence;
}

// GS-TRUST-403: When that replacement fails, what lost its trust is not put back, and nothing is deleted.
TEST_F(StandingTest, WhatLostItsTrustIsNoWayBack) {
  settings().on_untrusted = config::OnUntrusted::keep;
  deploy_first();
  deny(*key_);
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  ASSERT_TRUE(cluster_->set_script(base::Json::parse(
      R"({"rules": [{"match": {"image": "*never-ready*"}, "behaviour": {"never_ready": true}}]})")));
  Manifests broken = application("1.1.0");
  broken["web.yaml"].replace(broken["web.yaml"].find("registry.test/web"), 17, "registry.test/never-ready");
  promote(publish("1.1.0", broken, &*next_));
  ASSERT_TRUE(run_until([&] { return state() == "failed"; }, 40'000)) << state() << component().sentence;
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::left);
  EXPECT_EQ(live_version(), "1.1.0");
  EXPECT_TRUE(runs(first_));
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop/configmaps/web").is_object());
}

// GS-TRUST-404: Trust that changed while the agent was down is noticed at its start, also without the
// registry.
TEST_F(StandingTest, JudgedAgainAtStart) {
  deploy_first();
  stop();
  registry_.reset();
  settings_.trust.policies["release"].keys = {"next.pub"};
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  EXPECT_EQ(component().untrusted->code, "key.wrong");
  EXPECT_EQ(live_version(), "1.0.0");
}

// GS-TRUST-405: A retired key signs nothing new, but what it signed runs on without an alarm.
TEST_F(StandingTest, RetiredIsNotDenied) {
  deploy_first();
  trust::DenialEntries entries;
  entries.retired.push_back({key_->public_key().fingerprint(), std::nullopt, "replaced"});
  ASSERT_TRUE(engine_->deny_trust(entries, "uid 0"));
  idle();
  EXPECT_FALSE(is_untrusted());
  EXPECT_EQ(state(), "healthy");
  promote(publish("1.1.0", application("1.1.0")));
  ASSERT_TRUE(run_until([&] { return state() == "refused"; })) << state() << component().sentence;
  EXPECT_EQ(reason(), "trust.retired_key");
  EXPECT_FALSE(is_untrusted());
}

// GS-TRUST-406: `stop` needs the setting, lost trust and somebody's word; it scales to nothing and deletes
// nothing. When the trust is back it starts again, and nothing is left of the stop.
TEST_F(StandingTest, StopsWhenConfirmed) {
  deploy_first();
  EXPECT_EQ(engine_->stop_untrusted("shop", "uid 0", "why").error().code(), "deploy.not_untrusted");
  EXPECT_EQ(engine_->stop_untrusted("pump", "uid 0", "why").error().code(), "control.unknown_component");
  deny(*key_);
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  EXPECT_EQ(engine_->stop_untrusted("shop", "uid 0", "why").error().code(), "deploy.stop_not_set");
  settings().on_untrusted = config::OnUntrusted::stop;
  ASSERT_TRUE(engine_->reload(settings_));
  idle();
  EXPECT_EQ(replicas(), 1) << "nobody has confirmed it";
  ASSERT_TRUE(engine_->stop_untrusted("shop", "uid 0", "the key was stolen"));
  ASSERT_TRUE(run_until([&] { return replicas() == 0; }));
  idle();
  EXPECT_EQ(component().untrusted->stopped_by, "uid 0");
  EXPECT_EQ(audited("component.stopped"), 1);
  EXPECT_TRUE(cluster_->get("/api/v1/namespaces/shop/configmaps/web").is_object());
  undeny();
  ASSERT_TRUE(run_until([&] { return !is_untrusted() && replicas() == 1; }));
  const base::Json live = cluster_->get("/apis/apps/v1/namespaces/shop/deployments/web");
  for (const auto& entry : live["metadata"]["managedFields"]) EXPECT_NE(entry["manager"], "gridseal-halt");
  EXPECT_EQ(audited("component.started"), 1);
}

// GS-TRUST-407: What was confirmed before a restart is carried out after it; a replacement starts again.
TEST_F(StandingTest, AStopOutlivesARestartUntilItsReplacement) {
  settings().on_untrusted = config::OnUntrusted::stop;
  deploy_first();
  deny(*key_);
  ASSERT_TRUE(run_until([&] { return is_untrusted(); }));
  ASSERT_TRUE(engine_->stop_untrusted("shop", "uid 0", "the key was stolen"));
  stop();
  ASSERT_TRUE(start());
  ASSERT_TRUE(run_until([&] { return replicas() == 0; }));
  const std::string two = publish("1.1.0", application("1.1.0"), &*next_);
  promote(two);
  history::Permit permit;
  permit.component = "shop";
  permit.version = "1.1.0";
  permit.who = "uid 0";
  permit.why = "the replacement";
  ASSERT_TRUE(engine_->history().add_permit(permit));
  ASSERT_TRUE(run_until([&] { return runs(two) && !is_untrusted() && replicas() == 1; }))
      << state() << component().sentence;
}

// GS-TRUST-408: A key that is denied while its release is settling: the last good revision is put back, and
// the release is not remembered as a failure of its own.
TEST_F(StandingTest, DeniedWhileItIsBeingDeployed) {
  settings().timeout = base::milliseconds(90'000);
  deploy_first();
  settings().soak = base::milliseconds(60'000);
  ASSERT_TRUE(engine_->reload(settings_));
  promote(publish("1.1.0", application("1.1.0"), &*next_));
  ASSERT_TRUE(run_until([&] { return live_version() == "1.1.0"; })) << state() << component().sentence;
  settings().soak = base::milliseconds(100);
  ASSERT_TRUE(engine_->reload(settings_));
  deny(*next_);
  ASSERT_TRUE(run_until([&] { return live_version() == "1.0.0" && deployments()[0].finished.has_value(); }))
      << state() << component().sentence;
  EXPECT_EQ(deployments()[0].outcome, history::DeploymentOutcome::rolled_back);
  EXPECT_EQ(deployments()[0].reason, "trust.denied_key");
  EXPECT_TRUE(engine_->history().failures("shop")->empty());
}

// GS-TRUST-409: When the store has lost what runs that is no verdict: it is said, and the workload runs on.
TEST_F(StandingTest, CannotBeJudgedIsNotUntrusted) {
  deploy_first();
  stop();
  registry_.reset();
  const std::string blob = directory_ + "/state/store/blobs/sha256/" + first_.substr(7);
  ASSERT_TRUE(base::system_files().remove(blob));
  ASSERT_TRUE(start());
  run_once();
  EXPECT_NE(engine_->activities().front().activity.doing.find("could not be verified again"),
            std::string::npos);
  EXPECT_FALSE(is_untrusted());
  EXPECT_EQ(live_version(), "1.0.0");
}

}  // namespace
}  // namespace gridseal::test
