// Fields of a declared object that others own: an autoscaler's replicas, an injected certificate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "manifest/object.hpp"

namespace gridseal::kube {

// "Deployment" of any group, or "Deployment.apps".
bool is_of_kind(const manifest::ObjectKey& key, std::string_view pattern);

// `declared` as it may be applied over `live`, so that nothing changes at `pointers` (RFC 6901) and nothing
// is given up that nobody else holds:
//  - a field that another manager owns (metadata.managedFields) is left out;
//  - of any other the live value is taken; what is not there any more is left out.
// An object below a pointer is looked at field by field, a list with merge keys element by element; other
// lists are one field. Positions in lists with merge keys are those of `declared`; merge keys themselves
// always stay. What the halt of a component holds (kHaltManager) is declared as it is. Pure.
base::Json leave_to_others(base::Json declared, const base::Json& live,
                           const std::vector<std::string>& pointers);

}  // namespace gridseal::kube
