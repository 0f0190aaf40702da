// Recorded rollouts of a real cluster, judged as the agent would: a reading each second, grace, soak and
// timeout.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recorded_world.hpp"

namespace gridseal::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::RecordedWorld;
using ::testing::StartsWith;

struct Ending {
  Verdict verdict = Verdict::waiting;
  int64_t after_ms = 0;  // since the apply
  std::string reason;
  std::string message;
  bool was_soaking = false;
};

HealthSettings quick() {
  HealthSettings settings;
  settings.soak = base::seconds(20);
  settings.timeout = base::seconds(300);
  settings.unschedulable = base::seconds(60);
  return settings;
}

// Follows the nth apply of an object until a verdict stands or `seconds` have passed; after the end of the
// recording its last state stands still.
Ending follow(RecordedWorld& world, const std::string& kind, const std::string& name, size_t nth,
              int64_t seconds, HealthSettings settings = quick()) {
  HealthCheck check(settings);
  const RecordedWorld::Applied applied = world.applied(kind, name, nth);
  Ending ending;
  for (int64_t t = 0; t <= seconds * 1000; t += 1000) {
    world.play_until(applied.t_ms + t + 5);
    const HealthReport report =
        check.feed({world.read(kind, name, applied.generation)}, world.clock().monotonic());
    ending = {report.verdict, t, report.reason, report.message,
              ending.was_soaking || report.verdict == Verdict::soaking};
    if (report.verdict != Verdict::waiting && report.verdict != Verdict::soaking) break;
  }
  return ending;
}

