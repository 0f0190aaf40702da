// Everything that is in a cluster, as it can be compared: two snapshots are equal when nothing is different
// that an operator, or the program in a pod, could care about.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kubesim/local.hpp"

namespace gridseal::test {

// By "storage namespace/name". Left out: status, versions, uids, times, events; what controllers make
// (ReplicaSets, pods, ...) stands under its owner's name, without what a new one of the same content would
// have otherwise; ReplicaSets that are scaled down, which a Deployment keeps as its history. Kept: who owns
// which field.
using Snapshot = std::map<std::string, std::shared_ptr<const kubesim::Json>>;

Snapshot snapshot(kubesim::LocalCluster& cluster);

// The same as one text.
std::string text_of(const Snapshot& snapshot);

// One line for each difference; empty when there is none.
std::vector<std::string> differences(const Snapshot& before, const Snapshot& after);

}  // namespace gridseal::test
