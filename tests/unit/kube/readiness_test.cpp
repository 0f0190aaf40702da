#include "kube/readiness.hpp"

#include <gtest/gtest.h>

#include "double.hpp"
#include "kube/diagnose.hpp"
#include "kube/health.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

struct Case {
  const char* what;
  const char* object;
  State state;
  const char* reason;
};

// GS-KUBE-070: the rules of kstatus, in their order, for every kind that has its own.
TEST(Readiness, RulesByKind) {
  const std::vector<Case> cases = {
      {"being deleted wins", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"deletionTimestamp":"x"}})",
       State::terminating, "Terminating"},
      {"not observed",
       R"({"apiVersion":"x/v1","kind":"X","metadata":{"generation":2},"status":{"observedGeneration":1,
        "conditions":[{"type":"Ready","status":"True"}]}})",
       State::in_progress, "NotObserved"},
      {"reconciling",
       R"({"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Reconciling","status":"True",
        "reason":"Busy"},{"type":"Ready","status":"True"}]}})",
       State::in_progress, "Busy"},
      {"stalled",
       R"({"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Stalled","status":"True"}]}})",
       State::failed, "Stalled"},
      {"ready",
       R"({"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"True"}]}})",
       State::current, "Current"},
      {"not ready",
       R"({"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"False",
        "reason":"Boot"}]}})",
       State::in_progress, "Boot"},
      {"no conditions", R"({"apiVersion":"x/v1","kind":"X"})", State::current, "Current"},
      {"new Deployment", R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":1}})",
       State::in_progress, "NotObserved"},
      {"Deployment of zero",
       R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":1},"spec":{
        "replicas":0},"status":{"observedGeneration":1,"conditions":[{"type":"Available","status":"True"}]}})",
       State::current, "Current"},
      {"Deployment, zero counters left out",
       R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":2},
        "spec":{"replicas":1},"status":{"observedGeneration":2,"replicas":1,"readyReplicas":1,"availableReplicas":1,
        "conditions":[{"type":"Available","status":"True"}]}})",
       State::in_progress, "Updating"},
      {"Deployment, old pods",
       R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":1},"status":{
        "observedGeneration":1,"replicas":2,"updatedReplicas":1,"readyReplicas":2,"availableReplicas":2}})",
       State::in_progress, "Terminating"},
      {"Deployment, deadline",
       R"({"apiVersion":"apps/v1","kind":"Deployment","status":{"observedGeneration":0,
        "conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}})",
       State::failed, "ProgressDeadlineExceeded"},
      {"StatefulSet OnDelete",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"updateStrategy":{"type":
        "OnDelete"}},"status":{"observedGeneration":0}})",
       State::current, "Current"},
      {"StatefulSet partition",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"replicas":3,"updateStrategy":{
        "type":"RollingUpdate","rollingUpdate":{"partition":2}}},"status":{"observedGeneration":0,"replicas":3,
        "readyReplicas":3,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b"}})",
       State::current, "Current"},
      {"StatefulSet revisions",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","status":{"observedGeneration":0,
        "replicas":1,"readyReplicas":1,"currentRevision":"a","updateRevision":"b"}})",
       State::in_progress, "Updating"},
      {"DaemonSet unseen", R"({"apiVersion":"apps/v1","kind":"DaemonSet"})", State::in_progress,
       "NotObserved"},
      {"DaemonSet not counted",
       R"({"apiVersion":"apps/v1","kind":"DaemonSet","status":{"observedGeneration":0}})", State::in_progress,
       "NotScheduled"},
      {"DaemonSet, OnDelete, old pods",
       R"({"apiVersion":"apps/v1","kind":"DaemonSet","spec":{"updateStrategy":{"type":"OnDelete"}},"status":{
        "observedGeneration":0,"desiredNumberScheduled":1,"currentNumberScheduled":1,"numberAvailable":1,
        "numberReady":1}})",
       State::current, "Current"},
      {"StatefulSet partition, not there yet",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"replicas":3,"updateStrategy":{
        "type":"RollingUpdate","rollingUpdate":{"partition":1}}},"status":{"observedGeneration":0,"replicas":3,
        "readyReplicas":3,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b"}})",
       State::in_progress, "Updating"},
      {"StatefulSet partition above all",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"replicas":2,"updateStrategy":{
        "type":"RollingUpdate","rollingUpdate":{"partition":5}}},"status":{"observedGeneration":0,"replicas":2,
        "readyReplicas":2,"currentRevision":"a","updateRevision":"b"}})",
       State::current, "Current"},
      {"StatefulSet, too many",
       R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"replicas":1},"status":{"observedGeneration":0,
        "replicas":2,"readyReplicas":2,"currentRevision":"a","updateRevision":"a"}})",
       State::in_progress, "Terminating"},
      {"Job completed",
       R"({"apiVersion":"batch/v1","kind":"Job","status":{"conditions":[{"type":"SuccessCriteriaMet",
        "status":"True"},{"type":"Complete","status":"True"}]}})",
       State::current, "Current"},
      {"Job failed",
       R"({"apiVersion":"batch/v1","kind":"Job","status":{"conditions":[{"type":"Failed","status":"True",
        "reason":"BackoffLimitExceeded"}]}})",
       State::failed, "BackoffLimitExceeded"},
      {"CronJob", R"({"apiVersion":"batch/v1","kind":"CronJob"})", State::current, "Current"},
      {"budget", R"({"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"generation":1},
        "status":{"observedGeneration":1,"conditions":[{"type":"DisruptionAllowed","status":"False"}]}})",
       State::current, "Current"},
      {"PVC lost", R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","status":{"phase":"Lost"}})",
       State::failed, "Lost"},
      {"LoadBalancer without status",
       R"({"apiVersion":"v1","kind":"Service","spec":{"type":"LoadBalancer"}})", State::in_progress,
       "NoLoadBalancer"},
      {"APIService available",
       R"({"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","status":{"conditions":[
        {"type":"Available","status":"True"}]}})",
       State::current, "Current"},
      {"HelmChart with its Job",
       R"({"apiVersion":"helm.cattle.io/v1","kind":"HelmChart","status":{"jobName":"helm-install-x",
        "conditions":[{"type":"JobCreated","status":"True"},{"type":"Failed","status":"False"}]}})",
       State::current, "Current"},
      {"Ready unknown",
       R"({"apiVersion":"x/v1","kind":"X","status":{"conditions":[{"type":"Ready","status":"Unknown"}]}})",
       State::in_progress, "NotReady"},
      {"DaemonSet", R"({"apiVersion":"apps/v1","kind":"DaemonSet","status":{"observedGeneration":0,
        "desiredNumberScheduled":1,"currentNumberScheduled":1,"updatedNumberScheduled":1,"numberAvailable":1,
        "numberReady":1}})",
       State::current, "Current"},
      {"ReplicaSet failure",
       R"({"apiVersion":"apps/v1","kind":"ReplicaSet","status":{"observedGeneration":0,"conditions":[
        {"type":"ReplicaFailure","status":"True","reason":"FailedCreate"}]}})",
       State::in_progress, "FailedCreate"},
      {"Job running", R"({"apiVersion":"batch/v1","kind":"Job","status":{"active":1}})", State::in_progress,
       "Running"},
      {"Job suspended", R"({"apiVersion":"batch/v1","kind":"Job","spec":{"suspend":true}})", State::current,
       "Current"},
      {"Job about to fail",
       R"({"apiVersion":"batch/v1","kind":"Job","status":{"conditions":[{"type":"FailureTarget",
        "status":"True"}]}})",
       State::in_progress, "Running"},
      {"Service", R"({"apiVersion":"v1","kind":"Service","spec":{"type":"ClusterIP"}})", State::current,
       "Current"},
      {"LoadBalancer",
       R"({"apiVersion":"v1","kind":"Service","spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{}}})",
       State::in_progress, "NoLoadBalancer"},
      {"LoadBalancer with address",
       R"({"apiVersion":"v1","kind":"Service","spec":{"type":"LoadBalancer"},"status":{
        "loadBalancer":{"ingress":[{"ip":"10.0.0.1"}]}}})",
       State::current, "Current"},
      {"PVC", R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","status":{"phase":"Pending"}})",
       State::in_progress, "NotBound"},
      {"PVC bound", R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","status":{"phase":"Bound"}})",
       State::current, "Current"},
      {"Namespace", R"({"apiVersion":"v1","kind":"Namespace","status":{"phase":"Active"}})", State::current,
       "Current"},
      {"CRD",
       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","status":{"conditions":[
        {"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}})",
       State::current, "Current"},
      {"CRD names taken",
       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","status":{
        "conditions":[{"type":"NamesAccepted","status":"False","reason":"PluralConflict"},{"type":"Established",
        "status":"False"}]}})",
       State::failed, "PluralConflict"},
      {"APIService", R"({"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","status":{"conditions":[
        {"type":"Available","status":"False","reason":"MissingEndpoints"}]}})",
       State::in_progress, "MissingEndpoints"},
      {"HelmChart failed", R"({"apiVersion":"helm.cattle.io/v1","kind":"HelmChart","status":{"conditions":[
        {"type":"JobCreated","status":"True"},{"type":"Failed","status":"True"}]}})",
       State::failed, "Failed"},
      {"HelmChart new", R"({"apiVersion":"helm.cattle.io/v1","kind":"HelmChart"})", State::in_progress,
       "NoJob"},
      {"Pod succeeded", R"({"apiVersion":"v1","kind":"Pod","status":{"phase":"Succeeded"}})", State::current,
       "Current"},
      {"Pod evicted", R"({"apiVersion":"v1","kind":"Pod","status":{"phase":"Failed","reason":"Evicted"}})",
       State::failed, "Evicted"},
      {"Pod crashing",
       R"({"apiVersion":"v1","kind":"Pod","status":{"phase":"Running","containerStatuses":[{"name":"c",
        "restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}]}})",
       State::failed, "CrashLoopBackOff"},
      {"hostile shapes",
       R"({"apiVersion":7,"kind":"Deployment","metadata":[],"status":{"conditions":{"a":1}}})",
       State::current, "Current"},
  };
  for (const Case& example : cases) {
    const Readiness readiness = judge(Json::parse(example.object));
    EXPECT_EQ(readiness.state, example.state) << example.what << ": " << readiness.message;
    EXPECT_EQ(readiness.reason, example.reason) << example.what;
  }
}

