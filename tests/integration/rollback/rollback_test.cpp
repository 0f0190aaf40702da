// First deployments that fail, ways back that do not work, and clusters in trouble that no revision is blamed
// for.
#include <gtest/gtest.h>

#include "integration/rollback/shop.hpp"

namespace gridseal::test {
namespace {

using base::milliseconds;
using kubesim::Json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kSettings = "/api/v1/namespaces/shop/configmaps/settings";
constexpr const char* kWeb = "/apis/apps/v1/namespaces/shop/deployments/web";

std::string web(const std::string& version, const std::string& image = "registry.test/web") {
  Workload out;
  out.version = version;
  out.image = image;
  return deployment(out);
}

std::string shop(const std::string& version, const std::string& image = "registry.test/web") {
  return config_map("settings", version) + web(version, image);
}

Json fault(Json match, Json what) {
  return {{"faults", Json::array({{{"match", std::move(match)}, {"fault", std::move(what)}}})}};
}

std::string own_name() {
  return std::string("rb-") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
}

class RollbackTest : public ::testing::Test {
 protected:
  void run_good(const std::string& objects = shop("1")) {
    good_ = host_.release("1.0.0", {{"all.yaml", objects}});
    ASSERT_TRUE(host_.start());
    ASSERT_TRUE(host_.run_until([&] { return host_.state() == "healthy"; })) << tell();
    before_ = host_.look();
  }
  void release(const std::string& objects) { next_ = host_.release("1.1.0", {{"all.yaml", objects}}); }
  std::string deploying() {
    const auto list = host_.deployments();
    return list.empty() || list.front().finished ? "" : list.front().state;
  }
  bool reaches(const std::string& state) {
    return host_.run_until([&] { return host_.state() == state; });
  }
  bool comes_to(const std::string& deployment_state) {
    return host_.run_until([&] { return deploying() == deployment_state; });
  }
  // With the engine running.
  void pass(milliseconds time) {
    (void)host_.run_until([] { return false; }, time);
  }
  void delete_pods() {
    const Json list = host_.get("/api/v1/namespaces/shop/pods");
    for (const auto& pod : list["items"])
      (void)host_.send("DELETE", "/api/v1/namespaces/shop/pods/" + kubesim::text(pod, {"metadata", "name"}),
                       "application/json", "{}");
  }
  void expect_new() {
    ASSERT_TRUE(host_.run_until([&] { return host_.state() == "healthy" && host_.runs(next_); })) << tell();
    EXPECT_EQ(kubesim::text(host_.get(kSettings), {"data", "value"}), "2");
    expect_whole();
  }
  void expect_as_before() {
    pass(seconds(10));
    for (const auto& line : differences(before_, host_.look())) ADD_FAILURE() << line;
    expect_whole();
  }
  void expect_whole() {
    EXPECT_EQ(host_.orphans(), "");
    EXPECT_EQ(host_.flaws_of_history(), "");
  }
  bool is_remembered() {
    const auto list = host_.history().failures("shop");
    return list && !list->empty();
  }
  std::string tell() { return host_.state() + " (" + host_.reason() + "): " + host_.component().sentence; }

  SimHost host_{own_name()};
  std::string good_;
  std::string next_;
  Snapshot before_;
};

const std::string kNamespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: later}\n";

// GS-ROLLBACK-010: A first deployment that fails is taken away again; kinds that hold data or other objects
// stay, and the outcome lists them.
TEST_F(RollbackTest, FirstDeploymentIsRemoved) {
  before_ = host_.look();
  release(
      shop("1", "registry.test/nonesuch") + secret("password", "1") + claim("data") + kNamespace +
      definition("pumps", "Pump", simple_version("v1", true)) +
      "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {size: 1}\n" +
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: later}\n");
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::removed);
  EXPECT_FALSE(host_.component().last_good);
  pass(seconds(10));
  std::set<std::string> stay;
  for (const auto& line : differences(before_, host_.look()))
    stay.insert(line.substr(0, line.find(" is new")));
  EXPECT_EQ(stay,
            (std::set<std::string>{"persistentvolumeclaims. shop/data", "namespaces. /later",
                                   "serviceaccounts. later/default", "configmaps. later/kube-root-ca.crt",
                                   "customresourcedefinitions.apiextensions.k8s.io /pumps.shop.test"}));
  const auto row = host_.history().audit(10).value();
  const auto finish = std::ranges::find(row, "deployment.finish", &history::AuditRow::action);
  ASSERT_NE(finish, row.end());
  EXPECT_EQ(Json::parse(finish->detail).at("left_behind").size(), 3U) << finish->detail;
  EXPECT_EQ(host_.history().inventory("shop", history::Side::leftover)->size(), 3U);
  EXPECT_TRUE(is_remembered());
  expect_whole();
}

