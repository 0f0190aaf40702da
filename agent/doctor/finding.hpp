// What a check has found, and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::doctor {

enum class Level {
  good,
  warning,  // works today; should be changed
  wrong,    // does not work, or is not safe
  unseen,   // could not be looked at, by this user or from here
};

std::string_view to_string(Level level);  // "good", "warning", "wrong", "unseen"

struct Finding {
  std::string id;     // stable: "registry.reach"; the part before the dot is the group
  std::string about;  // which of several: a component, a URL, a file; may be empty
  Level level = Level::good;
  std::string found;  // one sentence, without secrets
  std::string cure;   // what to do, a command where there is one; empty when good
};

using Findings = std::vector<Finding>;

Finding good(std::string id, std::string about, std::string found);
Finding warning(std::string id, std::string about, std::string found, std::string cure);
Finding wrong(std::string id, std::string about, std::string found, std::string cure);
Finding unseen(std::string id, std::string about, std::string found, std::string cure);
// Unseen when this user may not read it, else wrong.
Finding failed(std::string id, std::string about, const base::Error& error, std::string cure);

// "1 file", "2 files".
std::string counted(size_t number, std::string_view one);

}  // namespace gridseal::doctor
