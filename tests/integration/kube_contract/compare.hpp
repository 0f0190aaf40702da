// Compares an answer with its recording, leaving out what differs between two clusters.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulator.hpp"

namespace gridseal::kube_contract {

// What the recorded cluster called something, and what this one calls it (uids, resourceVersions, tokens,
// ETags).
using Names = std::map<std::string, std::string>;

// Paths at which the bodies differ; `names` learns on the way.
std::vector<std::string> differences(const Json& recorded, const Json& actual,
                                     const std::set<std::string>& trimmed, Names& names);
// A recorded request text with this cluster's names in it.
std::string translated(std::string text, const Names& names);

}  // namespace gridseal::kube_contract
