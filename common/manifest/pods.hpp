// Where the built-in workload kinds keep their pods.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/object.hpp"

namespace gridseal::manifest {

// JSON pointer (RFC 6901) to the pod spec; empty when the kind holds none.
std::string_view pod_spec_pointer(const ObjectKey& key);

// JSON pointers to the templates (pod, job) that have metadata of their own.
std::vector<std::string> template_paths(const ObjectKey& key);

// The pod spec, when the object has one that is a map.
Json* find_pod_spec(Object& object);
const Json* find_pod_spec(const Object& object);

}  // namespace gridseal::manifest
