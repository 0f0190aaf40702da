// What runs inside the cluster: controllers, scheduler, kubelet, all small and driven by changes and time.
#pragma once

#include <memory>

#include "kubesim/cluster.hpp"

namespace gridseal::kubesim {

// Creates what every cluster has (namespaces, roles, the node) and starts the thread that reacts to changes.
void start_controllers(Cluster& cluster);

// The same without a thread; Engine::run_until() drives it.
class Engine;
std::unique_ptr<Engine> attach_controllers(Cluster& cluster);

}  // namespace gridseal::kubesim