// GS-KUBE-050: a good rollout becomes healthy after its soak, and the old complete status right after the
// apply is not taken for it.
TEST(Rollout, GoodOne) {
  RecordedWorld lagging("rollout-070.json");
  const auto second = lagging.applied("Deployment", "web", 1);
  HealthCheck check(quick());
  for (int64_t t = 0; t <= 400; t += 5) {
    lagging.play_until(second.t_ms + t);
    const Reading reading = lagging.read("Deployment", "web", second.generation);
    EXPECT_EQ(check.feed({reading}, lagging.clock().monotonic()).verdict, Verdict::waiting) << t;
  }
  RecordedWorld world("rollout-070.json");
  const Ending ending = follow(world, "Deployment", "web", 1, 5);
  EXPECT_TRUE(ending.verdict == Verdict::soaking || ending.verdict == Verdict::waiting);

  RecordedWorld again("rollout-070.json");
  const Ending last = follow(again, "Deployment", "web", 3, 120);
  EXPECT_EQ(last.verdict, Verdict::healthy) << last.message;
  EXPECT_GE(last.after_ms, 20'000);
  EXPECT_LE(last.after_ms, 30'000);
}

// GS-KUBE-051: at no moment of a good rollout, a Recreate or a rollback is a failure claimed.
TEST(Rollout, NoFalseFailure) {
  const std::vector<std::pair<std::string, size_t>> cases = {
      {"rollout-070.json", 0}, {"rollout-070.json", 1}, {"rollout-070.json", 2}, {"rollout-071.json", 0},
      {"rollout-071.json", 1}, {"rollout-071.json", 3}, {"rollout-080.json", 3}, {"rollout-082.json", 3}};
  for (const auto& [file, nth] : cases) {
    RecordedWorld world(file);
    const auto applied = world.applied("Deployment", "web", nth);
    // Only up to the next apply of the recording.
    HealthCheck check(quick());
    for (int64_t t = 0; t <= 1500; t += 50) {
      world.play_until(applied.t_ms + t);
      const auto report =
          check.feed({world.read("Deployment", "web", applied.generation)}, world.clock().monotonic());
      EXPECT_NE(report.verdict, Verdict::failed) << file << " " << nth << " " << t << " " << report.message;
    }
  }
}

// GS-KUBE-052: after a rollback a stale ProgressDeadlineExceeded does not condemn it.
TEST(Rollout, StaleConditionAfterRollback) {
  RecordedWorld world("rollout-082.json");
  const Ending ending = follow(world, "Deployment", "web", 3, 60);
  EXPECT_EQ(ending.verdict, Verdict::healthy) << ending.message;
}

// GS-KUBE-053: a registry that cannot be reached is not the revision's fault: it is given the time of a pod
// without a node, then going back is advised; the sentence names pod, container and image.
TEST(Rollout, ImageThatCannotBePulled) {
  RecordedWorld world("rollout-080.json");
  HealthSettings settings = quick();
  settings.unschedulable = base::seconds(20);  // the recording ends soon
  const Ending ending = follow(world, "Deployment", "web", 1, 120, settings);
  EXPECT_EQ(ending.verdict, Verdict::cut_off);
  EXPECT_GE(ending.after_ms, 20'000);
  EXPECT_LE(ending.after_ms, 30'000);
  EXPECT_THAT(
      ending.message,
      AllOf(StartsWith("Deployment pull/web: pod web-"),
            HasSubstr("container web: the registry cannot be reached for image registry.test/nonesuch")));
  EXPECT_THAT(ending.reason, ::testing::AnyOf("ErrImagePull", "ImagePullBackOff"));
}

// GS-KUBE-054: a crash loop without a readiness probe is seen although the Deployment calls itself available.
TEST(Rollout, CrashLoopWithoutProbe) {
  RecordedWorld world("rollout-081.json");
  bool called_available = false;
  const auto applied = world.applied("Deployment", "web", 0);
  HealthCheck check(quick());
  HealthReport report;
  for (int64_t t = 0; t <= 60'000; t += 100) {
    world.play_until(applied.t_ms + t);
    const Reading reading = world.read("Deployment", "web", applied.generation);
    called_available = called_available || reading.readiness.is_current();
    report = check.feed({reading}, world.clock().monotonic());
    EXPECT_NE(report.verdict, Verdict::healthy);
    if (report.verdict == Verdict::failed) break;
  }
  EXPECT_TRUE(called_available);
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_THAT(report.message, AllOf(HasSubstr("pod web-"), HasSubstr("container web")));

  RecordedWorld probed("rollout-081.json");
  const Ending ending = follow(probed, "Deployment", "probed", 0, 60);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, HasSubstr("exits with code 1"));
}

// GS-KUBE-055: a probe that never succeeds fails with the progress deadline or the timeout, and says so.
TEST(Rollout, NeverReady) {
  RecordedWorld world("rollout-082.json");
  HealthSettings settings = quick();
  settings.timeout = base::seconds(8);
  Ending ending = follow(world, "Deployment", "web", 1, 13, settings);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_EQ(ending.reason, "Timeout");
  EXPECT_THAT(ending.message, HasSubstr("readiness probe does not succeed"));
}

// GS-KUBE-056: a failing liveness probe restarts the container: seen as a failure of what was applied.
TEST(Rollout, LivenessProbeFails) {
  RecordedWorld world("rollout-083.json");
  const Ending ending = follow(world, "Deployment", "web", 0, 60);
  EXPECT_EQ(ending.verdict, Verdict::failed) << ending.message;
  EXPECT_THAT(ending.message, HasSubstr("container web"));
}

// GS-KUBE-057: a pod that no node takes fails with the rollout's own deadline, and the sentence says what is
// missing.
TEST(Rollout, Unschedulable) {
  for (const char* name : {"web", "sel"}) {
    RecordedWorld world("rollout-084.json");
    const Ending ending = follow(world, "Deployment", name, 0, 200);
    EXPECT_EQ(ending.verdict, Verdict::failed);
    EXPECT_EQ(ending.reason, "ProgressDeadlineExceeded");
    EXPECT_THAT(ending.message, HasSubstr("no node takes it"));
  }
}

// GS-KUBE-058: a missing ConfigMap, a command that does not exist and a missing ServiceAccount are named.
TEST(Rollout, MissingConfiguration) {
  RecordedWorld env("rollout-085.json");
  Ending ending = follow(env, "Deployment", "env", 0, 14);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, HasSubstr("configmap \"none\" not found"));

  RecordedWorld command("rollout-085.json");
  ending = follow(command, "Deployment", "cmd", 0, 60);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, HasSubstr("container web"));

  RecordedWorld account("rollout-085.json");
  HealthSettings settings = quick();
  settings.timeout = base::seconds(10);
  ending = follow(account, "Deployment", "sa", 0, 60, settings);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, AllOf(HasSubstr("its pods cannot be created"), HasSubstr("serviceaccount")));
}

// GS-KUBE-059: an init container that fails is the cause; one that succeeds, and a sidecar, are none.
TEST(Rollout, InitContainers) {
  RecordedWorld bad("rollout-086.json");
  Ending ending = follow(bad, "Deployment", "bad", 0, 60);
  EXPECT_EQ(ending.verdict, Verdict::failed);
  EXPECT_THAT(ending.message, HasSubstr("exits with code"));
  RecordedWorld good("rollout-086.json");
  ending = follow(good, "Deployment", "ok", 0, 90);
  EXPECT_EQ(ending.verdict, Verdict::healthy) << ending.message;
}

