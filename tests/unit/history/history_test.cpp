#include <gmock/gmock.h>

#include <chrono>

#include "unit/history/fixture.hpp"

namespace gridseal::history {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Journal : public HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
  }

  std::vector<std::string> names(Side side) {
    std::vector<std::string> out;
    auto entries = history_->inventory("pump", side);
    EXPECT_TRUE(entries);
    for (const auto& entry : *entries) out.push_back(entry.key.name);
    return out;
  }

  std::string last_action() {
    auto rows = history_->audit(1);
    return rows && !rows->empty() ? rows->front().action : "";
  }

  // A first good revision with the objects "web" and "old".
  DeploymentId first_good() {
    auto id = history_->begin_deployment(deploy('1'));
    EXPECT_TRUE(id);
    EXPECT_TRUE(history_->write_union_inventory(*id, {entry("web", '1'), entry("old", '1')}));
    EXPECT_TRUE(history_->mark_applied("pump", {{object("web"), "u1"}, {object("old"), "u2"}}));
    EXPECT_TRUE(history_->commit_good(*id, Floor{"1.0.0", clock_.now(), digest('1')}));
    return *id;
  }
};

// GS-HISTORY-001: a deployment that became healthy is the last good one: pointer, floor and inventory at
// once.
TEST_F(Journal, CommitGood) {
  const auto id = first_good();
  reopen();
  auto component = history_->component("pump");
  ASSERT_TRUE(component && *component);
  ASSERT_TRUE((*component)->last_good);
  EXPECT_EQ((*component)->last_good->artifact, digest('1'));
  EXPECT_EQ((*component)->last_good->rendered, digest('a'));
  EXPECT_EQ((*component)->last_good->deployment, id);
  ASSERT_TRUE((*component)->floor);
  EXPECT_EQ((*component)->floor->version, "1.0.0");
  EXPECT_EQ((*component)->floor->created, clock_.now());
  EXPECT_THAT(names(Side::last_good), ElementsAre("old", "web"));
  EXPECT_THAT(names(Side::attempt), IsEmpty());
  auto deployment = history_->deployment(id);
  ASSERT_TRUE(deployment && *deployment);
  EXPECT_EQ((*deployment)->outcome, DeploymentOutcome::healthy);
  EXPECT_EQ((*deployment)->finished, clock_.now());
  EXPECT_TRUE(history_->unfinished_deployments()->empty());
  EXPECT_EQ(last_action(), "deployment.finish");
}

// GS-HISTORY-002: until a deployment ends both inventories are there; a prune that was not confirmed stays.
TEST_F(Journal, UnionInventoryAndLeftovers) {
  first_good();
  auto id = history_->begin_deployment(deploy('2'));
  ASSERT_TRUE(id);
  ASSERT_TRUE(history_->write_union_inventory(*id, {entry("web", '2'), entry("new", '2')}));
  EXPECT_THAT(names(Side::last_good), ElementsAre("old", "web"));
  EXPECT_THAT(names(Side::attempt), ElementsAre("new", "web"));
  ASSERT_TRUE(history_->mark_applied("pump", {{object("new"), "u3"}}));
  EXPECT_EQ(history_->inventory("pump", Side::attempt)->front().uid, "u3");
  EXPECT_TRUE(history_->inventory("pump", Side::attempt)->front().applied);
  // The way back applies what only the last good revision holds.
  ASSERT_TRUE(history_->mark_applied("pump", {{object("old"), "u4"}}));
  EXPECT_EQ(history_->inventory("pump", Side::last_good)->front().uid, "u4");
  EXPECT_FALSE(history_->mark_applied("pump", {{object("stranger"), "u"}}));

  ASSERT_TRUE(history_->commit_good(*id, std::nullopt, {object("old")}));
  EXPECT_THAT(names(Side::last_good), ElementsAre("new", "web"));
  EXPECT_THAT(names(Side::leftover), ElementsAre("old"));
  EXPECT_EQ((*history_->component("pump"))->floor->version, "1.0.0");
  ASSERT_TRUE(history_->drop_leftovers("pump", {object("old")}));
  EXPECT_THAT(names(Side::leftover), IsEmpty());
}

