#include "kube/apply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "double.hpp"
#include "kube/owner.hpp"
#include "kube/takeover.hpp"

namespace gridseal::kube {
namespace {

using base::Json;
using testing::answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Json kNotFound = {{"kind", "Status"}, {"reason", "NotFound"}, {"message", "not found"}, {"code", 404}};

Json config_map(const Json& data, const Json& metadata = Json::object()) {
  Json object = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"data", data}};
  object["metadata"] = {{"name", "a"}, {"namespace", "n"}, {"labels", {{"gridseal.dev/component", "web"}}}};
  object["metadata"].update(metadata);
  return object;
}

Json live(Json object, const std::string& version = "7") {
  object["metadata"]["uid"] = "u-1";
  object["metadata"]["resourceVersion"] = version;
  object["metadata"]["managedFields"] = Json::array();
  return object;
}

class ApplyTest : public ::testing::Test {
 protected:
  ApplyTest() {
    server().handler = [this](const http::Request& request) -> base::Result<http::Response> {
      if (auto discovery = testing::discovery_answer(request)) return *discovery;
      ADD_FAILURE() << "unexpected " << request.method << " " << request.target;
      return testing::broken("http.connect");
    };
    EXPECT_TRUE(cluster_.discovery().find("", "v1", "ConfigMap", {}));
    server().requests.clear();
  }
  testing::FakeTransport& server() { return *access_.transport; }
  void expect(int status, const Json& body) { server().expect(answer(status, body)); }
  std::vector<std::string> sent() {
    std::vector<std::string> lines;
    for (const http::Request& request : server().requests) {
      std::string query = request.target.find('?') == std::string::npos
                              ? ""
                              : request.target.substr(request.target.find('?'));
      lines.push_back(request.method + query);
    }
    return lines;
  }

  testing::FakeClock clock_;
  testing::FakeAccess access_;
  Cluster cluster_{access_, clock_, {}};
};

// GS-KUBE-040: a plan is one read and one strict dry run, and says create, configure or unchanged.
TEST_F(ApplyTest, PlansByDryRun) {
  expect(404, kNotFound);
  expect(201, live(config_map({{"k", "1"}})));
  auto item = plan_object(cluster_, config_map({{"k", "1"}}), {});
  ASSERT_TRUE(item) << item.error().describe();
  EXPECT_EQ(item->action, Action::create);
  EXPECT_FALSE(item->adopted);
  EXPECT_EQ(item->uid, "");
  EXPECT_THAT(sent(), ElementsAre("GET", "PATCH?fieldManager=gridseal&dryRun=All&fieldValidation=Strict"));

  expect(200, live(config_map({{"k", "1"}})));
  expect(200, live(config_map({{"k", "1"}}), "7"));
  item = plan_object(cluster_, config_map({{"k", "1"}}), {});
  EXPECT_EQ(item->action, Action::unchanged);
  EXPECT_EQ(item->uid, "u-1");
  EXPECT_EQ(item->resource_version, "7");

  Json foreign = live(config_map({{"k", "1"}}));
  foreign["metadata"].erase("labels");
  expect(200, foreign);
  expect(200, live(config_map({{"k", "2"}})));
  item = plan_object(cluster_, config_map({{"k", "2"}}), {});
  EXPECT_EQ(item->action, Action::configure);
  EXPECT_TRUE(item->adopted);
}

