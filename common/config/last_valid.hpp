// The last valid copy of the settings (promise 7: with wrong settings the agent starts held and says so).
// Kept as one file, <state>/config/last-valid.json, so that a power cut never leaves a mixture of two sets.
#pragma once

#include <optional>
#include <string>

#include "base/files.hpp"
#include "config/load.hpp"

namespace gridseal::config {

struct Started {
  Loaded loaded;
  // What is wrong with the files in the settings directory; `loaded` is then the last valid copy, or that of
  // an idle host when nothing is set up yet, and the agent changes nothing until they are right.
  std::optional<Problems> held;
  // Why the copy could not be kept (disk full); the settings themselves are good.
  std::optional<base::Error> not_kept;
};

// Loads the settings and keeps them as the last valid copy (written only when they changed). When they are
// wrong, the last valid copy; when there is none, the problems, but when nothing is set up yet, settings
// without any component.
LoadResult<Started> load_or_last_valid(base::Files& files, const std::string& settings_directory,
                                       const std::string& state_directory);

// The same, and writes nothing: for programs that run beside the agent.
LoadResult<Started> look_at_settings(base::Files& files, const std::string& settings_directory,
                                     const std::string& state_directory);

// Keeps `loaded` as the last valid copy; nothing is written when it is already there. Errors: files.*.
base::Result<void> keep_last_valid(base::Files& files, const std::string& settings_directory,
                                   const std::string& state_directory, const Loaded& loaded);

}  // namespace gridseal::config