PodFinding pull_finding(const std::string& reason, const std::string& message) {
  const Json status = {{"name", "app"}, {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}};
  const Json container = {{"name", "app"}, {"image", "r.test/web:9"}};
  const Json pod = {{"kind", "Pod"},
                    {"metadata", {{"name", "web-7f"}}},
                    {"spec", {{"containers", Json::array({container})}}},
                    {"status", {{"phase", "Pending"}, {"containerStatuses", Json::array({status})}}}};
  const auto findings = examine_pod(pod);
  EXPECT_EQ(findings.size(), 1U);
  return findings.empty() ? PodFinding() : findings.front();
}

// GS-KUBE-215: why an image does not come is said in plain words, and what is not its own fault is told
// apart.
TEST(Readiness, ImagePullsInPlainWords) {
  struct Pull {
    const char* reason;
    const char* message;
    const char* words;
    Fault fault;
  };
  const std::string pull = "failed to pull and unpack image \"r.test/web:9\": failed to resolve image: ";
  const std::vector<Pull> pulls = {
      {"ErrImagePull", "r.test/web:9: not found", "image not found: r.test/web:9 (ErrImagePull)",
       Fault::image},
      {"ImagePullBackOff", "Back-off pulling image \"r.test/web:9\": ErrImagePull: r.test/web:9: not found",
       "image not found: r.test/web:9 (ImagePullBackOff)", Fault::image},
      {"ErrImagePull", "no match for platform in manifest: not found",
       "image is not made for the node's processor: r.test/web:9 (ErrImagePull)", Fault::image},
      {"ErrImagePull", "unexpected status from HEAD request: 401 Unauthorized",
       "no permission to pull image r.test/web:9 (ErrImagePull)", Fault::image},
      {"InvalidImageName", "couldn't parse image name",
       "image name is not valid: r.test/web:9 (InvalidImageName)", Fault::image},
      {"ErrImageNeverPull", "",
       "image is not on the node, and imagePullPolicy Never forbids to pull it: r.test/web:9 "
       "(ErrImageNeverPull)",
       Fault::image},
      {"ErrImagePull", "something new", "image cannot be pulled: r.test/web:9 (ErrImagePull)", Fault::image},
      {"ErrImagePull", "dial tcp: lookup r.test on 10.0.0.53:53: no such host",
       "the registry cannot be reached for image r.test/web:9 (ErrImagePull)", Fault::surroundings},
      {"ErrImagePull", "dial tcp 10.0.0.1:443: connect: connection refused",
       "the registry cannot be reached for image r.test/web:9 (ErrImagePull)", Fault::surroundings},
      {"RegistryUnavailable", "",
       "the registry cannot be reached for image r.test/web:9 (RegistryUnavailable)", Fault::surroundings},
      {"ErrImagePull", "write /var/lib/containerd/x: no space left on device",
       "the node has no space left for image r.test/web:9 (ErrImagePull)", Fault::surroundings},
  };
  for (const Pull& one : pulls) {
    const PodFinding finding = pull_finding(one.reason, pull + one.message);
    EXPECT_EQ(finding.message, one.words);
    EXPECT_EQ(finding.fault, one.fault) << one.message;
    EXPECT_FALSE(finding.vague) << one.message;
  }
  EXPECT_TRUE(pull_finding("ImagePullBackOff", "Back-off pulling image \"r.test/web:9\"").vague);
}

