// Whether what runs still verifies, and the stopping of what does not. It was admitted once; the trust of
// this host may have changed since.
#pragma once

#include <string>
#include <vector>

#include "deploy/revision.hpp"

namespace gridseal::deploy {

// Judges an artifact of the local store as something that runs. Errors: those of verify(); store.*, oci.*
// when it cannot be read.
base::Result<trust::Verified> verify_running(const Site& site, const config::Component& component,
                                             const base::Digest& artifact);

// Whether an error of verify_running() is a verdict; otherwise store or history stood in the way.
bool is_verdict(const base::Error& error);

// Scales the workloads of the last good revision to nothing; deletes nothing. Returns what still runs, one
// sentence each. May be repeated. Errors: kube.*, history.*.
base::Result<std::vector<std::string>> halt(const Site& site, const config::Component& component,
                                            const std::stop_token& stop);

// Takes that back: `good` is what shall run.
base::Result<void> start_again(const Site& site, const config::Component& component, const Rendered& good,
                               const std::stop_token& stop);

}  // namespace gridseal::deploy