// GS-ROLLBACK-011: ... or stays for inspection, when the setting says so.
TEST_F(RollbackTest, FirstDeploymentIsLeft) {
  host_.settings().on_first_failure = config::FirstFailure::leave;
  release(shop("1", "registry.test/nonesuch"));
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::left);
  EXPECT_TRUE(host_.get(kWeb).is_object());
  EXPECT_TRUE(host_.get(kSettings).is_object());
  expect_whole();
  // The next one takes them over.
  next_ = host_.release("1.2.0", {{"all.yaml", shop("2")}});
  expect_new();
}

// GS-ROLLBACK-012: A way back that the API server refuses is tried a few times, then visibly stuck, and tried
// again with long pauses; it never goes forward again to the revision that failed.
TEST_F(RollbackTest, IsStuckAndTriesAgain) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.script(
      fault({{"method", "PATCH"}, {"path_glob", "*/deployments/web"}}, {{"status", 400}, {"message", "no"}}));
  ASSERT_TRUE(reaches("stuck")) << tell();
  EXPECT_EQ(deploying(), "stuck");
  EXPECT_EQ(host_.reason(), "kube.rejected");
  EXPECT_NE(host_.component().sentence.find("operator"), std::string::npos) << tell();
  // What could be put back is.
  EXPECT_EQ(kubesim::text(host_.get(kSettings), {"data", "value"}), "1");
  const uint64_t requests = host_.network().cluster_requests();
  pass(hours(5));
  EXPECT_EQ(host_.deployments().size(), 2U);
  EXPECT_LT(host_.network().cluster_requests() - requests, 5 * 6 * 3 * 20U) << "pauses are too short";
  EXPECT_GT(host_.network().cluster_requests(), requests) << "it is not tried again";
  host_.script(Json::object());
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.reason(), "health.failed") << "the revision's own cause is what counts";
  EXPECT_TRUE(is_remembered());
  expect_as_before();
}

// GS-ROLLBACK-013: An operator's request ends the pause at once.
TEST_F(RollbackTest, IsStuckUntilAnOperatorAsks) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.script(
      fault({{"method", "PATCH"}, {"path_glob", "*/deployments/web"}}, {{"status", 400}, {"message", "no"}}));
  ASSERT_TRUE(reaches("stuck")) << tell();
  host_.script(Json::object());
  ASSERT_TRUE(host_.engine().request("shop"));
  ASSERT_TRUE(host_.run_until([&] { return host_.state() == "failed"; }, minutes(1))) << tell();
  expect_as_before();
}

// GS-ROLLBACK-014: Stuck, killed and started again, it knows why it went back and goes on.
TEST_F(RollbackTest, IsStuckOverARestart) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.script(
      fault({{"method", "PATCH"}, {"path_glob", "*/deployments/web"}}, {{"status", 400}, {"message", "no"}}));
  ASSERT_TRUE(reaches("stuck")) << tell();
  host_.stop();
  host_.script(Json::object());
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.reason(), "health.failed");
  EXPECT_TRUE(is_remembered());
  expect_as_before();
}

// GS-ROLLBACK-015: A last good revision that does not become healthy any more is put back a few times, then
// stuck; when it is healthy again the deployment ends as it should have.
TEST_F(RollbackTest, TheLastGoodRevisionIsIll) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.script({{"rules", Json::array({{{"match", {{"image", "registry.test/web*"}}},
                                        {"behaviour", {{"crash_loop", true}}}}})}});
  // The pod of the good revision that still runs is not restarted by the rule alone.
  delete_pods();
  ASSERT_TRUE(reaches("stuck")) << tell();
  EXPECT_EQ(host_.reason(), "health.way_back");
  EXPECT_EQ(host_.deployments().size(), 2U);
  host_.script(Json::object());
  delete_pods();
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.reason(), "health.failed");
  expect_as_before();
}