// GS-KUBE-071: a Job that its TTL removed is done, any other object that is not there is missing.
TEST(Readiness, Absent) {
  EXPECT_TRUE(
      judge_absent(
          Json::parse(R"({"apiVersion":"batch/v1","kind":"Job","spec":{"ttlSecondsAfterFinished":0}})"))
          .is_current());
  EXPECT_EQ(judge_absent(Json::parse(R"({"apiVersion":"batch/v1","kind":"Job"})")).state, State::not_found);
  EXPECT_EQ(judge_absent(Json::parse(R"({"apiVersion":"v1","kind":"ConfigMap"})")).state, State::not_found);
}

class HealthTest : public ::testing::Test {
 protected:
  static Reading reading(State state, int64_t observed = 1, std::vector<PodFinding> findings = {}) {
    Reading reading;
    reading.key = {"apps", "v1", "Deployment", "n", "web"};
    reading.readiness = {state, "Some", "something", 1, observed};
    reading.applied_generation = 1;
    reading.findings = std::move(findings);
    return reading;
  }
  static PodFinding container(Fault fault, int64_t restarts) {
    PodFinding finding;
    finding.pod = "web-1";
    finding.container = "app";
    finding.fault = fault;
    finding.reason = "R";
    finding.message = "m";
    finding.restarts = restarts;
    return finding;
  }
  HealthReport at(int64_t seconds, const Reading& reading) {
    return check_.feed({reading}, base::Clock::Monotonic(base::seconds(1000 + seconds)));
  }