// GS-KUBE-041: the plan names who loses which field; only then force is tried.
TEST_F(ApplyTest, PlanNamesConflicts) {
  expect(200, live(config_map({{"k", "1"}})));
  expect(409,
         Json::parse(R"({"kind":"Status","reason":"Conflict","message":"Apply failed","details":{"causes":[
    {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using v1","field":".data.k"}]}})"));
  expect(200, live(config_map({{"k", "2"}})));
  auto item = plan_object(cluster_, config_map({{"k", "2"}}), {});
  ASSERT_TRUE(item);
  EXPECT_THAT(item->conflicts, ElementsAre(Conflict{"kubectl-edit", ".data.k"}));
  EXPECT_EQ(item->action, Action::configure);
  EXPECT_EQ(sent().back(), "PATCH?fieldManager=gridseal&force=true&dryRun=All&fieldValidation=Strict");
}

// GS-KUBE-042: what waits for a namespace or a kind of the same revision is deferred, not refused.
TEST_F(ApplyTest, DefersWhatCannotBeDryRunYet) {
  expect(404, kNotFound);
  expect(404, {{"kind", "Status"}, {"reason", "NotFound"}, {"message", "namespaces \"n\" not found"}});
  auto item = plan_object(cluster_, config_map({{"k", "1"}}), {});
  ASSERT_TRUE(item);
  EXPECT_EQ(item->action, Action::deferred);
  EXPECT_THAT(item->reason, HasSubstr("namespaces \"n\" not found"));
  const Json widget = {{"apiVersion", "x.test/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}}}};
  item = plan_object(cluster_, widget, {});
  ASSERT_TRUE(item);
  EXPECT_EQ(item->action, Action::deferred);
  EXPECT_EQ(apply_object(cluster_, widget, {}).error().code(), "kube.unknown_kind");
}

// GS-KUBE-224: what the definition of this moment refuses is deferred when the revision changes it; the plan
// still tells the object that is there. Trouble of the surroundings is never deferred.
TEST_F(ApplyTest, DefersWhatAwaitsItsDefinition) {
  const Json unknown = {{"kind", "Status"}, {"message", "failed to create typed patch object: .x: no field"}};
  Json live = config_map({{"k", "1"}});
  live["metadata"]["uid"] = "u1";
  ApplyRules rules;
  for (const bool changes : {true, false}) {
    rules.definition_changes = changes;
    expect(200, live);
    expect(500, unknown);
    const auto item = plan_object(cluster_, config_map({{"k", "2"}}), {}, rules);
    EXPECT_EQ(item.has_value(), changes);
    if (!item) continue;
    EXPECT_EQ(item->action, Action::deferred);
    EXPECT_EQ(item->uid, "u1");
    EXPECT_THAT(item->reason, HasSubstr("no field"));
  }
  rules.definition_changes = true;
  expect(200, live);
  expect(403, {{"kind", "Status"}, {"reason", "Forbidden"}, {"message", "no"}});
  EXPECT_EQ(plan_object(cluster_, config_map({{"k", "2"}}), {}, rules).error().code(), "kube.forbidden");
}

// GS-KUBE-225: what is likely not there is one request, for the plan and for the apply, and takes no field by
// force; when it is there after all, or refused, everything is looked at as ever.
TEST_F(ApplyTest, CreatesUnseen) {
  ApplyRules rules;
  rules.absent = true;
  expect(201, live(config_map({{"k", "1"}})));
  const auto planned = plan_object(cluster_, config_map({{"k", "1"}}), {}, rules);
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->action, Action::create);
  EXPECT_EQ(planned->uid, "");
  expect(201, live(config_map({{"k", "1"}})));
  auto applied = apply_object(cluster_, config_map({{"k", "1"}}), {}, rules);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->action, Action::create);
  EXPECT_EQ(applied->uid, "u-1");
  EXPECT_THAT(sent(), ElementsAre("PATCH?fieldManager=gridseal&dryRun=All&fieldValidation=Strict",
                                  "PATCH?fieldManager=gridseal"));
  server().requests.clear();

  // Its namespace comes first: nothing more has to be asked.
  expect(404, {{"kind", "Status"}, {"reason", "NotFound"}, {"message", "namespaces \"n\" not found"}});
  const auto homeless = plan_object(cluster_, config_map({{"k", "1"}}), {}, rules);
  ASSERT_TRUE(homeless);
  EXPECT_EQ(homeless->action, Action::deferred);
  EXPECT_TRUE(homeless->homeless);
  server().requests.clear();

  for (const int first : {200, 409, 403}) {
    expect(first, first == 200 ? live(config_map({{"k", "1"}})) : kNotFound);
    expect(200, live(config_map({{"k", "1"}})));
    expect(200, live(config_map({{"k", "2"}}), "8"));
    applied = apply_object(cluster_, config_map({{"k", "2"}}), {}, rules);
    ASSERT_TRUE(applied) << first;
    EXPECT_EQ(applied->action, Action::configure);
    EXPECT_THAT(sent(),
                ElementsAre("PATCH?fieldManager=gridseal", "GET", "PATCH?fieldManager=gridseal&force=true"));
    server().requests.clear();
  }
  // Nobody looks twice for a server that does not answer.
  access_.transport->handler = [](const http::Request&) { return testing::broken("http.tls"); };
  EXPECT_EQ(apply_object(cluster_, config_map({{"k", "2"}}), {}, rules).error().code(), "kube.unreachable");
  EXPECT_EQ(std::ranges::count(sent(), "GET"), 0);
}

// GS-KUBE-226: what must be left alone where it exists is looked for first, whatever is likely.
TEST_F(ApplyTest, LooksFirstWhereItMustNotTouch) {
  ApplyRules rules;
  rules.absent = true;
  for (const char* way : {"IfNotPresent", "Ignore"}) {
    const Json object =
        config_map({{"k", "1"}}, {{"annotations", {{"kustomize.toolkit.fluxcd.io/ssa", way}}}});
    if (std::string(way) == "IfNotPresent") expect(200, live(config_map({{"k", "0"}})));
    const auto applied = apply_object(cluster_, object, {}, rules);
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->action, Action::skip);
  }
  EXPECT_THAT(sent(), ElementsAre("GET"));
}