// GS-HISTORY-003: a failed deployment leaves the last good as it was and is remembered by digest and values.
TEST_F(Journal, FinishFailed) {
  first_good();
  auto id = history_->begin_deployment(deploy('2'));
  ASSERT_TRUE(id);
  ASSERT_TRUE(history_->write_union_inventory(*id, {entry("web", '2'), entry("data", '2', "Claim")}));
  ASSERT_TRUE(history_->finish_failed(*id, {DeploymentOutcome::rolled_back,
                                            "health.timeout",
                                            "web is not ready",
                                            {object("data", "Claim")},
                                            true}));
  EXPECT_EQ((*history_->component("pump"))->last_good->artifact, digest('1'));
  EXPECT_THAT(names(Side::last_good), ElementsAre("old", "web"));
  EXPECT_THAT(names(Side::attempt), IsEmpty());
  EXPECT_THAT(names(Side::leftover), ElementsAre("data"));
  auto failure = history_->is_remembered("pump", digest('2'), digest('b'));
  ASSERT_TRUE(failure && *failure);
  EXPECT_EQ((*failure)->reason, "health.timeout");
  EXPECT_FALSE(*history_->is_remembered("pump", digest('2'), digest('c')));
  EXPECT_FALSE(*history_->is_remembered("pump", digest('3'), digest('b')));
  EXPECT_FALSE(history_->set_state(*id, "settling")) << "it has ended";
  EXPECT_FALSE(history_->finish_failed(*id, {}));

  EXPECT_EQ(*history_->forget_failures("pump", digest('2'), "operator uid=0", "fixed the image"), 1);
  EXPECT_EQ(last_action(), "failure.forget");
  EXPECT_FALSE(*history_->is_remembered("pump", digest('2'), digest('b')));
  EXPECT_EQ(*history_->forget_failures("pump", std::nullopt, "operator uid=0", ""), 0);
}

// GS-HISTORY-004: an object of an abandoned attempt that reached the cluster, or may have, is not forgotten
// by the next one.
TEST_F(Journal, AttemptReplacedKeepsAppliedObjects) {
  auto id = history_->begin_deployment(deploy('2'));
  ASSERT_TRUE(id);
  ASSERT_TRUE(history_->write_union_inventory(
      *id, {entry("applied", '2'), entry("begun", '2'), entry("planned", '2')}));
  ASSERT_TRUE(history_->mark_begun("pump", {object("applied"), object("begun")}));
  ASSERT_TRUE(history_->mark_applied("pump", {{object("applied"), "u1"}}));
  ASSERT_TRUE(history_->write_union_inventory(*id, {entry("other", '3')}));
  EXPECT_THAT(names(Side::attempt), ElementsAre("other"));
  EXPECT_THAT(names(Side::leftover), ElementsAre("applied", "begun"));
  ASSERT_TRUE(history_->write_union_inventory(*id, {entry("applied", '3')}));
  EXPECT_THAT(names(Side::leftover), ElementsAre("begun"));
  ASSERT_TRUE(history_->mark_begun("pump", {}));
}

// GS-HISTORY-005: steps are numbered, written before their effect, and timed by the monotonic clock.
TEST_F(Journal, Steps) {
  auto id = history_->begin_deployment(deploy('1'));
  ASSERT_TRUE(id);
  auto fetch = history_->begin_step(*id, "fetch", {{"bytes", 10}});
  ASSERT_TRUE(fetch);
  clock_.advance(1500ms);
  ASSERT_TRUE(history_->end_step(*id, *fetch, "ok"));
  auto apply = history_->begin_step(*id, "apply");
  ASSERT_TRUE(apply);
  EXPECT_FALSE(history_->end_step(*id, 99));
  reopen();
  clock_.advance(1min);
  ASSERT_TRUE(history_->end_step(*id, *apply, "kube.forbidden", {{"object", "web"}}));

  auto deployment = history_->deployment(*id);
  ASSERT_TRUE(deployment && *deployment);
  const auto& steps = (*deployment)->steps;
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].name, "fetch");
  EXPECT_EQ(steps[0].duration, 1500ms);
  EXPECT_EQ(steps[0].detail, base::Json({{"bytes", 10}}));
  EXPECT_EQ(steps[1].sequence, 2);
  EXPECT_EQ(steps[1].result, "kube.forbidden");
  EXPECT_FALSE(steps[1].duration) << "a restart lies between";
  EXPECT_EQ(steps[1].detail, base::Json({{"object", "web"}}));
}

