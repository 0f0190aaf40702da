// Reads one trust policy, from a section of the settings or from a file of its own (internal to config).
#pragma once

#include <string>

#include "config/reader.hpp"

namespace gridseal::config {

// `path` is how the policy is called in problems ("trust.policy.release"; empty for a file of its own).
void read_policy(Reader& reader, const std::string& path, const Member& table, TrustPolicy& policy);

}  // namespace gridseal::config