  HealthSettings settings_;
  HealthCheck check_{settings_};
};

// GS-KUBE-072: healthy is only what stayed current through the whole soak; a step back begins it anew.
TEST_F(HealthTest, Soaks) {
  EXPECT_EQ(at(0, reading(State::in_progress)).verdict, Verdict::waiting);
  EXPECT_EQ(at(10, reading(State::current)).verdict, Verdict::soaking);
  EXPECT_EQ(at(20, reading(State::in_progress)).verdict, Verdict::waiting);
  EXPECT_EQ(at(30, reading(State::current)).verdict, Verdict::soaking);
  const HealthReport soaking = at(59, reading(State::current));
  EXPECT_EQ(soaking.verdict, Verdict::soaking);
  EXPECT_EQ(soaking.decided_by, base::Clock::Monotonic(base::seconds(1060)));
  EXPECT_EQ(at(60, reading(State::current)).verdict, Verdict::healthy);
}

// GS-KUBE-073: a failure must stand for the grace and concern the applied generation.
TEST_F(HealthTest, FailureNeedsItsGrace) {
  EXPECT_EQ(at(0, reading(State::failed)).verdict, Verdict::waiting);
  EXPECT_EQ(at(9, reading(State::failed)).verdict, Verdict::waiting);
  EXPECT_EQ(at(10, reading(State::failed)).verdict, Verdict::failed);
  HealthCheck other(settings_);
  Reading stale = reading(State::failed);
  stale.applied_generation = 2;
  for (int64_t t = 0; t < 100; t += 10)
    EXPECT_EQ(other.feed({stale}, base::Clock::Monotonic(base::seconds(t))).verdict, Verdict::waiting);
}

// GS-KUBE-074: a failure that passes is forgotten.
TEST_F(HealthTest, CuredTroubleIsForgotten) {
  at(0, reading(State::failed));
  at(5, reading(State::failed));
  EXPECT_EQ(at(6, reading(State::current)).verdict, Verdict::waiting);
  EXPECT_EQ(at(15, reading(State::current)).verdict, Verdict::soaking);
  EXPECT_EQ(at(45, reading(State::current)).verdict, Verdict::healthy);
}

// GS-KUBE-075: a container that restarts during the soak condemns the revision.
TEST_F(HealthTest, RestartDuringSoak) {
  EXPECT_EQ(at(0, reading(State::current, 1, {container(Fault::none, 2)})).verdict, Verdict::soaking);
  const HealthReport report = at(5, reading(State::current, 1, {container(Fault::none, 3)}));
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(report.reason, "Restarted");
  EXPECT_EQ(report.message, "Deployment n/web: pod web-1: container app: restarted, 3 times in all");
}

