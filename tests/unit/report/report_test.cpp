#include "report/report.hpp"

#include "unit/history/fixture.hpp"

namespace gridseal::report {
namespace {

using base::Json;
using history::digest;

class ReportTest : public history::HistoryTest {
 protected:
  void SetUp() override {
    HistoryTest::SetUp();
    reopen();
    settings_.site.name = "pump-station-7";
    settings_.components["pump"].name = "pump";
  }

  void record_artifact(char fill, const std::string& version) {
    ASSERT_TRUE(history_->record_artifact({digest(fill),
                                           "application/vnd.oci.image.manifest.v1+json",
                                           R"({"schemaVersion":2})",
                                           "pump",
                                           version,
                                           "2026-01-05T08:00:00Z",
                                           "main@sha1:1",
                                           "https://git.example.com/x",
                                           {}}));
  }

  void record_verdict(char fill, history::VerificationOutcome outcome, const std::string& code) {
    history::Verification verdict{"pump", digest(fill), "release", outcome, code, "a finding", {}, 1, {}};
    verdict.evidence = Json{{"tag", "stable"}};
    ASSERT_TRUE(history_->record_verification(verdict));
  }

  // `fill` becomes the last good revision, after 12 s.
  history::DeploymentId deploy_well(char fill) {
    auto id = history_->begin_deployment(history::deploy(fill));
    EXPECT_TRUE(id);
    auto step = history_->begin_step(*id, "apply");
    EXPECT_TRUE(step);
    clock_.advance(base::milliseconds(12'000));
    EXPECT_TRUE(history_->end_step(*id, *step));
    const history::Floor floor{"1.0.0", clock_.now(), digest(fill)};
    EXPECT_TRUE(history_->commit_good(*id, floor));
    return *id;
  }

  Json status_of(const Live* live = nullptr) {
    auto document = status(*history_, settings_, live);
    EXPECT_TRUE(document);
    return document ? *document : Json();
  }

  config::Settings settings_;
};

// GS-REPORT-001: A component that was never looked at is shown as new, and a dead daemon is said to be dead.
TEST_F(ReportTest, NewComponentWithoutDaemon) {
  const Json document = status_of();
  EXPECT_EQ(document["agent"]["running"], false);
  EXPECT_EQ(document["site"]["name"], "pump-station-7");
  ASSERT_EQ(document["components"].size(), 1);
  EXPECT_EQ(document["components"][0]["state"], "new");
  EXPECT_TRUE(document["components"][0]["running"].is_null());
}

// GS-REPORT-002: What runs, what is wanted and why it does not run are told together.
TEST_F(ReportTest, RefusedComponentKeepsWhatRuns) {
  record_artifact('1', "1.0.0");
  deploy_well('1');
  ASSERT_TRUE(history_->set_desired("pump", "stable@" + digest('2').to_string(), digest('2')));
  ASSERT_TRUE(history_->set_component_state("pump", "refused", "key.wrong", "not signed by a pinned key"));
  const Json component = status_of()["components"][0];
  EXPECT_EQ(component["state"], "refused");
  EXPECT_EQ(component["reason"], "key.wrong");
  EXPECT_EQ(component["running"]["version"], "1.0.0");
  EXPECT_EQ(component["running"]["digest"], digest('1').to_string());
  EXPECT_EQ(component["desired"]["digest"], digest('2').to_string());
  EXPECT_EQ(component["floor"]["version"], "1.0.0");
}

// GS-REPORT-003: The live daemon adds what is not on disk: process, next poll, what it is doing.
TEST_F(ReportTest, LiveDaemonAddsItsView) {
  ASSERT_TRUE(history_->set_component_state("pump", "deploying"));
  Live live{"0.1.0", 42, clock_.now(), "agent.toml:3: no such key", {}, {}, {}, {}};
  live.components.push_back(
      {"pump", clock_.now(), clock_.now() + base::milliseconds(1000), "waiting for health"});
  const Json document = status_of(&live);
  EXPECT_EQ(document["agent"]["pid"], 42);
  EXPECT_EQ(document["agent"]["held"], "agent.toml:3: no such key");
  const Json& component = document["components"][0];
  EXPECT_EQ(component["activity"], "waiting for health");
  EXPECT_EQ(component["next_poll"], base::format_rfc3339(clock_.now() + base::milliseconds(1000)));
}

// GS-REPORT-020: That what runs lost its trust stands before everything else, with what follows and what to
// do.
TEST_F(ReportTest, UntrustedStandsFirst) {
  record_artifact('1', "1.0.0");
  deploy_well('1');
  ASSERT_TRUE(history_->set_component_state("pump", "healthy"));
  EXPECT_TRUE(status_of()["components"][0]["untrusted"].is_null());
  const auto denied = base::Error::refused("trust.denied_key", "the key release.pub is denied");
  ASSERT_TRUE(history_->set_standing("pump", &denied));
  Json component = status_of()["components"][0];
  EXPECT_EQ(component["state"], "untrusted");
  EXPECT_EQ(component["reason"], "trust.denied_key");
  EXPECT_EQ(component["untrusted"]["action"], "hold");
  EXPECT_NE(component["message"].get<std::string>().find("gridseal permit pump"), std::string::npos);
  settings_.components["pump"].on_untrusted = config::OnUntrusted::stop;
  component = status_of()["components"][0];
  EXPECT_NE(component["message"].get<std::string>().find("gridseal stop pump"), std::string::npos);
  ASSERT_TRUE(history_->set_stopped("pump", "uid 0", "stolen"));
  component = status_of()["components"][0];
  EXPECT_EQ(component["state"], "stopped");
  EXPECT_EQ(component["untrusted"]["stopped_by"], "uid 0");
  EXPECT_EQ(component["running"]["version"], "1.0.0");
}

// GS-REPORT-021: A clock behind the floor is said to be, and what is used instead.
TEST_F(ReportTest, ClockBehindTheFloor) {
  const base::Time floor = clock_.now();
  const Json behind = clock({floor - std::chrono::hours(24), floor});
  EXPECT_EQ(behind["behind"], true);
  EXPECT_EQ(behind["used"], base::format_rfc3339(floor));
  EXPECT_EQ(clock({floor, floor - std::chrono::hours(24)})["behind"], false);
  EXPECT_TRUE(clock({floor, std::nullopt})["floor"].is_null());
}

// GS-REPORT-004: A failing poll is shown with its code; images without a digest are warned of.
TEST_F(ReportTest, PollErrorAndWarnings) {
  settings_.components["pump"].allow_image_tags = true;
  const auto error = base::Error::blocked("oci.unreachable", "the mirror gave no answer");
  ASSERT_TRUE(history_->record_poll("pump", &error));
  const Json component = status_of()["components"][0];
  EXPECT_EQ(component["last_poll"]["error"]["code"], "oci.unreachable");
  ASSERT_EQ(component["warnings"].size(), 1);
}

// GS-REPORT-005: A component that left the settings is still shown, with a warning.
TEST_F(ReportTest, ForgottenComponentIsShown) {
  ASSERT_TRUE(history_->set_component_state("old", "healthy"));
  const Json components = status_of()["components"];
  ASSERT_EQ(components.size(), 2);
  EXPECT_EQ(components[1]["name"], "old");
  EXPECT_EQ(components[1]["warnings"].size(), 1);
}

// GS-REPORT-006: The history shows deployments and, in between, the verdicts that led to none, newest first.
TEST_F(ReportTest, HistoryMergesVerdictsByTime) {
  record_verdict('1', history::VerificationOutcome::verified, "");
  const auto id = deploy_well('1');
  clock_.advance(base::milliseconds(1000));
  record_verdict('4', history::VerificationOutcome::refused, "key.wrong");
  auto document = history_of(*history_, "pump", 10);
  ASSERT_TRUE(document);
  const Json& entries = (*document)["entries"];
  ASSERT_EQ(entries.size(), 2);
  EXPECT_EQ(entries[0]["kind"], "verification");
  EXPECT_EQ(entries[0]["outcome"], "refused");
  EXPECT_EQ(entries[0]["revision"], "stable@" + digest('4').to_string());
  EXPECT_EQ(entries[1]["id"], id);
  EXPECT_EQ(entries[1]["outcome"], "healthy");
  EXPECT_EQ(entries[1]["duration_ms"], 12'000);
}

// GS-REPORT-007: The history is cut at the limit, and another component's entries are left out.
TEST_F(ReportTest, HistoryIsLimited) {
  deploy_well('1');
  clock_.advance(base::milliseconds(1000));
  deploy_well('2');
  auto one = history_of(*history_, "", 1);
  ASSERT_TRUE(one);
  ASSERT_EQ((*one)["entries"].size(), 1);
  EXPECT_EQ((*one)["entries"][0]["digest"], digest('2').to_string());
  ASSERT_TRUE(history_->set_desired("historian", "stable", digest('3')));
  auto other = history_of(*history_, "historian", 10);
  ASSERT_TRUE(other);
  EXPECT_TRUE((*other)["entries"].empty());
}

// GS-REPORT-019: The history of a component that was never heard of is an error, not an empty list.
TEST_F(ReportTest, HistoryOfAnUnknownComponent) {
  deploy_well('1');
  auto unknown = history_of(*history_, "pmup", 10);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "report.unknown");
}

// GS-REPORT-008: An artifact is found by version, revision, digest, the beginning of one, and by the number
// of its deployment; its steps and verdicts are with it.
TEST_F(ReportTest, ShowFindsByEveryName) {
  record_artifact('e', "1.0.0");
  record_verdict('e', history::VerificationOutcome::verified, "");
  const auto id = deploy_well('e');
  for (const std::string& name :
       {std::string("1.0.0"), "stable@" + digest('e').to_string(), digest('e').to_string(),
        std::string("eeee"), std::string("sha256:eeeee"), std::to_string(id)}) {
    auto document = show(*history_, name);
    ASSERT_TRUE(document) << name;
    EXPECT_EQ((*document)["artifact"]["digest"], digest('e').to_string()) << name;
    EXPECT_EQ((*document)["verifications"].size(), 1) << name;
    ASSERT_EQ((*document)["deployments"].size(), 1) << name;
    EXPECT_EQ((*document)["deployments"][0]["steps"][0]["name"], "apply") << name;
  }
}

// GS-REPORT-009: A name of nothing, or of several artifacts, is an error that says so.
TEST_F(ReportTest, ShowRefusesUnknownAndAmbiguous) {
  record_artifact('1', "1.0.0");
  record_artifact('2', "1.0.0");
  auto nothing = show(*history_, "9.9.9");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code(), "report.unknown");
  auto several = show(*history_, "1.0.0");
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code(), "report.ambiguous");
  EXPECT_FALSE(show(*history_, ""));
}

// GS-REPORT-010: The audit comes with the verdict about its chain.
TEST_F(ReportTest, AuditChecksItsChain) {
  deploy_well('1');
  auto document = audit(*history_, 1);
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["chain"]["intact"], true);
  ASSERT_EQ((*document)["rows"].size(), 1);
  EXPECT_EQ((*document)["rows"][0]["hash"], (*document)["chain"]["head"]);
  EXPECT_EQ((*document)["rows"][0]["sequence"], (*document)["chain"]["rows"]);
}

// GS-REPORT-011: Read-only, beside a live daemon, the same document comes out.
TEST_F(ReportTest, ReadOnlySaysTheSame) {
  deploy_well('1');
  const Json live = status_of();
  auto reader = history::History::open_read_only(clock_, folder_);
  ASSERT_TRUE(reader) << reader.error().describe();
  auto read = status(**reader, settings_, nullptr);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, live);
}

