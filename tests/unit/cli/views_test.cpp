#include "cli/views.hpp"

#include <gtest/gtest.h>

#include "cli/next_steps.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

View view() {
  return {*base::parse_rfc3339("2026-11-23T10:00:00Z"), Style(false), 0};
}

Json sample_status() {
  auto document = base::parse_json(R"({
    "agent": {"running": true, "version": "0.1.0", "pid": 42, "since": "2026-11-23T09:00:00Z", "held": null},
    "site": {"name": "pump-station-7", "environment": "production"},
    "components": [
      {"name": "pump", "state": "refused", "reason": "key.wrong", "message": "not signed by a pinned key",
       "since": "2026-11-23T09:59:00Z", "activity": null,
       "running": {"revision": "stable@sha256:1111111111111111", "version": "1.1.0"},
       "desired": {"revision": "stable@sha256:2222222222222222"}, "deployment": null,
       "last_poll": {"at": "2026-11-23T09:59:50Z", "error": {"code": "oci.unreachable", "message": "no answer"}},
       "next_poll": "2026-11-23T10:00:30Z", "floor": {"version": "1.1.0", "created": null}, "warnings": ["a warning"]}],
    "audit": {"rows": 1, "head": "x"}})");
  EXPECT_TRUE(document);
  return *document;
}

// GS-CLI-010: The overview names state, what runs, and below it why something is not healthy.
TEST(Views, StatusOverview) {
  EXPECT_EQ(
      status_view(sample_status(), "", view()),
      "gridseald 0.1.0, started 1h ago, process 42; site pump-station-7, environment production\n\n"
      "COMPONENT  STATE    SINCE   LAST POLL  RUNS\n"
      "pump       refused  1m ago  10s ago    1.1.0  stable@sha256:111111111111\n\n"
      "pump\n"
      "  refused: not signed by a pinned key (key.wrong)\n"
      "  → 'gridseal show pump' tells each check; what runs goes on, and a corrected release is taken by "
      "itself\n"
      "  the registry names: stable@sha256:222222222222\n"
      "  the last poll failed: no answer (oci.unreachable)\n"
      "  warning: a warning\n");
}

// GS-CLI-340: Below what is not healthy stands what to do about it, with the component's name and the digest
// that `show` takes; nothing is advised while it is under way.
TEST(Views, NextSteps) {
  const auto step = [](const char* state, const char* reason) {
    Json component = sample_status()["components"][0];
    component["state"] = state;
    component["reason"] = reason;
    component["desired"]["digest"] = "sha256:" + std::string(64, '2');
    return next_step_for(component);
  };
  EXPECT_NE(step("failed", "health.failed").find("gridseal show sha256:222222222222'"), std::string::npos);
  EXPECT_NE(step("failed", "health.failed").find("gridseal retry pump "), std::string::npos);
  EXPECT_NE(step("blocked", "kube.unreachable").find("doctor --only cluster"), std::string::npos);
  EXPECT_NE(step("blocked", "oci.unavailable").find("doctor --only registry"), std::string::npos);
  EXPECT_NE(step("degraded", "").find("gridseal rollback pump "), std::string::npos);
  EXPECT_NE(step("held", "config.held").find("gridseal config check"), std::string::npos);
  for (const char* state : {"healthy", "deploying", "rolling_back", "new", "untrusted"})
    EXPECT_EQ(step(state, ""), "") << state;
  EXPECT_EQ(step("refused", "floor.version"), "");
}

// GS-CLI-011: A dead daemon is said first.
TEST(Views, DeadDaemon) {
  Json document = sample_status();
  document["agent"] = {{"running", false}};
  const std::string text = status_view(document, "", view());
  EXPECT_EQ(text.find("gridseald is not running; this is what it recorded"), 0U);
  EXPECT_NE(text.find("systemctl start gridseald"), std::string::npos);
}

