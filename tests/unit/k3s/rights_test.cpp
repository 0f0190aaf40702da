#include "k3s/rights.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace gridseal::k3s {
namespace {

using base::Json;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::vector<std::string> kAll{"create", "delete", "get", "list", "patch", "update", "watch"};

const std::vector<kube::Resource> kServed{
    {"", "v1", "ConfigMap", "configmaps", true, kAll},
    {"", "v1", "Secret", "secrets", true, kAll},
    {"", "v1", "Namespace", "namespaces", false, kAll},
    {"", "v1", "Node", "nodes", false, kAll},
    {"apps", "v1", "Deployment", "deployments", true, kAll},
    {"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, kAll},
    {"rbac.authorization.k8s.io", "v1", "Role", "roles", true, kAll},
    {"example.com", "v1", "Deployment", "foreigndeployments", true, kAll},
    {"metrics.k8s.io", "v1beta1", "PodMetrics", "pods", true, {"get", "list"}},
};

config::Settings settings(const std::function<void(config::Component&)>& change) {
  config::Settings settings;
  config::Component& shop = settings.components["shop"];
  shop.name = "shop";
  shop.ceiling.namespaces = {"shop"};
  shop.ceiling.kinds = {"ConfigMap", "Deployment"};
  change(shop);
  return settings;
}

const Json* find(const Rights& rights, const std::string& kind, const std::string& name,
                 const std::string& name_space = {}) {
  const auto it = std::ranges::find_if(rights.objects, [&](const Json& object) {
    const Json& metadata = object["metadata"];
    return object["kind"] == kind && metadata["name"] == name &&
           metadata.value("namespace", "") == name_space;
  });
  return it == rights.objects.end() ? nullptr : &*it;
}

// Every resource that a role gives, as "group/resource".
std::set<std::string> given(const Json& role, const std::string& verb) {
  std::set<std::string> out;
  for (const Json& rule : role["rules"]) {
    if (std::ranges::find(rule["verbs"], Json(verb)) == rule["verbs"].end()) continue;
    for (const Json& group : rule["apiGroups"]) {
      for (const Json& resource : rule["resources"])
        out.insert(group.get<std::string>() + "/" + resource.get<std::string>());
    }
  }
  return out;
}

// GS-K3S-001: a component's kinds in its namespaces and nothing else; kinds of one name in a foreign group
// are not meant.
TEST(Rights, KindsOfTheCeilingInItsNamespaces) {
  const Rights rights = rights_for(settings([](auto&) {}), kServed);
  const Json* role = find(rights, "ClusterRole", "gridseal-component-shop");
  ASSERT_NE(role, nullptr);
  EXPECT_EQ(given(*role, "delete"), (std::set<std::string>{"/configmaps", "apps/deployments"}));
  EXPECT_NE(find(rights, "RoleBinding", "gridseal-component-shop", "shop"), nullptr);
  EXPECT_EQ(find(rights, "ClusterRoleBinding", "gridseal-component-shop"), nullptr);
  EXPECT_NE(find(rights, "RoleBinding", "gridseal-watch", "shop"), nullptr);
  EXPECT_EQ(rights.namespaces, (std::vector<std::string>{"gridseal", "shop"}));
}

// GS-K3S-002: what is bound in the whole cluster reads nodes and namespaces; a Namespace may be made only
// under the names of the ceiling.
TEST(Rights, ClusterWide) {
  const Rights rights = rights_for(settings([](auto&) {}), kServed);
  EXPECT_EQ(given(*find(rights, "ClusterRole", "gridseal-read"), "list"),
            (std::set<std::string>{"/namespaces", "/nodes"}));
  const Json* cluster = find(rights, "ClusterRole", "gridseal-cluster-shop");
  ASSERT_NE(cluster, nullptr);
  ASSERT_EQ((*cluster)["rules"].size(), 1U);
  EXPECT_EQ((*cluster)["rules"][0]["resourceNames"], Json::array({"shop"}));
  EXPECT_EQ(given(*cluster, "delete"), std::set<std::string>());
  std::vector<std::string> bound;
  for (const Json& object : rights.objects) {
    if (object["kind"] == "ClusterRoleBinding") bound.push_back(object["metadata"]["name"]);
  }
  EXPECT_THAT(bound, ::testing::UnorderedElementsAre("gridseal-read", "gridseal-cluster-shop"));
}

// GS-K3S-003: cluster-scoped kinds only when a ceiling names them.
TEST(Rights, ClusterScopedKinds) {
  const Rights rights =
      rights_for(settings([](auto& shop) { shop.ceiling.cluster_scoped = {"PriorityClass"}; }), kServed);
  EXPECT_EQ(given(*find(rights, "ClusterRole", "gridseal-cluster-shop"), "delete"),
            (std::set<std::string>{"scheduling.k8s.io/priorityclasses"}));
}

// GS-K3S-004: "*" is every namespaced kind that can be written, but none that gives power over the cluster.
TEST(Rights, AllKinds) {
  const Rights rights = rights_for(settings([](auto& shop) { shop.ceiling.kinds = {"*"}; }), kServed);
  EXPECT_EQ(given(*find(rights, "ClusterRole", "gridseal-component-shop"), "patch"),
            (std::set<std::string>{"/configmaps", "/secrets", "apps/deployments",
                                   "example.com/foreigndeployments"}));
}

// GS-K3S-005: a component with a service account gives the agent nothing but to act as exactly that account.
TEST(Rights, ServiceAccount) {
  const Rights rights =
      rights_for(settings([](auto& shop) { shop.service_account = "tenants/deployer"; }), kServed);
  EXPECT_EQ(find(rights, "ClusterRole", "gridseal-component-shop"), nullptr);
  EXPECT_EQ(find(rights, "ClusterRole", "gridseal-cluster-shop"), nullptr);
  const Json* role = find(rights, "Role", "gridseal-impersonate", "tenants");
  ASSERT_NE(role, nullptr);
  ASSERT_EQ((*role)["rules"].size(), 1U);
  EXPECT_EQ((*role)["rules"][0]["verbs"], Json::array({"impersonate"}));
  EXPECT_EQ((*role)["rules"][0]["resourceNames"], Json::array({"deployer"}));
  EXPECT_THAT(rights.namespaces, Contains("tenants"));
}

// GS-K3S-006: a token may be asked for by the agent for itself alone; no role has "*" as verb or group, and
// none may impersonate, bind or escalate.
TEST(Rights, NothingThatGrows) {
  const Rights rights = rights_for(settings([](auto& shop) { shop.ceiling.kinds = {"*"}; }), kServed);
  const Json* token = find(rights, "Role", "gridseal-token", "gridseal");
  ASSERT_NE(token, nullptr);
  EXPECT_EQ((*token)["rules"][0]["resourceNames"], Json::array({"gridseal"}));
  for (const Json& object : rights.objects) {
    EXPECT_EQ(object["metadata"]["labels"][std::string(kManagedLabel)], std::string(kManagedValue));
    if (!object.contains("rules")) continue;
    for (const Json& rule : object["rules"]) {
      for (const char* verb : {"*", "impersonate", "bind", "escalate"})
        EXPECT_EQ(std::ranges::count(rule["verbs"], Json(verb)), 0) << object.dump();
      EXPECT_EQ(std::ranges::count(rule["apiGroups"], Json("*")), 0) << object.dump();
    }
  }
}

// GS-K3S-007: a kind that the cluster does not serve yet: its whole group with a remark; nothing when it has
// no group of its own or a powerful one.
TEST(Rights, KindsToCome) {
  const Rights rights =
      rights_for(settings([](auto& shop) {
                   shop.ceiling.kinds = {"Pump.water.example", "Gizmo", "Addon.k3s.cattle.io"};
                 }),
                 kServed);
  EXPECT_EQ(given(*find(rights, "ClusterRole", "gridseal-component-shop"), "patch"),
            (std::set<std::string>{"water.example/*"}));
  EXPECT_EQ(rights.remarks.size(), 3U);
  EXPECT_THAT(rights.remarks.front(), HasSubstr("Pump.water.example"));
}

// GS-K3S-008: a component without any namespace gets none, and that is said.
TEST(Rights, NoNamespace) {
  const Rights rights = rights_for(settings([](auto& shop) { shop.ceiling.namespaces.clear(); }), kServed);
  EXPECT_EQ(find(rights, "ClusterRole", "gridseal-component-shop"), nullptr);
  ASSERT_EQ(rights.remarks.size(), 1U);
  EXPECT_THAT(rights.remarks.front(), HasSubstr("no namespace"));
}

}  // namespace
}  // namespace gridseal::k3s
