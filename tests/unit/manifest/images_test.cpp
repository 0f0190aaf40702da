#include "manifest/images.hpp"

#include <gtest/gtest.h>

#include "unit/manifest/declared.hpp"

namespace gridseal::manifest {
namespace {

using testing::declared;

const std::string kPinned = "r.example/app:v1@sha256:" + std::string(64, 'a');

struct Holder {
  const char* start;
  const char* end;
  const char* path;
};

const Holder kHolders[] = {
    {"{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: ", "}", "spec"},
    {"{apiVersion: v1, kind: PodTemplate, metadata: {name: x}, template: {spec: ", "}}", "template.spec"},
    {"{apiVersion: v1, kind: ReplicationController, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: batch/v1, kind: Job, metadata: {name: x}, spec: {template: {spec: ", "}}}",
     "spec.template.spec"},
    {"{apiVersion: batch/v1, kind: CronJob, metadata: {name: x}, spec: {jobTemplate: {spec: {template: "
     "{spec: ",
     "}}}}}", "spec.jobTemplate.spec.template.spec"},
};

// GS-MANIFEST-040: every image of every kind that holds pods is found.
TEST(Images, AreFoundInEveryKind) {
  for (const auto& holder : kHolders) {
    const Object object =
        declared(std::string(holder.start) +
                 "{containers: [{name: a, image: i1}, {name: b, image: i2}], "
                 "initContainers: [{name: c, image: i3}], ephemeralContainers: [{name: d, image: i4}], "
                 "volumes: [{name: v, emptyDir: {}}, {name: w, image: {reference: i5}}]}" +
                 holder.end);
    const auto uses = images_of(object);
    ASSERT_EQ(uses.size(), 5U) << holder.start;
    const std::string path = holder.path;
    EXPECT_EQ(uses[0].path, path + ".initContainers[0].image");
    EXPECT_EQ(uses[2].image, "i2");
    EXPECT_EQ(uses[2].container, "b");
    EXPECT_EQ(uses[4].path, path + ".volumes[1].image.reference");
    EXPECT_EQ(uses[4].container, "volume w");
  }
}

// GS-MANIFEST-041: an image that is not named by digest is refused, in whatever kind and list it hides.
TEST(Images, MustBePinned) {
  for (const auto& holder : kHolders) {
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
      const auto with = [&](const std::string& image) {
        return declared(std::string(holder.start) + "{" + list + ": [{name: a, image: '" + kPinned +
                        "'}, {name: app, image: '" + image + "'}]}" + holder.end);
      };
      EXPECT_TRUE(check_images_pinned(with(kPinned), false));
      EXPECT_TRUE(check_images_pinned(with("app:v1"), true));
      const auto refused = check_images_pinned(with("app:v1"), false);
      ASSERT_FALSE(refused) << holder.start << list;
      EXPECT_EQ(refused.error().code(), "manifest.image_not_pinned");
      EXPECT_NE(refused.error().message().find("app:v1"), std::string::npos);
      EXPECT_NE(refused.error().message().find("container app"), std::string::npos);
      EXPECT_NE(refused.error().message().find("apps/web.yaml, document 1"), std::string::npos);
    }
  }
}

// GS-MANIFEST-042: only a whole sha256 digest pins.
TEST(Images, KnowsADigest) {
  EXPECT_TRUE(is_pinned(kPinned));
  EXPECT_TRUE(is_pinned("app@sha256:" + std::string(64, '0')));
  for (const std::string& image :
       {std::string(), std::string("app"), std::string("app:v1"), std::string("app@"),
        "app@sha256:" + std::string(63, '0'), "app@sha256:" + std::string(65, '0'),
        "app@sha256:" + std::string(64, 'G'), "@sha256:" + std::string(64, '0'),
        "app@sha256:" + std::string(64, '0') + ":v1", "app@md5:" + std::string(32, '0')})
    EXPECT_FALSE(is_pinned(image)) << image;
}

// GS-MANIFEST-043: workloads of a wrong shape hold no images and break nothing.
TEST(Images, SurviveWrongShapes) {
  for (const char* spec :
       {"null", "[]", "x", "{containers: {}}", "{containers: [1, null, {image: 5}]}", "{volumes: [1]}"})
    for (const auto& holder : kHolders)
      EXPECT_TRUE(images_of(declared(std::string(holder.start) + spec + holder.end)).empty()) << spec;
}

}  // namespace
}  // namespace gridseal::manifest
