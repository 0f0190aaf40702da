// A receipt to its place on the mirror, with the credentials that are for nothing else.
#pragma once

#include "deploy/site.hpp"
#include "receipts/pusher.hpp"

namespace gridseal::deploy {

// Beside its artifact, or in the repository that the settings name. Errors: those of oci::Publisher; short
// limits, since the next deployment may wait behind it.
base::Result<bool> push_receipt(const Site& site, const history::Receipt& receipt,
                                const std::stop_token& stop);

}  // namespace gridseal::deploy
