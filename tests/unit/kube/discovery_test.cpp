#include "kube/discovery.hpp"

#include <gtest/gtest.h>

#include "double.hpp"
#include "kube/cluster.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using testing::answer;
using testing::text_answer;

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() {
    server().handler = [](const http::Request& request) -> base::Result<http::Response> {
      if (auto recorded = testing::discovery_answer(request)) return *recorded;
      return text_answer(404, "404 page not found\n");
    };
  }
  testing::FakeTransport& server() { return *access_.transport; }

  testing::FakeClock clock_;
  testing::FakeAccess access_;
  Client client_{access_, clock_, {}};
  Discovery discovery_{client_};
};

// GS-KUBE-030: two requests tell all kinds; after that they are known.
TEST_F(DiscoveryTest, ReadsTheAggregatedForm) {
  auto deployment = discovery_.find("apps", "v1", "Deployment", {});
  ASSERT_TRUE(deployment) << deployment.error().describe();
  EXPECT_EQ(deployment->plural, "deployments");
  EXPECT_TRUE(deployment->namespaced);
  EXPECT_TRUE(deployment->can("patch"));
  EXPECT_EQ(collection_path(*deployment, "shop"), "/apis/apps/v1/namespaces/shop/deployments");
  EXPECT_EQ(object_path(*deployment, {"apps", "v1", "Deployment", "", "web"}),
            "/apis/apps/v1/namespaces/default/deployments/web");
  auto node = discovery_.find("", "v1", "Node", {});
  ASSERT_TRUE(node);
  EXPECT_FALSE(node->namespaced);
  EXPECT_EQ(object_path(*node, {"", "v1", "Node", "ignored", "n/1"}), "/api/v1/nodes/n%2F1");
  EXPECT_EQ(server().requests.size(), 2U);
  EXPECT_EQ(server().requests.at(0).headers.get("Accept"),
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
}

// GS-KUBE-031: an older server that answers the plain form is understood too.
TEST_F(DiscoveryTest, FallsBackToTheLegacyForm) {
  const Json recorded = testing::fixture("discovery.json");
  server().handler = [&](const http::Request& request) -> base::Result<http::Response> {
    const auto it = recorded.find("plain " + request.target);
    if (it == recorded.end()) return text_answer(404, "404 page not found\n");
    return answer(200, it->at("body"));
  };
  auto deployment = discovery_.find("apps", "v1", "Deployment", {});
  ASSERT_TRUE(deployment) << deployment.error().describe();
  EXPECT_EQ(deployment->plural, "deployments");
  EXPECT_TRUE(discovery_.find("", "v1", "ConfigMap", {})->namespaced);
  EXPECT_FALSE(discovery_.find("", "v1", "Namespace", {})->namespaced);
}

// GS-KUBE-032: a kind that came with a new CRD is found when it is asked for, without a storm of requests
// before.
TEST_F(DiscoveryTest, LooksAgainForAnUnknownKind) {
  ASSERT_TRUE(discovery_.find("apps", "v1", "Deployment", {}));
  for (int i = 0; i < 5; ++i) {
    auto unknown = discovery_.find("example.com", "v1", "Widget", {});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), "kube.unknown_kind");
    EXPECT_EQ(unknown.error().outcome(), base::Outcome::blocked);
  }
  EXPECT_EQ(server().requests.size(), 2U);
  clock_.advance(std::chrono::seconds(1));
  server().handler = [](const http::Request& request) -> base::Result<http::Response> {
    if (request.target == "/api") return *testing::discovery_answer(request);
    return answer(200,
                  Json::parse(R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"example.com"},
      "versions":[{"version":"v1","resources":[{"resource":"widgets","scope":"Namespaced","verbs":["get"],
      "responseKind":{"group":"example.com","version":"v1","kind":"Widget"}}]}]}]})"));
  };
  EXPECT_TRUE(discovery_.find("example.com", "v1", "Widget", {}));
}

// GS-KUBE-033: an extension server that does not answer hides nobody else, and is named.
TEST_F(DiscoveryTest, ToleratesAStaleGroup) {
  server().handler = [](const http::Request& request) -> base::Result<http::Response> {
    if (request.target == "/api") return *testing::discovery_answer(request);
    return answer(200,
                  Json::parse(R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"metrics.test"},
      "versions":[{"version":"v1","freshness":"Stale"}]}]})"));
  };
  EXPECT_TRUE(discovery_.find("", "v1", "ConfigMap", {}));
  auto stale = discovery_.find("metrics.test", "v1", "Thing", {});
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code(), "kube.group_unavailable");
}

// GS-KUBE-034: names from discovery that would leave their place in a path are dropped.
TEST_F(DiscoveryTest, MistrustsNames) {
  server().handler = [](const http::Request&) -> base::Result<http::Response> {
    return answer(200, Json::parse(R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"x.test"},
      "versions":[{"version":"v1","resources":[{"resource":"../secrets","scope":"Namespaced","verbs":[],
      "responseKind":{"kind":"Evil"}}]}]}]})"));
  };
  EXPECT_FALSE(discovery_.find("x.test", "v1", "Evil", {}));
}

// GS-KUBE-035: an object recorded under a version that is served no longer is found under the preferred one.
TEST_F(DiscoveryTest, FindsAnyVersion) {
  EXPECT_FALSE(discovery_.find("apps", "v1beta1", "Deployment", {}));
  EXPECT_EQ(discovery_.find_any_version("apps", "Deployment", {})->version, "v1");
}

}  // namespace
}  // namespace gridseal::kube