// GS-HISTORY-006: deployments that did not end are found again, oldest first; numbers are never used twice.
TEST_F(Journal, Unfinished) {
  auto first = history_->begin_deployment(deploy('1'));
  auto second = history_->begin_deployment(deploy('2'));
  ASSERT_TRUE(first && second);
  EXPECT_GT(*second, *first);
  ASSERT_TRUE(history_->set_state(*first, "applying", "", "3 of 7 objects"));
  reopen();
  auto open = history_->unfinished_deployments();
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 2U);
  EXPECT_EQ(open->front().id, *first);
  EXPECT_EQ(open->front().state, "applying");
  ASSERT_TRUE(history_->finish_failed(*first, {DeploymentOutcome::cancelled, "", ""}));
  EXPECT_EQ(history_->unfinished_deployments()->size(), 1U);
  EXPECT_EQ(history_->deployments("pump", 1)->front().id, *second);
  EXPECT_EQ(history_->deployments("", 10)->size(), 2U);
  EXPECT_TRUE(history_->deployments("other", 10)->empty());
}

// GS-HISTORY-007: a poll without change writes nothing to disk.
TEST_F(Journal, PollWithoutChangeWritesNothing) {
  ASSERT_TRUE(history_->set_desired("pump", "v1@sha256:1", digest('1')));
  ASSERT_TRUE(history_->record_poll("pump", nullptr));
  ASSERT_TRUE(history_->set_component_state("pump", "healthy"));
  Verification verification{"pump", digest('1'), "release"};
  verification.outcome = VerificationOutcome::verified;
  verification.evidence = {{"key", "release.pub"}};
  EXPECT_TRUE(history_->record_verification(verification).value());
  ASSERT_TRUE(history_->record_artifact({digest('1'), "application/x", "{}"}));
  const std::string before = all_bytes();

  clock_.advance(1h);
  ASSERT_TRUE(history_->set_desired("pump", "v1@sha256:1", digest('1')));
  ASSERT_TRUE(history_->record_poll("pump", nullptr));
  ASSERT_TRUE(history_->set_component_state("pump", "healthy"));
  EXPECT_FALSE(history_->record_verification(verification).value());
  ASSERT_TRUE(history_->record_artifact({digest('1'), "application/x", "{}"}));
  EXPECT_TRUE(all_bytes() == before);
}

// GS-HISTORY-008: what a poll met is written when it changes, with the time since when it is so.
TEST_F(Journal, PollErrors) {
  const auto down = base::Error::blocked("oci.unreachable", "the mirror does not answer");
  ASSERT_TRUE(history_->record_poll("pump", &down));
  const auto since = clock_.now();
  clock_.advance(1min);
  ASSERT_TRUE(history_->record_poll("pump", &down));
  auto component = history_->component("pump");
  ASSERT_TRUE(component && *component);
  EXPECT_EQ((*component)->poll_error_code, "oci.unreachable");
  EXPECT_EQ((*component)->poll_since, since);
  ASSERT_TRUE(history_->record_poll("pump", nullptr));
  EXPECT_EQ((*history_->component("pump"))->poll_error, "");
  EXPECT_EQ((*history_->component("pump"))->poll_since, clock_.now());
}

// GS-HISTORY-009: evidence of each verification is kept; another result is another row.
TEST_F(Journal, Verifications) {
  Verification verification{"pump", digest('1'), "release"};
  verification.outcome = VerificationOutcome::pending;
  verification.code = "trust.no_signature";
  verification.sentence = "there is no signature yet";
  EXPECT_TRUE(history_->record_verification(verification).value());
  verification.outcome = VerificationOutcome::verified;
  verification.code = "";
  verification.evidence = {{"keys", {"release.pub"}}};
  verification.trust_generation = 7;
  EXPECT_TRUE(history_->record_verification(verification).value());
  EXPECT_EQ(last_action(), "verification.verified");
  auto last = history_->last_verification("pump", digest('1'));
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->outcome, VerificationOutcome::verified);
  EXPECT_EQ((*last)->evidence, verification.evidence);
  EXPECT_EQ((*last)->trust_generation, 7);
  EXPECT_EQ(history_->verifications(digest('1'))->size(), 2U);
  EXPECT_FALSE(*history_->last_verification("valve", digest('1')));
}