// GS-ROLLBACK-016: An object that a finalizer holds for ever is waited for a while and then listed as left
// behind; the next revision confirms that it went.
TEST_F(RollbackTest, FinalizerNeverEnds) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch") +
          "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, namespace: shop, finalizers: "
          "[shop.test/never]}\n");
  ASSERT_TRUE(reaches("failed")) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back);
  auto left = host_.history().inventory("shop", history::Side::leftover).value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().key.name, "held");
  (void)host_.send("PATCH", "/api/v1/namespaces/shop/configmaps/held", "application/merge-patch+json",
                   R"({"metadata":{"finalizers":null}})");
  expect_as_before();
  next_ = host_.release("1.2.0", {{"all.yaml", shop("2")}});
  expect_new();
  EXPECT_TRUE(host_.history().inventory("shop", history::Side::leftover)->empty());
}

// GS-ROLLBACK-017: What may not be deleted does not keep a healthy revision from becoming the good one; it
// stays in the inventory.
TEST_F(RollbackTest, PruneIsRefused) {
  ASSERT_NO_FATAL_FAILURE(run_good(shop("1") + config_map("old", "1")));
  host_.script(
      fault({{"method", "DELETE"}}, {{"status", 403}, {"message", "admission webhook denied the request"}}));
  release(shop("2"));
  expect_new();
  EXPECT_EQ(host_.history().inventory("shop", history::Side::leftover)->size(), 1U);
  host_.script(Json::object());
  next_ = host_.release("1.2.0", {{"all.yaml", shop("2") + config_map("other", "2")}});
  expect_new();
  EXPECT_TRUE(host_.history().inventory("shop", history::Side::leftover)->empty());
  EXPECT_TRUE(host_.get("/api/v1/namespaces/shop/configmaps/old").is_null());
}

class BadSimCluster : public RollbackTest {};

// GS-ROLLBACK-020: An API server that is gone for an hour while a revision settles is waited for.
TEST_F(BadSimCluster, IsGoneForAnHourWhileSettling) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.network().set_cluster_gone(true);
  pass(hours(1));
  EXPECT_EQ(host_.state(), "blocked");
  EXPECT_EQ(host_.reason(), "kube.unreachable");
  EXPECT_EQ(deploying(), "settling");
  host_.network().set_cluster_gone(false);
  expect_new();
  EXPECT_EQ(host_.deployments().size(), 2U);
}

// GS-ROLLBACK-021: ... in the middle of the writes ...
TEST_F(BadSimCluster, IsGoneForAnHourWhileApplying) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  int writes = 0;
  host_.network().set_watcher([&](const http::Request& request) {
    if (request.method == "PATCH" && request.target.find("dryRun") == std::string::npos && ++writes == 1)
      host_.network().set_cluster_gone(true);
  });
  release(shop("2"));
  ASSERT_TRUE(comes_to("applying")) << tell();
  pass(hours(1));
  EXPECT_EQ(deploying(), "applying") << tell();
  EXPECT_EQ(host_.state(), "blocked");
  host_.network().set_cluster_gone(false);
  expect_new();
}

// GS-ROLLBACK-022: ... and on the way back, which goes on afterwards.
TEST_F(BadSimCluster, IsGoneForAnHourOnTheWayBack) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2", "registry.test/nonesuch"));
  ASSERT_TRUE(comes_to("reversing")) << tell();
  host_.network().set_cluster_gone(true);
  host_.network().set_registry_gone(true);
  pass(hours(1));
  EXPECT_EQ(deploying(), "reversing") << tell();
  host_.network().set_cluster_gone(false);
  // The registry stays away: nothing of the way back comes from there.
  ASSERT_TRUE(host_.run_until([&] { return host_.deployments().front().finished.has_value(); })) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back);
  host_.network().set_registry_gone(false);
  ASSERT_TRUE(reaches("failed")) << tell();
  expect_as_before();
}

