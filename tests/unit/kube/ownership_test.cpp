// What is ours of a live object, on recorded bodies (kube-contract 022, 024, 130; the manager is called
// gridseal).
#include "kube/ownership.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "double.hpp"
#include "kube/drift.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using ::testing::ElementsAre;

const Json& recorded() {
  static const Json all = testing::fixture("ownership.json");
  return all;
}
const Json& owned(const char* step) {
  return recorded().at("ownership").at(step);
}
std::vector<std::string> fields(const std::vector<FieldChange>& changes) {
  std::vector<std::string> names;
  for (const auto& change : changes) names.push_back(change.field);
  return names;
}

// GS-DRIFT-100: what controllers write, and what others add beside ours, leaves the digest of our part alone.
TEST(Ownership, StatusAndForeignFieldsAreNotOurs) {
  size_t kinds = 0;
  for (const Json& pair : recorded().at("settled")) {
    EXPECT_EQ(own_fields_digest(pair.at("applied")), own_fields_digest(pair.at("later")))
        << pair.at("applied").at("kind");
    EXPECT_NE(own_fields_digest(pair.at("applied")), "");
    ++kinds;
  }
  EXPECT_GT(kinds, 10U);
  EXPECT_EQ(own_fields_digest(owned("created")), own_fields_digest(owned("shared")));
}

// GS-DRIFT-101: a field that is taken over, removed or patched away changes it; nothing of ours gives no
// digest.
TEST(Ownership, ATakenFieldChangesTheDigest) {
  const std::string clean = own_fields_digest(owned("created"));
  EXPECT_NE(own_fields_digest(owned("forced_by_other")), clean);
  EXPECT_EQ(own_fields_digest(owned("patched")), "");
  EXPECT_EQ(own_fields_digest(owned("wiped")), "");
  EXPECT_EQ(own_fields_digest(Json::object()), "");
  EXPECT_EQ(own_fields_digest(nullptr), "");
}

// GS-DRIFT-102: the words name each field with its owner of now, the operation and the time.
TEST(Ownership, NamesFieldManagerAndTime) {
  const auto changes = changed_fields(owned("forced_by_other"), owned("created"));
  ASSERT_THAT(fields(changes), ElementsAre(".data.a"));
  EXPECT_EQ(changes[0].manager, "other");
  EXPECT_EQ(changes[0].operation, "Apply");
  ASSERT_TRUE(changes[0].time);
  EXPECT_EQ(base::format_rfc3339(*changes[0].time).substr(0, 10), "2026-11-23");

  const auto patched = changed_fields(owned("patched"), owned("forced_back"));
  ASSERT_THAT(fields(patched), ElementsAre(".data.b"));
  EXPECT_EQ(patched[0].manager, "gridseal");
  EXPECT_EQ(patched[0].operation, "Update");
}

// GS-DRIFT-103: a field that nobody owns any more was removed: no manager is accused.
TEST(Ownership, ARemovedFieldHasNoManager) {
  const auto changes = changed_fields(owned("removed"), owned("created"));
  ASSERT_THAT(fields(changes), ElementsAre(".data.a"));
  EXPECT_EQ(changes[0].manager, "");
  EXPECT_FALSE(changes[0].time);
}

// GS-DRIFT-104: when every field is still ours, the places where values would change are named, never values.
TEST(Ownership, FallsBackToPlacesThatDiffer) {
  EXPECT_THAT(changed_fields(recorded().at("dry_run").at("live"), recorded().at("dry_run").at("no_op")),
              ElementsAre());
  Json live = owned("created");
  Json applied = live;
  applied["data"]["a"] = "another";
  applied["status"] = {{"x", 1}};
  EXPECT_THAT(fields(changed_fields(live, applied)), ElementsAre(".data.a"));
}

// GS-DRIFT-105: elements of lists are named by their keys; one that is missing as a whole is named once; the
// number of names is bounded.
TEST(Ownership, NamesListElementsByTheirKeys) {
  const auto with = [](const Json& set) {
    return Json{
        {"metadata",
         {{"managedFields",
           {{{"manager", "gridseal"}, {"operation", "Apply"}, {"apiVersion", "v1"}, {"fieldsV1", set}}}}}}};
  };
  const Json wanted = {{"f:spec",
                        {{"f:containers",
                          {{R"(k:{"name":"web"})", {{".", Json::object()}, {"f:image", Json::object()}}},
                           {R"(k:{"name":"log"})", {{".", Json::object()}, {"f:image", Json::object()}}}}}}}};
  Json present = wanted;
  present["f:spec"]["f:containers"].erase(R"(k:{"name":"log"})");
  present["f:spec"]["f:containers"][R"(k:{"name":"web"})"].erase("f:image");
  EXPECT_THAT(fields(changed_fields(with(present), with(wanted))),
              ElementsAre(R"(.spec.containers[name="log"])", R"(.spec.containers[name="web"].image)"));
  EXPECT_EQ(changed_fields(with(Json::object()), with(wanted), 1).size(), 1U);
}

// GS-DRIFT-106: a finished Job and what annotations protect are left alone.
TEST(Ownership, LeavesFinishedJobsAndProtectedObjectsAlone) {
  Json job = {{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", {{"name", "a"}}}};
  EXPECT_FALSE(is_left_alone(job));
  job["status"]["conditions"] = {{{"type", "Complete"}, {"status", "True"}}};
  EXPECT_TRUE(is_left_alone(job));
  Json map = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "a"}}}};
  EXPECT_FALSE(is_left_alone(map));
  for (const char* ssa : {"Ignore", "IfNotPresent"}) {
    map["metadata"]["annotations"] = {{"kustomize.toolkit.fluxcd.io/ssa", ssa}};
    EXPECT_TRUE(is_left_alone(map)) << ssa;
  }
  map["metadata"]["annotations"] = {{"kustomize.toolkit.fluxcd.io/ssa", "Merge"}};
  EXPECT_FALSE(is_left_alone(map));
  map["metadata"]["annotations"] = {{"kustomize.toolkit.fluxcd.io/reconcile", "disabled"}};
  EXPECT_TRUE(is_left_alone(map));
}

}  // namespace
}  // namespace gridseal::kube
