#include "daemon/control.hpp"

#include <grp.h>
#include <pwd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.hpp"
#include "daemon/control_receipts.hpp"
#include "daemon/control_trust.hpp"
#include "report/report.hpp"

namespace gridseal::daemon {
namespace {

using base::Json;
using http::ServerRequest;
using http::ServerResponse;

ServerResponse respond(int status, const Json& body) {
  ServerResponse response;
  response.status = status;
  response.body = base::dump_json(body) + "\n";
  return response;
}

ServerResponse fail(int status, std::string_view code, std::string_view message) {
  return respond(status, {{"error", {{"code", code}, {"message", message}}}});
}

ServerResponse fail(const base::Error& error) {
  const bool unknown = error.code() == "history.unknown" || error.code() == "report.unknown" ||
                       error.code() == "control.unknown_component";
  const int status = unknown ? 404 : error.outcome() == base::Outcome::blocked ? 503 : 400;
  return fail(status, error.code(), error.describe());
}

ServerResponse respond(base::Result<Json> document) {
  if (!document) return fail(document.error());
  return respond(200, *document);
}

std::optional<gid_t> group_id(const std::string& name) {
  std::array<char, 4096> buffer{};
  group entry{};
  group* found = nullptr;
  if (name.empty() || getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::nullopt;
  }
  return found->gr_gid;
}

bool may_act(const ControlContext& context, const std::optional<http::Peer>& peer) {
  if (!peer) return false;
  if (peer->uid == 0 || peer->uid == geteuid()) return true;
  const auto admins = group_id(context.engine.generation()->settings.control.admin_group);
  if (!admins) return false;
  return peer->gid == *admins || std::ranges::find(peer->groups, *admins) != peer->groups.end();
}

int64_t limit_of(const ServerRequest& request) {
  constexpr int64_t kDefault = 50;
  constexpr int64_t kMost = 1000;
  const auto it = request.query.find("limit");
  if (it == request.query.end()) return kDefault;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(it->second.data(), it->second.data() + it->second.size(), value);
  if (error != std::errc() || end != it->second.data() + it->second.size()) return kDefault;
  return std::clamp<int64_t>(value, 1, kMost);
}

std::string query_value(const ServerRequest& request, const char* name) {
  const auto it = request.query.find(name);
  return it == request.query.end() ? std::string() : it->second;
}

report::Live live_view(const ControlContext& context) {
  report::Live live;
  live.version = GRIDSEAL_VERSION;
  live.pid = getpid();
  live.since = context.started;
  live.held = context.engine.held();
  live.warnings = context.engine.warnings();
  if (const auto clock = context.engine.clock()) live.clock = {clock->host, clock->floor};
  if (context.media != nullptr) live.media = context.media->sentence();
  live.quarantine = context.engine.quarantine().sentence();
  for (const auto& component : context.engine.activities()) {
    live.components.push_back({component.name, component.activity.last_poll, component.activity.next_poll,
                               component.activity.doing});
  }
  return live;
}

ServerResponse reconcile(const ControlContext& context, const ServerRequest& request, const Json& body) {
  const std::string* component = base::find_string(body, "component");
  const std::string name = component == nullptr ? std::string() : *component;
  const auto generation = context.engine.generation();
  if (!name.empty() && !generation->settings.components.contains(name)) {
    return fail(404, "control.unknown_component", "there is no component '" + name + "' in the settings");
  }
  auto row = context.engine.history().append_audit(describe_peer(request.peer), "reconcile.requested",
                                                   name.empty() ? "all components" : "component/" + name);
  if (!row) return fail(row.error());
  (void)context.engine.request(name);
  context.wake_worker();
  Json requested = Json::array();
  for (const auto& [known, settings] : generation->settings.components) {
    if (name.empty() || known == name) requested.push_back(known);
  }
  return respond(202, {{"requested", requested}});
}

ServerResponse permit(const ControlContext& context, const ServerRequest& request, const Json& body) {
  const std::string* component = base::find_string(body, "component");
  const std::string* digest = base::find_string(body, "digest");
  const std::string* version = base::find_string(body, "version");
  const std::string* why = base::find_string(body, "why");
  if (component == nullptr || why == nullptr || why->empty() || (digest == nullptr) == (version == nullptr)) {
    return fail(400, "control.request",
                "a permit needs a component, either a digest or a version, and a reason");
  }
  if (!context.engine.generation()->settings.components.contains(*component)) {
    return fail(404, "control.unknown_component",
                "there is no component '" + *component + "' in the settings");
  }
  history::Permit permit;
  permit.component = *component;
  permit.who = describe_peer(request.peer);
  permit.why = *why;
  if (version != nullptr) permit.version = *version;
  if (digest != nullptr) {
    auto parsed = base::Digest::parse(*digest);
    if (!parsed) return fail(parsed.error());
    permit.digest = *parsed;
  }
  auto id = context.engine.history().add_permit(permit);
  if (!id) return fail(id.error());
  // A permit is also the operator's word that what failed may be tried once more.
  auto forgotten =
      context.engine.history().forget_failures(*component, permit.digest, permit.who, permit.why);
  if (!forgotten) return fail(forgotten.error());
  (void)context.engine.request(*component);
  context.wake_worker();
  return respond(201, {{"id", *id}});
}

// What most acts are given: the component, and the reason that the audit keeps.
struct ComponentAct {
  std::string component;
  std::string who;
  std::string why;
};

enum class Reason { required, optional };

base::Result<ComponentAct> component_act(const ServerRequest& request, const Json& body, Reason reason) {
  const std::string* component = base::find_string(body, "component");
  if (component == nullptr) return base::Error::refused("control.request", "this needs a component");
  const std::string* why = base::find_string(body, "why");
  const bool given = why != nullptr && !why->empty();
  if (!given && reason == Reason::required)
    return base::Error::refused("control.request", "this needs a reason, for the audit");
  return ComponentAct{*component, describe_peer(request.peer),
                      given ? base::printable(*why, 200) : "no reason given"};
}

ServerResponse stop(const ControlContext& context, const ServerRequest& request, const Json& body) {
  auto act = component_act(request, body, Reason::required);
  if (!act) return fail(act.error());
  auto done = context.engine.stop_untrusted(act->component, act->who, act->why);
  if (!done) return fail(done.error());
  context.wake_worker();
  return respond(202, {{"stopped", act->component}});
}

ServerResponse roll_back(const ControlContext& context, const ServerRequest& request, const Json& body) {
  auto act = component_act(request, body, Reason::optional);
  if (!act) return fail(act.error());
  const std::string* to = base::find_string(body, "to");
  auto revision =
      context.engine.roll_back(act->component, to == nullptr ? std::string() : *to, act->who, act->why);
  if (!revision) return fail(revision.error());
  context.wake_worker();
  return respond(202, {{"component", act->component}, {"revision", *revision}});
}

ServerResponse retry(const ControlContext& context, const ServerRequest& request, const Json& body) {
  auto act = component_act(request, body, Reason::optional);
  if (!act) return fail(act.error());
  auto forgotten = context.engine.retry(act->component, act->who, act->why);
  if (!forgotten) return fail(forgotten.error());
  context.wake_worker();
  return respond(202, {{"component", act->component}, {"forgotten", *forgotten}});
}

ServerResponse suspend(const ControlContext& context, const ServerRequest& request, const Json& body) {
  auto act = component_act(request, body, Reason::required);
  if (!act) return fail(act.error());
  history::Suspension suspension{act->who, act->why, {}, std::nullopt};
  if (const std::string* until = base::find_string(body, "until"); until != nullptr) {
    auto time = base::parse_rfc3339(*until);
    if (!time) return fail(time.error());
    if (*time <= context.clock.now()) return fail(400, "control.request", "'until' is over already");
    suspension.until = *time;
  }
  if (auto done = context.engine.suspend(act->component, suspension); !done) return fail(done.error());
  context.wake_worker();
  return respond(200, {{"suspended", act->component},
                       {"until", suspension.until ? Json(base::format_rfc3339(*suspension.until)) : Json()}});
}

ServerResponse resume(const ControlContext& context, const ServerRequest& request, const Json& body) {
  auto act = component_act(request, body, Reason::optional);
  if (!act) return fail(act.error());
  if (auto done = context.engine.resume(act->component, act->who, act->why); !done) return fail(done.error());
  context.wake_worker();
  return respond(200, {{"resumed", act->component}});
}

report::ClockReading clock_reading(const ControlContext& context) {
  const auto clock = context.engine.clock();
  if (!clock) return {context.clock.now(), std::nullopt};
  return {clock->host, clock->floor};
}

ServerResponse reset_clock(const ControlContext& context, const ServerRequest& request, const Json& body) {
  const std::string* to = base::find_string(body, "to");
  const std::string* why = base::find_string(body, "why");
  if (why == nullptr || why->empty()) return fail(400, "control.request", "a reset needs a reason");
  base::Time floor = clock_reading(context).host;
  if (to != nullptr) {
    auto time = base::parse_rfc3339(*to);
    if (!time) return fail(time.error());
    floor = *time;
  }
  auto done = context.engine.reset_clock(floor, describe_peer(request.peer), base::printable(*why, 200));
  if (!done) return fail(done.error());
  context.wake_worker();
  return respond(200, report::clock(clock_reading(context)));
}

ServerResponse import_medium(const ControlContext& context, const ServerRequest& request, const Json& body) {
  const std::string* path = base::find_string(body, "path");
  const std::string* label = base::find_string(body, "label");
  if (path == nullptr || !path->starts_with('/') || path->find('\0') != std::string::npos)
    return fail(400, "control.request", "an import needs the absolute path of a medium");
  if (context.media == nullptr) return fail(503, "media.busy", "nothing can be imported here");
  auto id =
      context.media->start({*path, label == nullptr ? std::string() : *label, describe_peer(request.peer)});
  if (!id) return fail(id.error());
  return respond(202, {{"id", *id}});
}

ServerResponse report(const ControlContext& context, const ServerRequest& request, const Json& /*body*/) {
  auto row = context.engine.history().append_audit(describe_peer(request.peer), "report.requested", "site");
  if (!row) return fail(row.error());
  auto made = report_site(context);
  if (!made) return fail(made.error());
  return respond(201, *made);
}

ServerResponse answer_get(const ControlContext& context, const ServerRequest& request) {
  history::History& history = context.engine.history();
  if (request.path == "/v1/status") {
    const report::Live live = live_view(context);
    return respond(report::status(history, context.engine.generation()->settings, &live));
  }
  if (request.path == "/v1/history") {
    return respond(report::history_of(history, query_value(request, "component"), limit_of(request)));
  }
  if (request.path == "/v1/show") return respond(report::show(history, query_value(request, "what")));
  if (request.path == kTrustPath) return respond(trust_document(context));
  if (request.path == "/v1/clock") return respond(200, report::clock(clock_reading(context)));
  if (request.path == "/v1/media" && context.media != nullptr) return respond(200, context.media->state());
  if (request.path == "/v1/media/list")
    return respond(200, deploy::media_list(context.engine.offers().all(), context.engine.quarantine().all()));
  if (request.path == "/v1/audit") return respond(report::audit(history, limit_of(request)));
  if (auto document = receipts_answer(context, request)) return respond(std::move(*document));
  return fail(404, "control.path", "there is nothing at " + base::printable(request.path, 100));
}

using Act = ServerResponse (*)(const ControlContext&, const ServerRequest&, const Json&);

Act act_at(std::string_view path) {
  if (path == "/v1/reconcile") return reconcile;
  if (path == "/v1/permits") return permit;
  if (path == "/v1/stop") return stop;
  if (path == "/v1/rollback") return roll_back;
  if (path == "/v1/retry") return retry;
  if (path == "/v1/suspend") return suspend;
  if (path == "/v1/resume") return resume;
  if (path == "/v1/clock") return reset_clock;
  if (path == "/v1/media") return import_medium;
  if (path == "/v1/site/report") return report;
  return nullptr;
}

ServerResponse answer_post(const ControlContext& context, const ServerRequest& request) {
  const bool about_trust = request.path.starts_with(std::string(kTrustPath) + "/");
  const Act act = act_at(request.path);
  if (!about_trust && act == nullptr) {
    return fail(404, "control.path", "there is nothing to post at " + base::printable(request.path, 100));
  }
  if (!may_act(context, request.peer)) {
    return fail(403, "control.forbidden",
                "you may look but not act: this needs root or membership in the group '" +
                    context.engine.generation()->settings.control.admin_group + "'");
  }
  base::JsonLimits limits;
  limits.max_bytes = about_trust ? trust::kMaxTrustBundleBytes + 64 * 1024 : 64 * 1024;
  limits.max_depth = about_trust ? 8 : 4;
  auto body = base::parse_json(request.body.empty() ? "{}" : request.body, limits);
  if (!body) return fail(body.error());
  if (about_trust)
    return respond(
        trust_act(context, request.path.substr(kTrustPath.size() + 1), *body, describe_peer(request.peer)));
  return act(context, request, *body);
}

}  // namespace

ServerResponse answer(const ControlContext& context, const ServerRequest& request) {
  if (request.method == "GET") return answer_get(context, request);
  if (request.method == "POST") return answer_post(context, request);
  return fail(405, "control.method", "only GET and POST are known here");
}

base::Result<std::unique_ptr<http::Server>> start_control(const ControlContext& context,
                                                          const config::Control& settings) {
  auto listener = [&]() -> base::Result<http::Listener> {
    if (sd_listen_fds(1) > 0) return http::Listener::adopt(SD_LISTEN_FDS_START);
    http::Listener::UnixOptions options;
    options.path = settings.socket;
    options.group = group_id(settings.read_group);
    // Without the group nobody but root and the agent itself may connect.
    options.mode = options.group ? 0660 : 0600;
    return http::Listener::unix_socket(options);
  }();
  if (!listener) return std::move(listener).error();
  http::ServerOptions options;
  // A trust bundle as a JSON text.
  options.max_body = trust::kMaxTrustBundleBytes + 64 * 1024;
  return http::Server::start(
      context.clock, std::move(*listener),
      [&context](const ServerRequest& request) { return answer(context, request); }, options);
}

std::string describe_peer(const std::optional<http::Peer>& peer) {
  if (!peer) return "unknown";
  std::string text = "uid " + std::to_string(peer->uid);
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(peer->uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    text += " (" + std::string(found->pw_name) + ")";
  }
  auto login = base::read_file(base::system_files(), "/proc/" + std::to_string(peer->pid) + "/loginuid", 64);
  if (login && !login->empty() && *login != "4294967295") text += ", login uid " + *login;
  return text;
}

}  // namespace gridseal::daemon