// GS-ROLLBACK-023: A node that is not ready blocks for as long as it lasts; nothing is held against the
// revision.
TEST_F(BadSimCluster, NodeIsNotReady) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  // Half a minute after the node is back.
  constexpr int64_t kReadyAfter = (30 * 60 + 5 + 30) * 1000;
  Json script = {{"rules", Json::array({{{"match", {{"image", "registry.test/next*"}}},
                                         {"behaviour", {{"ready_after_ms", kReadyAfter}}}}})}};
  host_.script(script);
  release(shop("2", "registry.test/next"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  pass(seconds(5));
  script["nodes_ready"] = false;
  host_.script(script);
  pass(minutes(30));
  EXPECT_EQ(deploying(), "settling") << tell();
  EXPECT_FALSE(is_remembered());
  host_.script(Json::object());
  expect_new();
  EXPECT_EQ(host_.deployments().size(), 2U);
}

// GS-ROLLBACK-032: ... also when its pods are only made while the node is away, and find no place.
TEST_F(BadSimCluster, NodeIsNotReadyFromTheStart) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  host_.script({{"nodes_ready", false}});
  pass(seconds(2));
  release(shop("2"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  pass(minutes(30));
  EXPECT_EQ(deploying(), "settling") << tell();
  EXPECT_EQ(host_.reason(), "health.node") << tell();
  EXPECT_FALSE(is_remembered());
  host_.script(Json::object());
  expect_new();
  EXPECT_EQ(host_.deployments().size(), 2U);
}

// GS-ROLLBACK-033: An image that a dead mirror does not give takes the host back to what runs without it; it
// is not held against the revision, which is tried again ever more rarely until the mirror is there.
TEST_F(BadSimCluster, MirrorOfImagesIsDead) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  host_.script(
      {{"rules",
        Json::array({{{"match", {{"image", "registry.test/next*"}}},
                      {"behaviour",
                       {{"image_pull_failure", "dial tcp 10.0.0.9:443: connect: connection refused"}}}}})}});
  release(shop("2", "registry.test/next"));
  ASSERT_TRUE(host_.run_until([&] { return host_.deployments().size() == 2 && deploying().empty(); }))
      << tell();
  EXPECT_EQ(host_.state(), "blocked") << tell();
  EXPECT_EQ(host_.reason(), "health.surroundings") << tell();
  EXPECT_FALSE(is_remembered());
  for (const auto& line : differences(before_, host_.look())) ADD_FAILURE() << line;
  pass(hours(12));
  const size_t tries = host_.deployments().size();
  EXPECT_GT(tries, 5U) << "it is not tried again";
  EXPECT_LT(tries, 25U) << "pauses do not grow";
  host_.script(Json::object());
  expect_new();
}

// GS-ROLLBACK-024: A storm of 429 and passing 500s is sat out.
TEST_F(BadSimCluster, Storms) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  host_.script({{"faults", Json::array({{{"match", {{"method", "PATCH"}, {"count", 40}}},
                                         {"fault", {{"status", 429}, {"retry_after", 2}}}},
                                        {{"match", {{"method", "GET"}, {"count", 40}}},
                                         {"fault", {{"status", 500}, {"message", "boom"}}}}})}});
  release(shop("2"));
  expect_new();
  EXPECT_FALSE(is_remembered());
}

// GS-ROLLBACK-025: Answers that are lost after the deed are made up for by asking again.
TEST_F(BadSimCluster, LosesAnswers) {
  ASSERT_NO_FATAL_FAILURE(run_good(shop("1") + config_map("old", "1")));
  host_.script(
      {{"faults",
        Json::array({{{"match", {{"method", "PATCH"}, {"count", 7}}}, {"fault", {{"cut", "after"}}}},
                     {{"match", {{"method", "DELETE"}, {"count", 2}}}, {"fault", {{"cut", "after"}}}}})}});
  release(shop("2") + config_map("new", "2"));
  expect_new();
  EXPECT_TRUE(host_.get("/api/v1/namespaces/shop/configmaps/old").is_null());
}

// GS-ROLLBACK-026: A clock that jumps a year forward and back again in the middle changes nothing.
TEST_F(BadSimCluster, ClockJumps) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  release(shop("2"));
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.clock().jump(hours(24 * 365));
  pass(milliseconds(500));
  host_.clock().jump(-hours(24 * 365 * 2));
  expect_new();
}

// GS-ROLLBACK-027: An object that somebody edits while it is applied ends as it is declared; what they added
// stays.
TEST_F(BadSimCluster, EditsWhileWeApply) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  int edits = 0;
  host_.network().set_watcher([&](const http::Request& request) {
    if (request.method != "PATCH" || request.target.find("/configmaps/settings") == std::string::npos) return;
    if (++edits > 20) return;
    (void)host_.send("PATCH", std::string(kSettings) + "?fieldManager=operator",
                     "application/merge-patch+json",
                     R"({"data":{"value":"by hand )" + std::to_string(edits) + R"(","extra":"kept"}})");
  });
  release(shop("2"));
  expect_new();
  EXPECT_EQ(kubesim::text(host_.get(kSettings), {"data", "extra"}), "kept");
}

