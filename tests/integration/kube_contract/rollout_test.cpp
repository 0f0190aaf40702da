#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "simulator.hpp"

namespace gridseal::kube_contract {
namespace {

constexpr const char* kWeb = "/apis/apps/v1/namespaces/roll/deployments/web";

Json deployment(const std::string& image, int deadline = 600) {
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", "web"}}},
          {"spec",
           {{"replicas", 1},
            {"progressDeadlineSeconds", deadline},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}}},
              {"spec",
               {{"containers",
                 Json::array({{{"name", "web"},
                               {"image", image},
                               {"readinessProbe", {{"httpGet", {{"path", "/"}, {"port", 8080}}}}}}})}}}}}}}};
}

struct Cluster : Simulator {
  Cluster() : Simulator({"--bare", "--speed", "20"}) {
    apply("/api/v1/namespaces/roll",
          {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "roll"}}}});
    settle();
  }
  std::string revision() const { return get("/api/v1/namespaces?limit=1")["metadata"]["resourceVersion"]; }
  // The events of a watch that lasts a second, from `since` on.
  std::vector<Json> watch(const std::string& target, const std::string& since) const {
    std::istringstream lines(
        send("GET", target + "?watch=1&timeoutSeconds=1&resourceVersion=" + since, {}, "").body);
    std::vector<Json> out;
    for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
    return out;
  }
};

std::string reason(const Json& object, const std::string& type) {
  for (const Json& condition : object["status"].value("conditions", Json::array())) {
    if (condition["type"] == type)
      return condition["status"].get<std::string>() + "/" + condition.value("reason", "");
  }
  return "";
}

// The states of one condition in their order, each once.
std::vector<std::string> sequence(const std::vector<Json>& events, const std::string& type) {
  std::vector<std::string> out;
  for (const Json& event : events) {
    if (event["object"]["kind"] != "Deployment") continue;
    const std::string state = reason(event["object"], type);
    if (!state.empty() && (out.empty() || out.back() != state)) out.push_back(state);
  }
  return out;
}

constexpr const char* kDeployments = "/apis/apps/v1/namespaces/roll/deployments";

// GS-KUBESIM-010: a first rollout tells its conditions in the recorded order (070).
TEST(KubeContractRollout, good_rollout_conditions) {
  const Cluster cluster;
  const std::string since = cluster.revision();
  ASSERT_EQ(cluster.apply(kWeb, deployment("registry.test/web:1.0")).status, 201);
  const auto events = cluster.watch(kDeployments, since);
  EXPECT_EQ(sequence(events, "Progressing"),
            (std::vector<std::string>{"True/NewReplicaSetCreated", "True/ReplicaSetUpdated",
                                      "True/NewReplicaSetAvailable"}));
  EXPECT_EQ(sequence(events, "Available"),
            (std::vector<std::string>{"False/MinimumReplicasUnavailable", "True/MinimumReplicasAvailable"}));
}

// GS-KUBESIM-011: right after an update the old complete status stands, then the counters are missing (070).
TEST(KubeContractRollout, status_lags_behind_the_spec) {
  const Cluster cluster;
  cluster.apply(kWeb, deployment("registry.test/web:1.0"));
  cluster.settle();
  const std::string since = cluster.revision();
  const Json answer = Json::parse(cluster.apply(kWeb, deployment("registry.test/web:2.0")).body);
  EXPECT_EQ(answer["metadata"]["generation"], 2);
  EXPECT_EQ(answer["status"]["observedGeneration"], 1);
  EXPECT_EQ(answer["status"]["updatedReplicas"], 1);
  const auto events = cluster.watch(kDeployments, since);
  bool missing = false;
  for (const Json& event : events) {
    const Json& status = event["object"]["status"];
    missing = missing || (status["observedGeneration"] == 2 && !status.contains("updatedReplicas"));
  }
  EXPECT_TRUE(missing);
  EXPECT_EQ(sequence(events, "Progressing").back(), "True/NewReplicaSetAvailable");
}

// GS-KUBESIM-012: an image that cannot be pulled keeps the old pod, and the deadline is told (080); a good
// apply heals it.
TEST(KubeContractRollout, image_pull_failure_and_rollback) {
  const Cluster cluster;
  cluster.apply(kWeb, deployment("registry.test/web:1.0", 10));
  cluster.settle();
  const std::string since = cluster.revision();
  cluster.apply(kWeb, deployment("registry.test/nonesuch:1", 10));
  const auto events = cluster.watch(kDeployments, since);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(sequence(events, "Progressing").back(), "False/ProgressDeadlineExceeded");
  EXPECT_EQ(sequence(events, "Available"), (std::vector<std::string>{"True/MinimumReplicasAvailable"}));
  std::vector<std::string> waiting;
  for (const Json& event : cluster.watch("/api/v1/namespaces/roll/pods", since)) {
    for (const Json& container : event["object"]["status"].value("containerStatuses", Json::array())) {
      const std::string why = container["state"].value("waiting", Json::object()).value("reason", "");
      if (!why.empty() && (waiting.empty() || waiting.back() != why)) waiting.push_back(why);
    }
  }
  EXPECT_EQ(waiting, (std::vector<std::string>{"ContainerCreating", "ErrImagePull", "ImagePullBackOff"}));
  cluster.apply(kWeb, deployment("registry.test/web:1.0", 10));
  cluster.settle();
  EXPECT_EQ(reason(cluster.get(kWeb), "Progressing"), "True/NewReplicaSetAvailable");
}

