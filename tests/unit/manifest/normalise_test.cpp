#include "manifest/normalise.hpp"

#include <gtest/gtest.h>

#include "unit/manifest/declared.hpp"

namespace gridseal::manifest {
namespace {

using testing::declared;

std::string normalised(std::string_view yaml) {
  Object object = declared(yaml);
  auto done = normalise(object);
  return done ? base::dump_json(object.body) : done.error().code();
}

// GS-MANIFEST-030: stringData of a Secret becomes data and wins over it.
TEST(Normalise, EncodesStringData) {
  EXPECT_EQ(normalised("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {a: eA==, b: eQ==}, "
                       "stringData: {a: hi}}"),
            R"({"apiVersion":"v1","data":{"a":"aGk=","b":"eQ=="},"kind":"Secret","metadata":{"name":"s"}})");
  EXPECT_EQ(normalised("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: 1}}"),
            "manifest.not_an_object");
  EXPECT_EQ(normalised("{apiVersion: v1, kind: Secret, metadata: {name: s}, data: [], stringData: {a: b}}"),
            "manifest.not_an_object");
  const std::string other =
      normalised("{apiVersion: e.example/v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}");
  EXPECT_NE(other.find("stringData"), std::string::npos);
}

// GS-MANIFEST-031: no value of a Secret is in the message that refuses it.
TEST(Normalise, KeepsSecretsOutOfMessages) {
  Object object =
      declared("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: {hunter2: hunter3}}}");
  auto done = normalise(object);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().describe().find("hunter"), std::string::npos);
  EXPECT_NE(done.error().describe().find("apps/web.yaml, document 1"), std::string::npos);
}

// GS-MANIFEST-032: ports of containers and Services have a protocol.
TEST(Normalise, WritesTheDefaultProtocol) {
  EXPECT_EQ(normalised("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 1}, "
                       "{port: 1, protocol: UDP}]}}"),
            R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},)"
            R"("spec":{"ports":[{"port":1,"protocol":"TCP"},{"port":1,"protocol":"UDP"}]}})");
  const std::string pods[] = {
      "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: ",
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template: {spec: ",
      "{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}, spec: {jobTemplate: {spec: {template: "
      "{spec: "};
  const std::string ends[] = {"}", "}}}", "}}}}}"};
  for (size_t at = 0; at < 3; ++at) {
    const std::string out = normalised(pods[at] +
                                       "{containers: [{ports: [{containerPort: 1}]}], initContainers: "
                                       "[{ports: [{containerPort: 2}, 7]}]}" +
                                       ends[at]);
    EXPECT_NE(out.find(R"({"containerPort":1,"protocol":"TCP"})"), std::string::npos) << out;
    EXPECT_NE(out.find(R"({"containerPort":2,"protocol":"TCP"})"), std::string::npos) << out;
  }
}

// GS-MANIFEST-033: what only the server writes is dropped; a definition keeps its status.
TEST(Normalise, DropsWhatIsTheServers) {
  EXPECT_EQ(
      normalised(
          "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, creationTimestamp: null, uid: u, "
          "resourceVersion: '1', generation: 2, managedFields: []}, status: {a: b}, "
          "spec: {template: {metadata: {creationTimestamp: null, labels: {a: b}}}}}"),
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},)"
      R"("spec":{"template":{"metadata":{"labels":{"a":"b"}}}}})");
  const std::string crd = normalised(
      "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x.y}, status: "
      "{a: b}}");
  EXPECT_NE(crd.find("status"), std::string::npos);
}

// GS-MANIFEST-034: the owner label is set and everything else of the user stays.
TEST(Normalise, SetsTheOwnerLabel) {
  Object object = declared(
      "{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {app.kubernetes.io/managed-by: Helm, "
      "gridseal.dev/component: evil}}}");
  set_owner_label(object, "shop");
  EXPECT_EQ(owner_of(object.body), "shop");
  EXPECT_EQ(object.body["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
  EXPECT_EQ(owner_of(declared("{apiVersion: v1, kind: Pod, metadata: {name: x}}").body), "");
}

// GS-MANIFEST-118: common labels and annotations replace those of the object, never those of its pods.
TEST(Normalise, SetsCommonMetadata) {
  Object object = declared(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, labels: {tier: web, site: here}}, "
      "spec: {template: {metadata: {labels: {site: here}}}}}");
  set_metadata(object, {{"site", "north"}}, {{"note", "3"}});
  EXPECT_EQ(object.body["metadata"]["labels"], (Json{{"tier", "web"}, {"site", "north"}}));
  EXPECT_EQ(object.body["metadata"]["annotations"], (Json{{"note", "3"}}));
  EXPECT_EQ(object.body["spec"]["template"]["metadata"]["labels"], (Json{{"site", "here"}}));
  const Json once = object.body;
  set_metadata(object, {}, {});
  EXPECT_EQ(object.body, once);
}

// GS-MANIFEST-035: normalising twice is normalising once.
TEST(Normalise, IsIdempotent) {
  Object object = declared("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hi}}");
  ASSERT_TRUE(normalise(object));
  const Json once = object.body;
  ASSERT_TRUE(normalise(object));
  EXPECT_EQ(object.body, once);
}

}  // namespace
}  // namespace gridseal::manifest