// GS-CLI-012: One component is told in full.
TEST(Views, StatusOfOneComponent) {
  const std::string text = status_view(sample_status(), "pump", view());
  for (const char* part : {"wanted      stable@sha256:2222222222222222\n", "next poll   in 30s\n",
                           "reason      key.wrong\n", "floor       1.1.0", "warning     a warning\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

// GS-DRIFT-302: The history shows drift with its object in place of a revision.
TEST(Views, HistoryOfDrift) {
  auto document = base::parse_json(R"({"entries": [
    {"kind": "drift", "component": "pump", "object": "ConfigMap pumps/web", "outcome": "corrected",
     "message": "ConfigMap pumps/web: kubectl-edit changed .data.a", "started": "2026-11-23T09:59:00Z"}]})");
  ASSERT_TRUE(document);
  EXPECT_EQ(history_view(*document, view()),
            "WHEN    NO.  COMPONENT  REVISION                      OUTCOME    TOOK  WHY\n"
            "1m ago  -    pump       drift of ConfigMap pumps/web  corrected  -     ConfigMap pumps/web: "
            "kubectl-edit changed .data.a\n");
}

// GS-CLI-013: The history has deployments and refusals in one table.
TEST(Views, History) {
  auto document = base::parse_json(R"({"entries": [
    {"kind": "verification", "component": "pump", "revision": "stable@sha256:4", "outcome": "refused",
     "reason": "key.wrong", "message": "not ours", "started": "2026-11-23T09:59:00Z"},
    {"kind": "deployment", "id": 7, "component": "pump", "revision": "stable@sha256:1", "outcome": "healthy",
     "started": "2026-11-23T09:58:00Z", "duration_ms": 12000}]})");
  ASSERT_TRUE(document);
  EXPECT_EQ(history_view(*document, view()),
            "WHEN    NO.  COMPONENT  REVISION         OUTCOME  TOOK  WHY\n"
            "1m ago  -    pump       stable@sha256:4  refused  -     key.wrong: not ours\n"
            "2m ago  7    pump       stable@sha256:1  healthy  12s   \n");
  EXPECT_EQ(history_view(Json{{"entries", Json::array()}}, view()), "Nothing has been recorded yet.\n");
}

// GS-CLI-081: `show` tells the way from the commit over the run to the artifact, who proves when, and the
// trust that judged it; what is only said is not called proven.
TEST(Views, ShowTellsTheTrace) {
  const auto document =
      base::parse_json(R"json({"verifications": [{"component": "pump", "outcome": "verified",
    "policy": "release", "started": "2026-11-23T09:59:00Z", "evidence": {"signatures": [{
      "signer": "https://ci.example/release (issuer https://issuer.example)", "authority": "ci",
      "scheme": "sigstore-bundle", "trustGeneration": 1234, "trustBundle": 3,
      "times": [{"time": "2026-11-23T09:00:00Z", "source": "log", "authority": "rekor.example"},
                {"time": "2026-11-23T09:00:01Z", "source": "signing authority", "authority": "x"}],
      "logEntries": [{"log": "rekor.example", "index": 42}],
      "certificate": {"trustedRoot": "public", "extensions": {
        "source_repository_uri": "https://git.example/fleet", "source_repository_ref": "refs/heads/main",
        "source_repository_digest": "0123abcd", "build_config_uri": "https://git.example/release.yml",
        "build_trigger": "push", "run_invocation_uri": "https://ci.example/runs/7"}}}],
      "attestations": [{"name": "sbom", "predicateType": "https://spdx.dev/Document",
        "statement": "sha256:ab", "signature": {"signer": "scanner.pub"}}]}}]})json");
  ASSERT_TRUE(document);
  const std::string text = show_view(*document, view());
  for (const char* line :
       {"source      https://git.example/fleet", "ref         refs/heads/main", "commit      0123abcd",
        "workflow    https://git.example/release.yml", "trigger     push",
        "run         https://ci.example/runs/7", "log entry   rekor.example 42", "root        public",
        "trust       bundle 3, 1234", "proven at   2026-11-23T09:00:00Z by log rekor.example",
        "said to be  2026-11-23T09:00:01Z by signing authority x", "statement sha256:ab", "by scanner.pub"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

// GS-CLI-014: A broken audit chain is told with its row.
TEST(Views, Audit) {
  const Json broken{
      {"chain", {{"rows", 3}, {"head", "ab"}, {"intact", false}, {"broken_at", 2}, {"message", "edited"}}},
      {"rows", Json::array()}};
  EXPECT_EQ(audit_view(broken, view()).find("The chain is broken at row 2: edited"), 0U);
}

// GS-CLI-039: A deployment is told with the variables that its manifests used.
TEST(Views, ShowTellsVariables) {
  const auto document = base::Json::parse(
      R"({"deployments": [{"id": 7, "component": "shop", "steps": [{"name": "plan", "result": "ok",
          "detail": {"variables": {"replicas": "3"}}}]}]})");
  EXPECT_NE(show_view(document, view()).find("replicas = \"3\""), std::string::npos)
      << show_view(document, view());
}

// GS-CLI-015: Documents of another shape do no harm.
TEST(Views, OddDocuments) {
  for (const char* text : {"{}", "[]", "null", R"({"components": [1, null, {"name": 5}], "entries": [7]})"}) {
    auto document = base::parse_json(text);
    ASSERT_TRUE(document);
    EXPECT_NO_THROW((void)status_view(*document, "", view())) << text;
    EXPECT_NO_THROW((void)history_view(*document, view())) << text;
    EXPECT_NO_THROW((void)show_view(*document, view())) << text;
    EXPECT_NO_THROW((void)audit_view(*document, view())) << text;
  }
}

}  // namespace
}  // namespace gridseal::cli