// GS-KUBESIM-013: a crash loop without a readiness probe reports itself available (081).
TEST(KubeContractRollout, crash_loop_without_probe_looks_available) {
  const Cluster cluster;
  Json crashing = deployment("registry.test/crash:1.0", 10);
  crashing["spec"]["template"]["spec"]["containers"][0].erase("readinessProbe");
  const std::string since = cluster.revision();
  cluster.apply(kWeb, crashing);
  const auto events = cluster.watch(kDeployments, since);
  const auto available = sequence(events, "Available");
  ASSERT_GE(available.size(), 3U);
  EXPECT_EQ(available[1], "True/MinimumReplicasAvailable");
  EXPECT_EQ(available[2], "False/MinimumReplicasUnavailable");
  for (const std::string& state : sequence(events, "Progressing"))
    EXPECT_NE(state, "False/ProgressDeadlineExceeded");
}

// GS-KUBESIM-014: a pod that never gets ready ends in ProgressDeadlineExceeded (082).
TEST(KubeContractRollout, never_ready) {
  const Cluster cluster;
  const std::string since = cluster.revision();
  cluster.apply(kWeb, deployment("registry.test/web:3.0-unready", 5));
  const auto events = cluster.watch(kDeployments, since);
  EXPECT_EQ(sequence(events, "Progressing"),
            (std::vector<std::string>{"True/NewReplicaSetCreated", "True/ReplicaSetUpdated",
                                      "False/ProgressDeadlineExceeded"}));
}

// GS-KUBESIM-015: a Job tells what it will end as before it ends (087).
TEST(KubeContractRollout, job_conditions) {
  const Cluster cluster;
  const Json job = {
      {"apiVersion", "batch/v1"},
      {"kind", "Job"},
      {"metadata", {{"name", "j"}}},
      {"spec",
       {{"template",
         {{"spec",
           {{"restartPolicy", "Never"},
            {"containers", Json::array({{{"name", "c"}, {"image", "registry.test/web:1.0"}}})}}}}}}}};
  const std::string since = cluster.revision();
  ASSERT_EQ(cluster.apply("/apis/batch/v1/namespaces/roll/jobs/j", job).status, 201);
  std::vector<std::string> types;
  for (const Json& event : cluster.watch("/apis/batch/v1/namespaces/roll/jobs", since)) {
    const Json conditions = event["object"]["status"].value("conditions", Json::array());
    if (conditions.empty()) continue;
    const auto type = conditions.back()["type"].get<std::string>();
    if (types.empty() || types.back() != type) types.push_back(type);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"SuccessCriteriaMet", "Complete"}));
}

// GS-KUBESIM-016: a StatefulSet stuck on a bad pod is not healed by the good template; deleting the pod heals
// it (090).
TEST(KubeContractRollout, stuck_stateful_set) {
  const Cluster cluster;
  const char* path = "/apis/apps/v1/namespaces/roll/statefulsets/db";
  auto set = [](const std::string& image) {
    Json out = deployment(image);
    out["kind"] = "StatefulSet";
    out["metadata"]["name"] = "db";
    out["spec"].erase("progressDeadlineSeconds");
    out["spec"]["serviceName"] = "db";
    return out;
  };
  cluster.apply(path, set("registry.test/web:1.0"));
  cluster.settle();
  ASSERT_EQ(cluster.get(path)["status"].value("readyReplicas", 0), 1);
  cluster.apply(path, set("registry.test/nonesuch:1"));
  cluster.settle();
  cluster.apply(path, set("registry.test/web:1.0"));
  cluster.settle();
  EXPECT_EQ(cluster.get(path)["status"].value("readyReplicas", 0), 0);
  EXPECT_EQ(cluster.send("DELETE", "/api/v1/namespaces/roll/pods/db-0", {}, "").status, 200);
  cluster.settle();
  EXPECT_EQ(cluster.get(path)["status"].value("readyReplicas", 0), 1);
}

// GS-KUBESIM-020: a watch from a revision that is gone is an ERROR event in a 200 stream (062).
TEST(KubeContractWatch, expired_revision) {
  const Cluster cluster;
  cluster.send("POST", "/_kubesim/compact", {}, "");
  const auto events = cluster.watch("/api/v1/configmaps", "1001");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0]["type"], "ERROR");
  EXPECT_EQ(events[0]["object"]["code"], 410);
}

// GS-KUBESIM-021: scripted faults: 429, and a connection that is cut after the effect (054).
TEST(KubeContractFaults, too_many_requests_and_lost_answer) {
  const Cluster cluster;
  const Json script = {
      {"faults",
       Json::array({{{"match", {{"method", "PATCH"}, {"path_glob", "*/configmaps/a"}, {"count", 1}}},
                     {"fault", {{"status", 429}, {"retry_after", 1}}}},
                    {{"match", {{"method", "PATCH"}, {"path_glob", "*/configmaps/b"}, {"count", 1}}},
                     {"fault", {{"cut", "after"}}}}})}};
  ASSERT_EQ(cluster.send("PUT", "/_kubesim/script", {}, script.dump()).status, 200);
  const Json map = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}};
  const Answer refused = cluster.apply("/api/v1/namespaces/roll/configmaps/a", map);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_EQ(cluster.apply("/api/v1/namespaces/roll/configmaps/a", map).status, 201);
  Json other = map;
  other["metadata"]["name"] = "b";
  EXPECT_EQ(cluster.apply("/api/v1/namespaces/roll/configmaps/b", other).status, 0);
  EXPECT_EQ(cluster.apply("/api/v1/namespaces/roll/configmaps/b", other).status, 200);
}

}  // namespace
}  // namespace gridseal::kube_contract