// GS-KUBE-223: a path that the server no longer serves is a kind that went since it was discovered, not a
// missing object: discovery is read again.
TEST_F(ApplyTest, KindThatWent) {
  Json without = testing::fixture("discovery.json").at("/api").at("body");
  without["items"] = Json::array();
  server().expect(testing::text_answer(404, "404 page not found\n"));
  expect(200, without);
  server().expect(testing::discovery_answer({"GET", "/apis", {}, {}}).value());
  const auto item = plan_object(cluster_, config_map({{"k", "1"}}), {});
  ASSERT_TRUE(item) << item.error().describe();
  EXPECT_EQ(item->action, Action::deferred);
  EXPECT_TRUE(item->unserved);
  EXPECT_FALSE(item->homeless);
}

// GS-KUBE-043: Flux's annotations mean what they mean in Flux, in labels and annotations, declared and live.
TEST_F(ApplyTest, KeepsAwayWhenAnAnnotationSaysSo) {
  const auto annotated = [](const char* name, const char* value) {
    return config_map({{"k", "1"}},
                      {{"annotations", {{std::string("kustomize.toolkit.fluxcd.io/") + name, value}}}});
  };
  EXPECT_EQ(plan_object(cluster_, annotated("reconcile", "disabled"), {})->action, Action::skip);
  EXPECT_EQ(apply_object(cluster_, annotated("ssa", "Ignore"), {})->action, Action::skip);
  EXPECT_THAT(server().requests, IsEmpty());

  expect(200, live(annotated("reconcile", "Disabled")));
  EXPECT_EQ(apply_object(cluster_, config_map({{"k", "2"}}), {})->action, Action::skip);
  expect(200, live(config_map({{"k", "1"}})));
  EXPECT_EQ(apply_object(cluster_, annotated("ssa", "IfNotPresent"), {})->action, Action::skip);
  expect(404, kNotFound);
  expect(201, live(annotated("ssa", "IfNotPresent")));
  EXPECT_EQ(apply_object(cluster_, annotated("ssa", "IfNotPresent"), {})->action, Action::create);
  EXPECT_TRUE(policy_of(annotated("prune", "disabled")).prune_disabled);
  EXPECT_TRUE(policy_of(annotated("force", "enabled")).force);
}

// GS-KUBE-044: an object that is being deleted is not applied to: the apply would be lost with it.
TEST_F(ApplyTest, WaitsForADyingObject) {
  Json dying = live(config_map({{"k", "1"}}));
  dying["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  expect(200, dying);
  auto result = apply_object(cluster_, config_map({{"k", "2"}}), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), "kube.terminating");
  EXPECT_EQ(result.error().outcome(), base::Outcome::blocked);
}

// GS-KUBE-045: the fields of kubectl's client-side apply are taken over as recorded, guarded by
// resourceVersion.
TEST(Takeover, OfClientSideApplyIsTheRecordedPatch) {
  const Json recorded = testing::fixture("takeover.json");
  auto patch = takeover_patch(recorded.at("client_side").at("live"));
  ASSERT_TRUE(patch);
  // The recording kept the ownership of the maps themselves, which would remove what others put into them.
  Json expected = recorded.at("client_side").at("patch");
  Json& metadata = expected[1]["value"][0]["fieldsV1"]["f:metadata"];
  metadata["f:annotations"].erase(".");
  metadata["f:labels"].erase(".");
  EXPECT_EQ(*patch, expected);
}

