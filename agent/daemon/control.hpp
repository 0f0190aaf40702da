// The control socket: HTTP and JSON over a Unix socket. Whoever may connect may look; root, the agent's own
// user and the admin group may act. Every act is in the audit with who asked.
//
//   GET  /v1/status
//   GET  /v1/history?component=NAME&limit=N
//   GET  /v1/show?what=REVISION|DIGEST|DEPLOYMENT
//   GET  /v1/audit?limit=N
//   GET  /v1/trust
//   GET  /v1/clock
//   POST /v1/clock      {"to": RFC3339, "why": TEXT}   without a time: what the host's clock says
//   POST /v1/stop       {"component": NAME, "why": TEXT}
//   POST /v1/reconcile  {"component": NAME}            without a name: all
//   POST /v1/permits    {"component": NAME, "digest": D | "version": V, "why": TEXT}
//   GET  /v1/media                                     the latest import (media/jobs.hpp)
//   POST /v1/media      {"path": PATH, "label": TEXT}  202 {"id"}; goes on by itself
//   GET  /v1/receipts, /v1/audit/rows, POST /v1/site/report (control_receipts.hpp)
//   POST /v1/trust/import, /v1/trust/deny, /v1/trust/reanchor (control_trust.hpp)
// Errors: {"error": {"code": …, "message": …}} with 400, 403, 404, 405 or 503.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "deploy/engine.hpp"
#include "http/server.hpp"
#include "media/jobs.hpp"

namespace gridseal::daemon {

struct ControlContext {
  deploy::Engine& engine;
  base::Clock& clock;
  base::Log& log;
  base::Time started;
  std::function<void()> wake_worker;
  media::Jobs* media = nullptr;
};

// Answers one request. Thread safe.
http::ServerResponse answer(const ControlContext& context, const http::ServerRequest& request);

// Listens where the settings say (or on the socket that systemd passed). `context` must outlive the server.
base::Result<std::unique_ptr<http::Server>> start_control(const ControlContext& context,
                                                          const config::Control& settings);

// "uid 1000 (alice), login uid 1000": for the audit.
std::string describe_peer(const std::optional<http::Peer>& peer);

}  // namespace gridseal::daemon
