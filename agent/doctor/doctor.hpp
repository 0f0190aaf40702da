// Is this host ready, and if not, what is to be done? All checks in one table; nothing is changed by any.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "doctor/finding.hpp"
#include "doctor/host.hpp"

namespace gridseal::doctor {

// Names of the groups, in the order in which they are looked at.
std::vector<std::string> groups();

// Each finding as soon as it is there. `only`: a group; empty: all of them.
void examine(const Host& host, const std::string& only, const std::function<void(const Finding&)>& found,
             const std::stop_token& stop);

enum class Verdict {
  ready,      // warnings may be among the findings
  not_ready,  // something is wrong
  unseen,     // nothing that was seen is wrong, and not everything was seen
};
Verdict verdict(const Findings& findings);

// {"ready": true, false or null, "checks": [{"id", "about", "level", "found", "cure"}]}
base::Json to_json(const Findings& findings);

}  // namespace gridseal::doctor