// GS-KUBE-046: before-first-apply and our own merge patches are merged into our entry; controllers keep
// theirs.
TEST(Takeover, MergesLeftOvers) {
  const Json recorded = testing::fixture("takeover.json");
  auto patch = takeover_patch(recorded.at("before_first_apply"));
  ASSERT_TRUE(patch);
  ASSERT_EQ(patch->size(), 2U);
  EXPECT_EQ((*patch)[1].at("value").size(), 1U);
  EXPECT_EQ((*patch)[1].at("value")[0].at("operation"), "Apply");

  const Json& own = recorded.at("own_update");
  patch = takeover_patch(own);
  ASSERT_TRUE(patch);
  for (const Json& entry : (*patch)[1].at("value")) {
    EXPECT_FALSE(entry.at("manager") == "gridseal" && entry.at("operation") == "Update");
    if (entry.at("manager") == "gridseal") {
      EXPECT_TRUE(entry.at("fieldsV1").at("f:spec").at("f:strategy").contains("f:type"));
    }
  }
  patch = takeover_patch(recorded.at("deployment"));
  ASSERT_TRUE(patch);
  bool controller_kept = false;
  for (const Json& entry : (*patch)[1].at("value"))
    controller_kept = controller_kept || entry.at("manager") == "kube-controller-manager";
  EXPECT_TRUE(controller_kept);
  EXPECT_EQ((*patch)[2].at("op"), "remove");

  // Done once: nothing is left to take over.
  Json after = recorded.at("deployment");
  after["metadata"]["managedFields"] = (*patch)[1].at("value");
  EXPECT_FALSE(takeover_patch(after));
}

// GS-KUBE-047: a take-over that meets another writer reads again and tries again.
TEST_F(ApplyTest, TakeoverIsRepeatedAfterAConflict) {
  Json old = testing::fixture("takeover.json").at("client_side").at("live");
  const Json declared = {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "m1"}, {"namespace", "mig"}}}};
  expect(200, old);
  expect(409, {{"kind", "Status"}, {"reason", "Conflict"}, {"message", "the object has been modified"}});
  old["metadata"]["resourceVersion"] = "284";
  expect(200, old);
  Json taken = old;
  taken["metadata"]["managedFields"] = Json::array();
  expect(200, taken);
  taken["data"] = Json::object();
  expect(200, taken);
  auto result = apply_object(cluster_, declared, {});
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_EQ(result->action, Action::configure);
  EXPECT_THAT(sent(), ElementsAre("GET", "PATCH?fieldManager=gridseal", "GET", "PATCH?fieldManager=gridseal",
                                  "PATCH?fieldManager=gridseal&force=true"));
  EXPECT_EQ(Json::parse(server().requests.at(3).body)[0].at("value"), "284");
}

Json deployment(const char* strategy) {
  return Json{{"apiVersion", "apps/v1"},
              {"kind", "Deployment"},
              {"metadata", {{"name", "web"}, {"namespace", "n"}}},
              {"spec", {{"strategy", {{"type", strategy}}}}}};
}

// GS-KUBE-048: a switch to Recreate passes the plan and is prepared by a merge patch before the apply.
TEST_F(ApplyTest, SwitchesTheStrategy) {
  Json rolling = live(deployment("RollingUpdate"));
  rolling["spec"]["strategy"]["rollingUpdate"] = {{"maxSurge", "25%"}};
  const Json refusal =
      Json::parse(R"({"kind":"Status","reason":"Invalid","message":"invalid","details":{"causes":[
    {"reason":"FieldValueForbidden","message":"Forbidden: may not be specified","field":"spec.strategy.rollingUpdate"}]}})");
  expect(200, rolling);
  expect(422, refusal);
  auto item = plan_object(cluster_, deployment("Recreate"), {});
  ASSERT_TRUE(item) << item.error().describe();
  EXPECT_EQ(item->action, Action::configure);

  server().requests.clear();
  expect(200, rolling);
  expect(200, live(deployment("Recreate"), "8"));
  expect(200, live(deployment("Recreate"), "9"));
  auto result = apply_object(cluster_, deployment("Recreate"), {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->action, Action::configure);
  EXPECT_EQ(server().requests.at(1).headers.get("Content-Type"), "application/merge-patch+json");
  EXPECT_EQ(server().requests.at(1).body,
            R"({"spec":{"strategy":{"rollingUpdate":null,"type":"Recreate"}}})");
}

