// What the person who reads `gridseal status` can do about a component that is not healthy.
#pragma once

#include <string>

#include "base/json.hpp"

namespace gridseal::cli {

// Of a component of the status document. Empty: healthy, under way, or its own message says it.
std::string next_step_for(const base::Json& component);

}  // namespace gridseal::cli