// GS-HISTORY-010: a permit counts once, for its own component and digest or version.
TEST_F(Journal, Permits) {
  Permit permit;
  permit.component = "pump";
  permit.version = "1.0.0";
  permit.who = "uid=1000 (anna)";
  permit.why = "2.0 leaks";
  auto id = history_->add_permit(permit);
  ASSERT_TRUE(id);
  EXPECT_FALSE(*history_->find_permit("valve", digest('1'), "1.0.0"));
  EXPECT_FALSE(*history_->find_permit("pump", digest('1'), "1.0.1"));
  EXPECT_FALSE(*history_->find_permit("pump", digest('1'), ""));
  auto found = history_->find_permit("pump", digest('1'), "1.0.0");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->why, "2.0 leaks");
  ASSERT_TRUE(history_->use_permit(*id, 5));
  EXPECT_EQ(last_action(), "permit.use");
  EXPECT_FALSE(history_->use_permit(*id, 6));
  EXPECT_FALSE(*history_->find_permit("pump", digest('1'), "1.0.0"));
  EXPECT_TRUE(history_->permits("pump")->front().used_at);
  permit.digest = digest('1');
  EXPECT_FALSE(history_->add_permit(permit)) << "digest and version";
}

// GS-HISTORY-011: that what runs lost its trust, is stopped, started, and trusted again are decisions, each
// recorded once.
TEST_F(Journal, Standing) {
  EXPECT_FALSE(*history_->set_standing("pump", nullptr)) << "trusted is how it begins";
  EXPECT_EQ(history_->set_stopped("pump", "uid 0", "why").error().code(), "history.unknown");
  const auto denied = base::Error::refused("trust.denied_key", "the key is denied");
  EXPECT_TRUE(*history_->set_standing("pump", &denied));
  EXPECT_EQ(last_action(), "component.untrusted");
  EXPECT_FALSE(*history_->set_standing("pump", &denied)) << "no news";
  auto untrusted = (*history_->component("pump"))->untrusted;
  ASSERT_TRUE(untrusted);
  EXPECT_EQ(untrusted->code, "trust.denied_key");
  EXPECT_EQ(untrusted->stopped_by, "");
  ASSERT_TRUE(history_->set_stopped("pump", "uid 0", "the key was stolen"));
  EXPECT_EQ(last_action(), "component.stopped");
  EXPECT_EQ((*history_->component("pump"))->untrusted->stopped_by, "uid 0");
  ASSERT_TRUE(history_->set_stopped("pump", "", ""));
  EXPECT_EQ(last_action(), "component.started");
  EXPECT_TRUE(*history_->set_standing("pump", nullptr));
  EXPECT_EQ(last_action(), "component.trusted");
  EXPECT_FALSE((*history_->component("pump"))->untrusted);
}

// GS-HISTORY-012: what was never recorded is absent, not an error.
TEST_F(Journal, Absent) {
  EXPECT_FALSE(*history_->component("x"));
  EXPECT_FALSE(*history_->artifact(digest('9')));
  EXPECT_FALSE(*history_->deployment(77));
  EXPECT_EQ(history_->begin_step(77, "x").error().code(), "history.unknown");
}

// GS-HISTORY-064: why a component stands still is in the audit, once for each reason.
TEST_F(Journal, AuditsWhyAComponentStandsStill) {
  ASSERT_TRUE(history_->set_component_state("pump", "blocked", "oci.unavailable", "the mirror is away"));
  const auto first = history_->audit(1);
  ASSERT_TRUE(first && first->size() == 1);
  EXPECT_EQ(first->front().action, "component.blocked");
  EXPECT_NE(first->front().detail.find("oci.unavailable"), std::string::npos);
  ASSERT_TRUE(history_->set_component_state("pump", "blocked", "oci.unavailable", "still away"));
  ASSERT_TRUE(history_->set_component_state("pump", "healthy"));
  const auto second = history_->audit(1);
  ASSERT_TRUE(second && second->size() == 1);
  EXPECT_EQ(second->front().sequence, first->front().sequence);
  ASSERT_TRUE(history_->set_component_state("pump", "refused", "key.wrong", "signed by nobody we know"));
  EXPECT_EQ(last_action(), "component.refused");
}

}  // namespace
}  // namespace gridseal::history