Json immutable_refusal() {
  return Json::parse(R"({"kind":"Status","reason":"Invalid","message":"Job is invalid","details":{"causes":[
    {"reason":"FieldValueInvalid","message":"Invalid value: 2: field is immutable","field":"spec.completions"}]}})");
}

Json job(bool force) {
  Json object = {
      {"apiVersion", "batch/v1"}, {"kind", "Job"}, {"metadata", {{"name", "j"}, {"namespace", "n"}}}};
  if (force) object["metadata"]["annotations"] = {{"kustomize.toolkit.fluxcd.io/force", "enabled"}};
  return object;
}

// GS-KUBE-049: an immutable field is refused with a hint; with the annotation the object is replaced, and the
// old body comes back when the new one is refused.
TEST_F(ApplyTest, ReplacesOnlyWhenAllowed) {
  expect(200, live(job(false)));
  expect(422, immutable_refusal());
  auto item = plan_object(cluster_, job(false), {});
  ASSERT_FALSE(item);
  EXPECT_EQ(item.error().code(), "kube.immutable");
  EXPECT_THAT(item.error().describe(), HasSubstr("force: enabled"));

  expect(200, live(job(false)));
  expect(422, immutable_refusal());
  item = plan_object(cluster_, job(true), {});
  ASSERT_TRUE(item);
  EXPECT_EQ(item->action, Action::replace);

  server().requests.clear();
  Json old = live(job(false));
  old["status"] = {{"active", 1}};
  old["spec"] = {{"completions", 1}};
  expect(200, old);
  expect(422, immutable_refusal());
  expect(200, {{"kind", "Status"}});
  expect(404, kNotFound);  // gone at once
  expect(422, {{"kind", "Status"}, {"reason", "Invalid"}, {"message", "too bad"}});
  expect(201, live(job(false)));
  auto result = apply_object(cluster_, job(true), {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().describe(), HasSubstr("the old one was put back"));
  EXPECT_EQ(Json::parse(server().requests.back().body),
            Json::parse(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"n"},
                            "spec":{"completions":1}})"));
  EXPECT_FALSE(is_replaceable({"", "v1", "PersistentVolumeClaim", "n", "x"}));
  EXPECT_FALSE(is_replaceable({"apps", "v1", "StatefulSet", "n", "x"}));
}

// GS-KUBE-208: a replacement waits for nothing: what does not go at once is kube.terminating with what holds
// it, and when it has gone the next call creates the new one.
TEST_F(ApplyTest, ReplacementIsResumed) {
  Json going = live(job(false));
  going["metadata"]["deletionTimestamp"] = "2026-11-23T17:19:50Z";
  going["metadata"]["finalizers"] = {"example.com/hold"};
  expect(200, live(job(false)));
  expect(422, immutable_refusal());
  expect(200, going);
  expect(200, going);
  auto result = apply_object(cluster_, job(true), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), "kube.terminating");
  EXPECT_THAT(result.error().describe(), HasSubstr("held by its finalizers example.com/hold"));
  EXPECT_TRUE(clock_.slept.empty());
  expect(200, going);
  EXPECT_EQ(apply_object(cluster_, job(true), {}).error().code(), "kube.terminating");
  expect(404, kNotFound);
  expect(201, live(job(true)));
  result = apply_object(cluster_, job(true), {});
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_EQ(result->action, Action::create);
}

