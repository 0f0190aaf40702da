// What the control socket answers about receipts, the site's reports and the audit's rows.
//   GET  /v1/receipts?after=N&limit=N, or ?newest=N
//   GET  /v1/audit/rows?after=N&limit=N
//   POST /v1/site/report
#pragma once

#include "base/json.hpp"
#include "daemon/control.hpp"

namespace gridseal::daemon {

// A document for one of the two paths; nothing for another one.
std::optional<base::Result<base::Json>> receipts_answer(const ControlContext& context,
                                                        const http::ServerRequest& request);

// A report of this moment, as an entry of the list of receipts.
base::Result<base::Json> report_site(const ControlContext& context);

}  // namespace gridseal::daemon
