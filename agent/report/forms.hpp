// Records of the history as JSON (internal to report). Times are RFC 3339, durations milliseconds; what is
// absent is null.
#pragma once

#include <string>

#include "base/json.hpp"
#include "history/records.hpp"

namespace gridseal::report {

base::Json form(const std::optional<base::Time>& time);
base::Json form(const std::optional<base::Digest>& digest);
base::Json text_or_null(std::string_view text);

base::Json form(const history::Deployment& deployment);  // with its steps when they were read
base::Json form(const history::Verification& verification);
base::Json form(const history::Artifact& artifact);  // the manifest as JSON when it is
base::Json form(const history::AuditRow& row);
base::Json form(const history::Drift& drift);
// "apps/Deployment pumps/web".
std::string object_name(const history::ObjectKey& key);

}  // namespace gridseal::report