// GS-KUBE-209: plan and apply leave an ignored field alone: the dry run and the apply carry the same body.
TEST_F(ApplyTest, IgnoredFieldsAreLeftOut) {
  Json theirs = live(config_map({{"k", "9"}, {"l", "1"}}));
  theirs["metadata"]["managedFields"] = Json::parse(
      R"([{"manager":"other","operation":"Update","apiVersion":"v1","fieldsV1":{"f:data":{"f:k":{}}}}])");
  const ApplyRules rules{{"/data/k"}};
  expect(200, theirs);
  expect(200, theirs);
  auto item = plan_object(cluster_, config_map({{"k", "1"}, {"l", "1"}}), {}, rules);
  ASSERT_TRUE(item);
  EXPECT_EQ(item->action, Action::unchanged);
  EXPECT_EQ(Json::parse(server().requests.back().body)["data"], Json({{"l", "1"}}));
  expect(200, theirs);
  expect(200, theirs);
  ASSERT_TRUE(apply_object(cluster_, config_map({{"k", "1"}, {"l", "1"}}), {}, rules));
  EXPECT_EQ(Json::parse(server().requests.back().body)["data"], Json({{"l", "1"}}));
  expect(404, kNotFound);
  expect(201, theirs);
  ASSERT_TRUE(apply_object(cluster_, config_map({{"k", "1"}, {"l", "1"}}), {}, rules));
  EXPECT_EQ(Json::parse(server().requests.back().body)["data"], Json({{"k", "1"}, {"l", "1"}}));
}

// GS-KUBE-066: a pre-image holds nothing that only the server writes, and no trace of a Job's old uid.
TEST(Preimage, CanBePutBack) {
  const Json before = testing::fixture("takeover.json").at("deployment");
  const Json body = preimage(before);
  EXPECT_FALSE(body.contains("status"));
  for (const char* name : {"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp"})
    EXPECT_FALSE(body.at("metadata").contains(name)) << name;
  EXPECT_EQ(body.at("spec"), before.at("spec"));
  const Json old_job =
      Json::parse(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","uid":"1"},"spec":{
    "selector":{"matchLabels":{"batch.kubernetes.io/controller-uid":"1"}},"template":{"metadata":{"labels":{
    "batch.kubernetes.io/controller-uid":"1","controller-uid":"1","job-name":"j","app":"x"}}}}})");
  EXPECT_EQ(preimage(old_job), Json::parse(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},
    "spec":{"template":{"metadata":{"labels":{"app":"x"}}}}})"));
}

// GS-KUBE-067: prune deletes only the very object that still is the component's.
TEST_F(ApplyTest, PrunesOnlyItsOwn) {
  const OwnedObject ours{{"", "v1", "ConfigMap", "n", "a"}, "u-1"};
  expect(200, live(config_map({{"k", "1"}})));
  expect(200, {{"kind", "Status"}});
  auto pruned = prune_object(cluster_, ours, "web", {}, {});
  ASSERT_TRUE(pruned);
  EXPECT_EQ(pruned->result, Pruned::deleted);
  EXPECT_EQ(Json::parse(server().requests.back().body).at("preconditions").at("uid"), "u-1");

  const auto left_behind = [&](const Json& now) {
    expect(200, now);
    return prune_object(cluster_, ours, "web", {}, {})->result == Pruned::left_behind;
  };
  EXPECT_TRUE(left_behind(live(config_map({{"k", "1"}}, {{"labels", Json::object()}}))));
  EXPECT_TRUE(
      left_behind(live(config_map({{"k", "1"}}, {{"labels", {{"gridseal.dev/component", "other"}}}}))));
  EXPECT_TRUE(left_behind(live(
      config_map({{"k", "1"}}, {{"annotations", {{"kustomize.toolkit.fluxcd.io/prune", "disabled"}}}}))));
  Json another = live(config_map({{"k", "1"}}));
  another["metadata"]["uid"] = "u-2";
  EXPECT_TRUE(left_behind(another));

  expect(404, kNotFound);
  EXPECT_EQ(prune_object(cluster_, ours, "web", {}, {})->result, Pruned::gone);
  const OwnedObject gone_kind{{"x.test", "v1", "Widget", "n", "a"}, ""};
  EXPECT_EQ(prune_object(cluster_, gone_kind, "web", {}, {})->result, Pruned::gone);
}

// GS-KUBE-068: kinds that hold data or other objects are left behind unless asked for.
TEST_F(ApplyTest, ProtectedKindsStay) {
  for (const char* kind : {"PersistentVolumeClaim", "PersistentVolume", "Namespace"}) {
    auto pruned = prune_object(cluster_, {{"", "v1", kind, "n", "a"}, "u"}, "web", {}, {});
    ASSERT_TRUE(pruned);
    EXPECT_EQ(pruned->result, Pruned::left_behind);
    EXPECT_THAT(pruned->reason, HasSubstr(kind));
  }
  EXPECT_THAT(server().requests, IsEmpty());
}

}  // namespace
}  // namespace gridseal::kube