// GS-KUBE-060: Jobs: completed and removed by TTL are good; failed ones fail by their own count, not by one
// crash.
TEST(Rollout, Jobs) {
  for (const char* name : {"ok", "three"}) {
    RecordedWorld world("rollout-087.json");
    const Ending ending = follow(world, "Job", name, 0, 120);
    EXPECT_EQ(ending.verdict, Verdict::healthy) << name << ": " << ending.message;
  }
  for (const char* name : {"bad", "badof", "slow", "policy"}) {
    RecordedWorld world("rollout-087.json");
    const Ending ending = follow(world, "Job", name, 0, 120);
    EXPECT_EQ(ending.verdict, Verdict::failed) << name;
    EXPECT_THAT(ending.message, StartsWith(std::string("Job jobs/") + name));
  }
  RecordedWorld world("rollout-087.json");
  HealthSettings settings = quick();
  settings.unschedulable = base::seconds(10);
  const Ending ending = follow(world, "Job", "noimg", 0, 120, settings);
  EXPECT_EQ(ending.verdict, Verdict::cut_off);
  EXPECT_THAT(ending.message, HasSubstr("the registry cannot be reached"));
}

// GS-KUBE-061: a quota that forbids the pods is named; when it is raised the rollout becomes healthy.
TEST(Rollout, Quota) {
  RecordedWorld world("rollout-088.json");
  const auto applied = world.applied("Deployment", "web", 0);
  world.play_until(applied.t_ms + 5000);
  const Reading reading = world.read("Deployment", "web", applied.generation);
  EXPECT_EQ(reading.readiness.state, State::in_progress);
  EXPECT_THAT(worst_cause(reading.findings), HasSubstr("exceeded quota"));
  const Ending ending = follow(world, "Deployment", "web", 0, 90);
  EXPECT_EQ(ending.verdict, Verdict::healthy) << ending.message;
}

// GS-KUBE-062: a StatefulSet that is stuck on a bad pod says so, the rolled-back one waits for that pod to
// go.
TEST(Rollout, StatefulSetStuck) {
  RecordedWorld world("rollout-090.json");
  Ending ending = follow(world, "StatefulSet", "db", 2, 7);
  EXPECT_EQ(ending.verdict, Verdict::waiting);
  EXPECT_THAT(ending.message, HasSubstr("the registry cannot be reached"));

  RecordedWorld back("rollout-090.json");
  const auto rolled_back = back.applied("StatefulSet", "db", 3);
  back.play_until(rolled_back.t_ms + 8000);
  const Reading stuck = back.read("StatefulSet", "db", rolled_back.generation);
  EXPECT_EQ(stuck.readiness.state, State::in_progress);
  EXPECT_THAT(worst_cause(stuck.findings), HasSubstr("pod db-1"));
  HealthCheck check(quick());
  EXPECT_EQ(check.feed({stuck}, back.clock().monotonic()).verdict, Verdict::waiting);
  EXPECT_EQ(check.feed({stuck}, back.clock().monotonic() + base::seconds(15)).verdict, Verdict::waiting);
}

// GS-KUBE-063: exactly the stuck pod of a rolled-back StatefulSet is deleted, by its uid.
TEST(Rollout, DeletesTheStuckPod) {
  RecordedWorld world("rollout-090.json");
  const auto rolled_back = world.applied("StatefulSet", "db", 3);
  world.play_until(rolled_back.t_ms + 8000);
  const std::string uid = world.find("Pod", "db-1")->at("metadata").at("uid");
  auto serve = world.server().handler;
  std::vector<std::string> deletions;
  world.server().handler = [&](const http::Request& request) -> base::Result<http::Response> {
    if (request.method != "DELETE") return serve(request);
    deletions.push_back(request.target);
    EXPECT_EQ(base::Json::parse(request.body).at("preconditions").at("uid"), uid);
    return testing::answer(200, {{"kind", "Pod"}});
  };
  auto deleted = delete_stuck_pods(world.cluster(), {"apps", "v1", "StatefulSet", "stset", "db"}, {});
  ASSERT_TRUE(deleted) << deleted.error().describe();
  EXPECT_THAT(*deleted, ::testing::ElementsAre("db-1"));
  EXPECT_THAT(deletions, ::testing::ElementsAre("/api/v1/namespaces/stset/pods/db-1"));
}

