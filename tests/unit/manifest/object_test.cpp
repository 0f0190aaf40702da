#include "manifest/object.hpp"

#include <gtest/gtest.h>

#include "manifest/yaml.hpp"
#include "unit/manifest/declared.hpp"

namespace gridseal::manifest {
namespace {

using testing::declared;

std::string refusal(std::string_view yaml) {
  auto documents = parse_yaml(yaml);
  if (!documents) return documents.error().describe();
  auto objects = Object::from_document(documents->empty() ? Json() : documents->front(), {"a/b.yaml", 3});
  if (objects) return "";
  EXPECT_EQ(objects.error().code(), "manifest.not_an_object");
  EXPECT_EQ(objects.error().outcome(), base::Outcome::refused);
  return objects.error().message();
}

// GS-MANIFEST-010: an object is named by group, kind, namespace and name; its version is kept beside.
TEST(Object, TakesItsKey) {
  const Object object =
      declared("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}");
  EXPECT_EQ(object.key.group, "apps");
  EXPECT_EQ(object.key.version, "v1");
  EXPECT_EQ(object.key.api_version(), "apps/v1");
  EXPECT_EQ(object.key.describe(), "Deployment shop/web");
  ObjectKey other = object.key;
  other.version = "v1beta1";
  EXPECT_EQ(other, object.key);
  EXPECT_EQ(declared("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}").key.describe(),
            "Namespace shop");
  EXPECT_EQ(declared("{apiVersion: a.example/v1, kind: Service, metadata: {name: x}}").key.describe(),
            "Service.a.example x");
}

// GS-MANIFEST-011: what is not a Kubernetes object is refused, and the refusal names file and document.
TEST(Object, RefusesWhatIsNone) {
  const char* rows[] = {
      "just text",
      "[1, 2]",
      "{}",
      "{apiVersion: v1, metadata: {name: x}}",
      "{kind: Pod, metadata: {name: x}}",
      "{apiVersion: 1, kind: Pod, metadata: {name: x}}",
      "{apiVersion: v1, kind: pod, metadata: {name: x}}",
      "{apiVersion: v1, kind: Pod/x, metadata: {name: x}}",
      "{apiVersion: a/b/v1, kind: Pod, metadata: {name: x}}",
      "{apiVersion: ../v1, kind: Pod, metadata: {name: x}}",
      "{apiVersion: v1, kind: Pod}",
      "{apiVersion: v1, kind: Pod, metadata: []}",
      "{apiVersion: v1, kind: Pod, metadata: {}}",
      "{apiVersion: v1, kind: Pod, metadata: {generateName: x-}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: 5}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: Web}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: -web}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: web.-a}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: a..b}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: ../secrets}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: a/b}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: a.b}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: 7}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {a: 1}}}",
      "{apiVersion: v1, kind: Pod, metadata: {name: x, annotations: [a]}}",
      "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a/b}}",
      "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: '..'}}",
      "{apiVersion: v1, kind: List, items: {}}",
      "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: []}]}",
      "{apiVersion: v1, kind: List, items: [null]}",
  };
  for (const char* row : rows) {
    const std::string message = refusal(row);
    EXPECT_NE(message, "") << row;
    EXPECT_NE(message.find("a/b.yaml, document 3"), std::string::npos) << message;
  }
  EXPECT_NE(refusal("{apiVersion: v1, kind: Pod, metadata: {generateName: x-}}").find("generateName"),
            std::string::npos);
  EXPECT_EQ(refusal("{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: 'system:A'}}"),
            "");
}

// GS-MANIFEST-012: lists are taken apart, empty documents give nothing.
TEST(Object, FlattensLists) {
  auto objects = Object::from_document(
      parse_yaml("{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}},"
                 "{apiVersion: v1, kind: Secret, metadata: {name: b}}]}")
          ->front(),
      {});
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[1].key.describe(), "Secret b");
  EXPECT_TRUE(Object::from_document(Json(), {})->empty());
  EXPECT_TRUE(
      Object::from_document(parse_yaml("{apiVersion: v1, kind: PodList, items: []}")->front(), {})->empty());
  // A kind that merely ends so, without items, is an object.
  EXPECT_EQ(refusal("{apiVersion: a.example/v1, kind: AllowList, metadata: {name: x}}"), "");
}

// GS-MANIFEST-013: namespaced objects get the target namespace, else their own, else "default".
TEST(Object, SetsTheNamespace) {
  const auto result = [](const char* yaml, std::string_view target) {
    Object object = declared(yaml);
    set_namespace(object, target, &builtin_scope);
    const auto* written = base::find_string(object.body["metadata"], "namespace");
    EXPECT_EQ(object.key.namespace_, written == nullptr ? "" : *written);
    return object.key.namespace_;
  };
  const char* pod = "{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: own}}";
  const char* bare = "{apiVersion: v1, kind: Pod, metadata: {name: x}}";
  EXPECT_EQ(result(pod, ""), "own");
  EXPECT_EQ(result(pod, "target"), "target");
  EXPECT_EQ(result(bare, ""), "default");
  EXPECT_EQ(result(bare, "target"), "target");
  EXPECT_EQ(result("{apiVersion: v1, kind: Namespace, metadata: {name: x, namespace: other}}", "target"), "");
  EXPECT_EQ(
      result("{apiVersion: e.example/v1, kind: Thing, metadata: {name: x, namespace: other}}", "target"),
      "other");
}

}  // namespace
}  // namespace gridseal::manifest