// GS-ROLLBACK-028: A definition that is removed under a settling revision takes it back; definition and
// objects of the last good revision are there again.
TEST_F(BadSimCluster, DefinitionIsRemovedUnderUs) {
  const std::string pumps =
      definition("pumps", "Pump", simple_version("v1", true)) +
      "---\napiVersion: shop.test/v1\nkind: Pump\nmetadata: {name: a, namespace: shop}\nspec: {size: ";
  ASSERT_NO_FATAL_FAILURE(run_good(shop("1") + pumps + "1}\n"));
  host_.settings().soak = seconds(20);
  host_.stop();
  ASSERT_TRUE(host_.start());
  release(shop("2") + pumps + "2}\n");
  ASSERT_TRUE(comes_to("settling")) << tell();
  (void)host_.send("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/pumps.shop.test",
                   "application/json", "{}");
  ASSERT_TRUE(host_.run_until([&] { return host_.deployments().front().finished.has_value(); })) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back) << tell();
  expect_as_before();
}

// GS-ROLLBACK-029: A namespace that never ends terminating under the way back is blocked for as long as it
// lasts; then the last good revision is put back whole.
TEST_F(BadSimCluster, NamespaceTerminatesUnderUs) {
  const std::string there =
      kNamespace +
      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: there, namespace: later}\ndata: {a: b}\n";
  ASSERT_NO_FATAL_FAILURE(run_good(shop("1") + there));
  host_.create("/api/v1/namespaces/later/configmaps",
               {{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata", {{"name", "held"}, {"finalizers", {"shop.test/never"}}}}});
  release(shop("2", "registry.test/nonesuch") + there);
  ASSERT_TRUE(comes_to("settling")) << tell();
  (void)host_.send("DELETE", "/api/v1/namespaces/later", "application/json", "{}");
  pass(minutes(30));
  EXPECT_EQ(deploying(), "reversing") << tell();
  EXPECT_EQ(host_.reason(), "kube.terminating") << tell();
  EXPECT_EQ(kubesim::text(host_.get(kSettings), {"data", "value"}), "1");
  (void)host_.send("PATCH", "/api/v1/namespaces/later/configmaps/held", "application/merge-patch+json",
                   R"({"metadata":{"finalizers":null}})");
  ASSERT_TRUE(host_.run_until([&] { return host_.deployments().front().finished.has_value(); })) << tell();
  EXPECT_EQ(host_.deployments().front().outcome, history::DeploymentOutcome::rolled_back) << tell();
  expect_as_before();
}

// GS-ROLLBACK-030: Objects that an annotation leaves alone are not missed after a restart, on the way or
// back.
TEST_F(BadSimCluster, RestartKnowsWhatIsLeftAlone) {
  host_.create("/api/v1/namespaces/shop/configmaps",
               {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "theirs"}}}}, "helm");
  const std::string theirs = config_map("theirs", "ours", "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent");
  ASSERT_NO_FATAL_FAILURE(run_good(shop("1") + theirs));
  release(shop("2") + theirs);
  ASSERT_TRUE(comes_to("settling")) << tell();
  host_.stop();
  ASSERT_TRUE(host_.start());
  expect_new();
  before_ = host_.look();
  next_ = host_.release("1.2.0", {{"all.yaml", shop("3", "registry.test/nonesuch") + theirs}});
  ASSERT_TRUE(comes_to("settling_back")) << tell();
  host_.stop();
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(reaches("failed")) << tell();
  expect_as_before();
}

// GS-ROLLBACK-031: What the API server refused in the middle is still remembered when the agent is killed on
// the way back.
TEST_F(BadSimCluster, RefusalIsRememberedOverARestart) {
  ASSERT_NO_FATAL_FAILURE(run_good());
  host_.script(
      {{"faults",
        Json::array(
            {{{"match", {{"method", "PATCH"}, {"query_glob", "*dryRun=All*"}}}, {"fault", {{"delay_ms", 1}}}},
             {{"match", {{"method", "PATCH"}, {"path_glob", "*/deployments/web"}, {"count", 1}}},
              {"fault", {{"status", 400}, {"message", "no"}}}}})}});
  release(shop("2"));
  ASSERT_TRUE(comes_to("reversing")) << tell();
  host_.stop();
  ASSERT_TRUE(host_.start());
  ASSERT_TRUE(host_.run_until([&] { return deploying().empty() && host_.deployments().front().finished; }))
      << tell();
  EXPECT_TRUE(is_remembered());
  pass(hours(3));
  EXPECT_EQ(host_.deployments().size(), 2U) << "it is tried again and again";
  expect_as_before();
}

}  // namespace
}  // namespace gridseal::test
