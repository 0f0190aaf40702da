// Reads one trust policy, from a section of the settings or from a file of its own (internal to config).
#pragma once

#include <string>

#include "config/reader.hpp"

namespace gridseal::config {

// `path` is how the policy is called in problems ("trust.policy.release"; empty for a file of its own).
void read_policy(Reader& reader, const std::string& path, const Member& table, TrustPolicy& policy);

// A condition in a table of its own; `others` are keys of it that are read elsewhere.
void read_condition(Reader& reader, const Member& table, Condition& condition,
                    const std::vector<std::string>& others = {});

}  // namespace gridseal::config