// GS-DRIFT-301: Drift is in the history with object, fields, manager, time and what was done; only while it
// lasts it is a warning of the status.
TEST_F(ReportTest, Drift) {
  history::Drift drift;
  drift.component = "pump";
  drift.key = {"apps", "Deployment", "pumps", "web"};
  drift.fields = {".spec.replicas"};
  drift.manager = "kubectl";
  drift.changed = clock_.now();
  drift.action = history::DriftAction::corrected;
  drift.sentence = "Deployment pumps/web: kubectl changed .spec.replicas";
  ASSERT_TRUE(history_->set_component_state("pump", "healthy"));
  ASSERT_TRUE(history_->record_drift(drift));
  Json entry = history_of(*history_, "pump", 10).value()["entries"][0];
  EXPECT_EQ(entry["kind"], "drift");
  EXPECT_EQ(entry["object"], "apps/Deployment pumps/web");
  EXPECT_EQ(entry["fields"], Json::array({".spec.replicas"}));
  EXPECT_EQ(entry["manager"], "kubectl");
  EXPECT_TRUE(entry["changed"].is_string());
  EXPECT_EQ(entry["outcome"], "correcting");
  EXPECT_TRUE(entry["finished"].is_null());
  const auto warnings = [&] {
    return status(*history_, settings_, nullptr).value()["components"][0]["warnings"].dump();
  };
  EXPECT_NE(warnings().find("drift: Deployment pumps/web: kubectl changed"), std::string::npos);
  ASSERT_TRUE(history_->end_drift("pump", drift.key, history::DriftEnd::corrected));
  entry = history_of(*history_, "pump", 10).value()["entries"][0];
  EXPECT_EQ(entry["outcome"], "corrected");
  EXPECT_TRUE(entry["finished"].is_string());
  EXPECT_EQ(warnings().find("drift:"), std::string::npos);
}

}  // namespace
}  // namespace gridseal::report
