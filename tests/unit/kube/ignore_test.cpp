#include "kube/ignore.hpp"

#include <gtest/gtest.h>

#include "double.hpp"
#include "kube/apply.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using testing::answer;

Json entry(const std::string& manager, const std::string& operation, const Json& fields,
           const std::string& subresource = {}) {
  Json out = {
      {"manager", manager}, {"operation", operation}, {"apiVersion", "apps/v1"}, {"fieldsV1", fields}};
  if (!subresource.empty()) out["subresource"] = subresource;
  return out;
}

Json deployment(int replicas) {
  const Json app = {
      {"name", "app"}, {"image", "a:1"}, {"resources", {{"limits", {{"cpu", "1"}, {"memory", "1Gi"}}}}}};
  const Json side = {{"name", "side"}, {"image", "s:1"}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "Deployment"},
          {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"annotations", {{"note", "ours"}}}}},
          {"spec",
           {{"replicas", replicas}, {"template", {{"spec", {{"containers", Json::array({app, side})}}}}}}}};
}

Json owned(Json object, Json entries) {
  object["metadata"]["managedFields"] = std::move(entries);
  return object;
}

const Json kReplicas = Json::parse(R"({"f:spec":{"f:replicas":{}}})");

// GS-KUBE-200: an ignored field that another manager owns is left out of what is applied; nothing else is.
TEST(LeaveToOthers, WhatAnotherOwns) {
  const Json live = owned(deployment(5), {entry("kube-controller-manager", "Update", kReplicas, "scale")});
  Json body = leave_to_others(deployment(1), live, {"/spec/replicas"});
  EXPECT_FALSE(body["spec"].contains("replicas"));
  Json rest = deployment(1);
  rest["spec"].erase("replicas");
  EXPECT_EQ(body, rest);
}

// GS-KUBE-201: what only we own, or nobody, is applied as it is in the cluster; what somebody removed is not
// put back.
TEST(LeaveToOthers, WhatNobodyElseOwns) {
  for (const Json& entries : {Json::array({entry("gridseal", "Apply", kReplicas)}),
                              Json::array({entry("gridseal", "Update", kReplicas)}), Json::array()}) {
    EXPECT_EQ(
        leave_to_others(deployment(1), owned(deployment(5), entries), {"/spec/replicas"})["spec"]["replicas"],
        5);
  }
  Json live = deployment(5);
  live["metadata"].erase("annotations");
  EXPECT_FALSE(leave_to_others(deployment(1), live, {"/metadata/annotations/note"})["metadata"].contains(
      "annotations"));
}

// GS-KUBE-202: below an ignored object each field goes to its own owner.
TEST(LeaveToOthers, FieldByField) {
  Json declared = deployment(1);
  declared["metadata"]["annotations"] = {{"a/b", "mine"}, {"theirs", "mine"}};
  Json live = declared;
  live["metadata"]["annotations"] = {{"a/b", "changed"}, {"theirs", "changed"}, {"more", "x"}};
  live = owned(live, {entry("injector", "Update",
                            Json::parse(R"({"f:metadata":{"f:annotations":{"f:theirs":{}}}})"))});
  EXPECT_EQ(leave_to_others(declared, live, {"/metadata/annotations"})["metadata"]["annotations"],
            Json({{"a/b", "changed"}}));
  EXPECT_EQ(leave_to_others(declared, live, {"/metadata/annotations/a~1b"})["metadata"]["annotations"],
            Json({{"a/b", "changed"}, {"theirs", "mine"}}));
}

// GS-KUBE-203: elements of lists with merge keys are found by their keys, wherever they stand, and keep them.
TEST(LeaveToOthers, ElementsByMergeKey) {
  Json live = deployment(1);
  std::swap(live["spec"]["template"]["spec"]["containers"][0],
            live["spec"]["template"]["spec"]["containers"][1]);
  live["spec"]["template"]["spec"]["containers"][1]["resources"]["limits"] = {{"cpu", "3"},
                                                                              {"memory", "3Gi"}};
  live =
      owned(live, {entry("vpa", "Update", Json::parse(R"({"f:spec":{"f:template":{"f:spec":{"f:containers":{
    "k:{\"name\":\"app\"}":{"f:resources":{"f:limits":{"f:cpu":{}}}}}}}}})"))});
  Json body = leave_to_others(deployment(1), live, {"/spec/template/spec/containers/0/resources/limits"});
  const Json& containers = body["spec"]["template"]["spec"]["containers"];
  EXPECT_EQ(containers[0]["resources"]["limits"], Json({{"memory", "3Gi"}}));
  EXPECT_EQ(containers[0]["name"], "app");
  EXPECT_EQ(containers[1], deployment(1)["spec"]["template"]["spec"]["containers"][1]);
  body = leave_to_others(deployment(1), live, {"/spec/template/spec/containers/0"});
  EXPECT_EQ(body["spec"]["template"]["spec"]["containers"][0]["name"], "app");
}

// GS-KUBE-204: a list without merge keys is one field, whoever owns it.
TEST(LeaveToOthers, OtherLists) {
  Json declared = deployment(1);
  declared["spec"]["args"] = {"a", "b"};
  Json live = declared;
  live["spec"]["args"] = {"c"};
  EXPECT_EQ(leave_to_others(declared, live, {"/spec/args/0"})["spec"]["args"], Json::array({"c"}));
  live = owned(live, {entry("other", "Apply", Json::parse(R"({"f:spec":{"f:args":{}}})"))});
  EXPECT_FALSE(leave_to_others(declared, live, {"/spec/args/1"})["spec"].contains("args"));
  EXPECT_EQ(leave_to_others(declared, live, {"/spec/args/7"})["spec"]["args"], declared["spec"]["args"]);
}

// GS-KUBE-205: what the halt of a component holds is declared as it is, so that it starts again.
TEST(LeaveToOthers, HaltedIsOurs) {
  const Json live = owned(deployment(0), {entry("gridseal-halt", "Apply", kReplicas)});
  EXPECT_EQ(leave_to_others(deployment(2), live, {"/spec/replicas"})["spec"]["replicas"], 2);
}

// GS-KUBE-206: the identity of an object is nobody else's, and what is no pointer names nothing.
TEST(LeaveToOthers, Identity) {
  const Json live =
      owned(deployment(2), {entry("other", "Apply", Json::parse(R"({"f:metadata":{"f:name":{}}})"))});
  for (const char* pointer :
       {"/metadata/name", "/metadata/namespace", "/kind", "/apiVersion", "", "spec", "/none"})
    EXPECT_EQ(leave_to_others(deployment(2), live, {pointer}), deployment(2)) << pointer;
}

// GS-KUBE-207: a kind is named alone or with its group.
TEST(KindPattern, GroupIsOptional) {
  const manifest::ObjectKey key{"apps", "v1", "Deployment", "shop", "web"};
  EXPECT_TRUE(is_of_kind(key, "Deployment"));
  EXPECT_TRUE(is_of_kind(key, "Deployment.apps"));
  EXPECT_FALSE(is_of_kind(key, "Deployment.example.com"));
  EXPECT_FALSE(is_of_kind(key, "Deploy"));
  EXPECT_TRUE(is_of_kind({"", "v1", "Service", "shop", "web"}, "Service"));
}

}  // namespace
}  // namespace gridseal::kube