// GS-KUBE-064: a DaemonSet's good rollout is healthy, its bad one is seen, its rollback heals.
TEST(Rollout, DaemonSet) {
  RecordedWorld bad("rollout-090.json");
  const auto applied = bad.applied("DaemonSet", "agent", 2);
  bad.play_until(applied.t_ms + 6000);
  const Reading reading = bad.read("DaemonSet", "agent", applied.generation);
  EXPECT_EQ(reading.readiness.state, State::in_progress);
  EXPECT_THAT(worst_cause(reading.findings), HasSubstr("the registry cannot be reached"));
  RecordedWorld back("rollout-090.json");
  const Ending ending = follow(back, "DaemonSet", "agent", 3, 60);
  EXPECT_EQ(ending.verdict, Verdict::healthy) << ending.message;
}

// GS-KUBE-065: a node that is not ready makes it blocked, never failed.
TEST(Rollout, NodeNotReady) {
  RecordedWorld world("rollout-080.json");
  world.not_ready_nodes = {"node-1"};
  HealthSettings settings = quick();
  settings.timeout = base::seconds(20);
  const Ending ending = follow(world, "Deployment", "web", 1, 60, settings);
  EXPECT_EQ(ending.verdict, Verdict::blocked);
  EXPECT_EQ(ending.reason, "NodeNotReady");
  EXPECT_THAT(ending.message, HasSubstr("its node node-1 is not ready"));
}

// GS-KUBE-221: a pod that is being created for long is explained by its newest warning; a ConfigMap or Secret
// that is missing for a volume is a fault of what was applied. A young pod costs no request, and events that
// may not be read are no error.
TEST(Rollout, VolumeThatCannotBeMounted) {
  testing::FakeClock clock;
  testing::FakeAccess access;
  Cluster cluster(access, clock, {});
  bool may_read = true;
  int asked = 0;
  access.transport->handler = [&](const http::Request& request) -> base::Result<http::Response> {
    if (auto discovery = testing::discovery_answer(request)) return *discovery;
    ++asked;
    EXPECT_THAT(request.target, HasSubstr("/api/v1/namespaces/n/events?"));
    if (!may_read) return testing::answer(403, {{"kind", "Status"}, {"message", "no"}});
    return testing::answer(200,
                           base::Json::parse(R"({"kind":"EventList","apiVersion":"v1","metadata":{},"items":[
      {"lastTimestamp":"1970-01-01T00:00:09Z","message":"MountVolume.SetUp failed for volume \"c\" : configmap \"none\" not found"},
      {"lastTimestamp":"1970-01-01T00:00:02Z","message":"older"}]})"));
  };
  const base::Json pod = base::Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1",
    "namespace":"n","uid":"u","creationTimestamp":"1970-01-01T00:00:00Z"},"status":{"phase":"Pending",
    "containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ContainerCreating"}}}]}})");
  EXPECT_EQ(diagnose(cluster, pod, {}).value().at(0).fault, Fault::unready);
  EXPECT_EQ(asked, 0);
  clock.advance(base::seconds(30));
  const auto findings = diagnose(cluster, pod, {}).value();
  EXPECT_EQ(findings.at(0).fault, Fault::config);
  EXPECT_EQ(worst_cause(findings),
            "pod web-1: container app: is not created: MountVolume.SetUp failed for volume \"c\" : configmap "
            "\"none\" not found");
  EXPECT_EQ(asked, 1);
  may_read = false;
  EXPECT_EQ(diagnose(cluster, pod, {}).value().at(0).fault, Fault::unready);
}

// GS-KUBE-222: a pod that no node takes while a node is not ready is that node's trouble: blocked, never
// failed.
TEST(Rollout, NoNodeTakesItWhileOneIsNotReady) {
  RecordedWorld world("rollout-084.json");
  world.not_ready_nodes = {"node-1"};
  HealthSettings settings = quick();
  settings.unschedulable = base::seconds(5);
  settings.timeout = base::seconds(20);
  const Ending ending = follow(world, "Deployment", "web", 0, 60, settings);
  EXPECT_EQ(ending.verdict, Verdict::blocked) << ending.message;
  EXPECT_THAT(ending.message, HasSubstr("(node node-1 is not ready)"));
}

}  // namespace
}  // namespace gridseal::kube
