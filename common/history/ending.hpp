// Shared by the journal and the two ways a deployment ends.
#pragma once

#include "history/database.hpp"
#include "history/records.hpp"

namespace gridseal::history {

// Error: history.unknown.
base::Result<Deployment> unfinished(Database& database, DeploymentId id);

// Inside the caller's transaction; `time` is written as it is.
base::Result<void> write_failure(Database& database, const Failure& failure);

}  // namespace gridseal::history
