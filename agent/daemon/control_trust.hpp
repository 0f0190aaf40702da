// Trust over the control socket (internal to daemon).
//   GET  /v1/trust
//   POST /v1/trust/import    {"bundle": ENVELOPE}
//   POST /v1/trust/deny      {"denials": {"denied": …, "retired": …, "floors": …}, "why": TEXT}
//   POST /v1/trust/reanchor  {"bundle": ENVELOPE, "fingerprint": D, "why": TEXT}
#pragma once

#include <string_view>

#include "daemon/control.hpp"

namespace gridseal::daemon {

inline constexpr std::string_view kTrustPath = "/v1/trust";

base::Result<base::Json> trust_document(const ControlContext& context);

// `act` is the last part of the path. Errors: control.path (refused), control.request (refused), those of
// TrustUpdater.
base::Result<base::Json> trust_act(const ControlContext& context, std::string_view act,
                                   const base::Json& body, const std::string& who);

}  // namespace gridseal::daemon