// GS-KUBE-076: the timeout ends the waiting, with the cause; a node that is not ready makes it blocked.
TEST_F(HealthTest, Timeout) {
  EXPECT_EQ(at(0, reading(State::in_progress)).verdict, Verdict::waiting);
  HealthReport report = at(300, reading(State::in_progress));
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(report.reason, "Timeout");
  EXPECT_EQ(report.message, "Deployment n/web: something");
  report = at(301, reading(State::in_progress, 1, {container(Fault::node_not_ready, 0)}));
  EXPECT_EQ(report.verdict, Verdict::blocked);
}

// GS-KUBE-240: time during which a node was away is not held against the workload, nor that its progress
// deadline passed meanwhile.
TEST_F(HealthTest, TimeWithoutANodeDoesNotCount) {
  EXPECT_EQ(at(0, reading(State::in_progress)).verdict, Verdict::waiting);
  EXPECT_EQ(at(299, reading(State::in_progress, 1, {container(Fault::node_not_ready, 0)})).verdict,
            Verdict::waiting);
  EXPECT_EQ(at(400, reading(State::in_progress, 1, {container(Fault::node_not_ready, 0)})).verdict,
            Verdict::blocked);
  Reading overdue = reading(State::failed);
  overdue.readiness.reason = "ProgressDeadlineExceeded";
  EXPECT_EQ(at(401, overdue).verdict, Verdict::waiting);
  EXPECT_EQ(at(500, overdue).verdict, Verdict::waiting);
  EXPECT_EQ(at(700, reading(State::in_progress)).verdict, Verdict::waiting);
  EXPECT_EQ(at(701, reading(State::in_progress)).verdict, Verdict::failed);
}

// GS-KUBE-077: pods of an older revision explain a delay and condemn nothing.
TEST_F(HealthTest, OldRevisionDoesNotCondemn) {
  PodFinding old = container(Fault::image, 0);
  old.of_old_revision = true;
  for (int64_t t = 0; t < 200; t += 10)
    EXPECT_EQ(at(t, reading(State::in_progress, 1, {old})).verdict, Verdict::waiting);
}

// GS-KUBE-078: a pod that no node takes is given its own, longer time.
TEST_F(HealthTest, Unschedulable) {
  const Reading waiting = reading(State::in_progress, 1, {container(Fault::unschedulable, 0)});
  EXPECT_EQ(at(0, waiting).verdict, Verdict::waiting);
  EXPECT_EQ(at(9, waiting).verdict, Verdict::waiting);
  for (int64_t t = 18; t < 60; t += 9) EXPECT_EQ(at(t, waiting).verdict, Verdict::waiting) << t;
  EXPECT_EQ(at(60, waiting).verdict, Verdict::failed);
}

// GS-KUBE-216: what the surroundings keep from running is cut off, not failed, also when its controller calls
// it failed; a back-off that does not say why again counts as what was said before.
TEST_F(HealthTest, SurroundingsAreNoFailure) {
  PodFinding unreachable = container(Fault::surroundings, 0);
  PodFinding back_off = container(Fault::image, 0);
  back_off.vague = true;
  for (int64_t t = 0; t < 60; t += 4) {
    const Reading now =
        reading(t > 30 ? State::failed : State::in_progress, 1, {t % 8 == 0 ? unreachable : back_off});
    const Verdict verdict = at(t, now).verdict;
    EXPECT_TRUE(t >= 40 || verdict == Verdict::waiting) << t;
    EXPECT_NE(verdict, Verdict::failed) << t;
  }
  const HealthReport report = at(60, reading(State::in_progress, 1, {unreachable}));
  EXPECT_EQ(report.verdict, Verdict::cut_off);
  EXPECT_EQ(report.message, "Deployment n/web: pod web-1: container app: m; something");
}

// GS-KUBE-217: a fault of its own outweighs the surroundings; at the timeout the surroundings still excuse.
TEST_F(HealthTest, OwnFaultOutweighs) {
  PodFinding crash = container(Fault::crash, 0);
  crash.container = "other";
  const Reading both = reading(State::in_progress, 1, {container(Fault::surroundings, 0), crash});
  at(0, both);
  at(8, both);
  EXPECT_EQ(at(12, both).verdict, Verdict::failed);
  HealthSettings short_settings;
  short_settings.timeout = base::seconds(20);
  HealthCheck other(short_settings);
  const auto feed = [&](int64_t t) {
    return other.feed({reading(State::in_progress, 1, {container(Fault::surroundings, 0)})},
                      base::Clock::Monotonic(base::seconds(t)));
  };
  EXPECT_EQ(feed(0).verdict, Verdict::waiting);
  EXPECT_EQ(feed(20).verdict, Verdict::cut_off);
}

}  // namespace
}  // namespace gridseal::kube
