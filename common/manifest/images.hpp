// Pods inside objects, and the images that they name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/object.hpp"

namespace gridseal::manifest {

// Calls `visit` for every pod spec that a built-in workload kind holds (Pod, PodTemplate, Deployment,
// StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob), with its path
// ("spec.template.spec").
void for_each_pod_spec(const Object& object,
                       const std::function<void(const std::string& path, const Json& pod_spec)>& visit);

// Calls `visit` for each container, init container and ephemeral container of a pod spec.
void for_each_container(const std::string& path, const Json& pod_spec,
                        const std::function<void(const std::string& path, const Json& container)>& visit);

struct ImageUse {
  std::string container;  // or "volume <name>" for an image volume
  std::string path;       // "spec.template.spec.containers[0].image"
  std::string image;      // as written
};

std::vector<ImageUse> images_of(const Object& object);

// True when the reference ends in a sha256 digest.
bool is_pinned(std::string_view image);

// Errors (refused): manifest.image_not_pinned, naming object, container and image, unless `allow_tags`.
base::Result<void> check_images_pinned(const Object& object, bool allow_tags);

}  // namespace gridseal::manifest
