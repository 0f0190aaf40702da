// What a pod asks of its host: the "baseline" level of the Pod Security Standards, field by field, so that a
// finding can name the very field.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "manifest/object.hpp"

namespace gridseal::manifest {

enum class HostNeed { privileged, capability, security, host_path, host_namespace };

// `path` is the field, `what` a few words ("runs privileged").
using HostNeedSink = std::function<void(HostNeed need, const std::string& path, const std::string& what)>;

// Reports everything a workload's pods ask for beyond "baseline", and host paths of a PersistentVolume.
// Values of a wrong type count as asked for.
void find_host_needs(const Object& object, const HostNeedSink& sink);

}  // namespace gridseal::manifest
