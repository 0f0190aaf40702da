// What a component's service account must be allowed beside the writes that the dry run tries.
#pragma once

#include "deploy/site.hpp"
#include "manifest/rendered.hpp"

namespace gridseal::deploy {

// Whether the account may list what is to be watched over and delete what would have to go on the way back:
// found out now, while the old revision runs. Nothing is asked for a component without service_account.
// Errors (blocked): kube.forbidden names the account, each verb and each resource; kube.*.
base::Result<void> check_account(const Site& site, const config::Component& component,
                                 const manifest::Rendered& objects, const std::stop_token& stop);

}  // namespace gridseal::deploy
