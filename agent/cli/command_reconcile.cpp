#include <algorithm>

#include "cli/agent_client.hpp"
#include "cli/commands.hpp"
#include "cli/next_steps.hpp"
#include "cli/progress_line.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

struct ReconcileOptions {
  std::vector<std::string> components;
  bool wait = false;
  std::string timeout = "5m";
};

// Looked at since the request, and nothing is under way.
bool is_settled(const Json& component, base::Time since) {
  const Json* deployment = base::find_object(component, "deployment");
  const Json* poll = base::find_object(component, "last_poll");
  const std::string state = member(component, "state");
  if (deployment != nullptr || state == "new" || state == "deploying" || state == "rolling_back")
    return false;
  const std::string* at = poll == nullptr ? nullptr : base::find_string(*poll, "at");
  if (at == nullptr) return false;
  auto time = base::parse_rfc3339(*at);
  return time && *time >= since;
}

std::string describe_reconcile(const Json& component) {
  const std::string activity = member(component, "activity");
  return member(component, "name") + ": " + member(component, "state") +
         (activity == "-" ? "" : ", " + activity);
}

class Waiter {
 public:
  Waiter(Context& context, AgentClient& client, std::vector<std::string> names, base::Time since)
      : context_(context), client_(client), names_(std::move(names)), since_(since) {}

  ExitCode wait(base::milliseconds timeout) {
    constexpr base::milliseconds kPause{400};
    const auto deadline = context_.clock.monotonic() + timeout;
    ProgressLine progress(context_);
    for (;;) {
      auto status = client_.get("/v1/status");
      if (!status) return context_.fail(status.error());
      const Json* components = base::find_array(*status, "components");
      const std::string waiting = components == nullptr ? "" : first_unsettled(*components);
      if (waiting.empty()) {
        progress.show("");
        return finish(components == nullptr ? Json::array() : *components);
      }
      progress.show(waiting);
      if (context_.clock.monotonic() >= deadline) break;
      (void)context_.clock.sleep_for(kPause, {});
    }
    return context_.fail(
        base::Error::failed("agent.timeout", "not settled in time; gridseald goes on with it"));
  }

 private:
  bool is_wanted(const Json& component) const {
    return std::ranges::find(names_, member(component, "name")) != names_.end();
  }

  std::string first_unsettled(const Json& components) const {
    for (const Json& component : components) {
      if (is_wanted(component) && !is_settled(component, since_)) return describe_reconcile(component);
    }
    return {};
  }

  std::string told(const Json& component) const {
    const std::string state = member(component, "state");
    std::string text = member(component, "name") + ": " + context_.out.paint(colour_of(state), state);
    if (state == "healthy") return text + "\n";
    if (const std::string message = member(component, "message"); message != "-") text += ": " + message;
    if (const std::string reason = member(component, "reason"); reason != "-") text += " (" + reason + ")";
    text += "\n";
    if (const std::string step = next_step_for(component); !step.empty()) text += "  → " + step + "\n";
    return text;
  }

  ExitCode finish(const Json& components) const {
    bool healthy = true;
    Json kept = Json::array();
    for (const Json& component : components) {
      if (!is_wanted(component)) continue;
      const std::string state = member(component, "state");
      healthy = healthy && state == "healthy";
      kept.push_back(component);
      if (context_.as_json()) continue;
      context_.print(told(component));
    }
    if (context_.as_json()) context_.print_json(Json{{"components", std::move(kept)}});
    return healthy ? ExitCode::ok : ExitCode::refused;
  }

  Context& context_;
  AgentClient& client_;
  std::vector<std::string> names_;
  base::Time since_;
};

base::Result<std::vector<std::string>> request(AgentClient& client,
                                               const std::vector<std::string>& components) {
  std::vector<std::string> requested;
  const std::vector<std::string> all{""};
  for (const std::string& name : components.empty() ? all : components) {
    auto answer = client.post("/v1/reconcile", name.empty() ? Json::object() : Json{{"component", name}});
    if (!answer) return std::move(answer).error();
    const Json* names = base::find_array(*answer, "requested");
    if (names == nullptr) continue;
    for (const Json& one : *names) {
      if (one.is_string()) requested.push_back(one.get<std::string>());
    }
  }
  return requested;
}

ExitCode run_reconcile(Context& context, const ReconcileOptions& options) {
  auto timeout = base::parse_duration(options.timeout);
  if (!timeout) return context.fail(base::Error::refused("usage", timeout.error().message()));
  AgentClient client(context.clock, context.socket_path());
  const base::Time since = context.clock.now();
  auto requested = request(client, options.components);
  if (!requested) return context.fail(requested.error());
  if (options.wait) return Waiter(context, client, std::move(*requested), since).wait(*timeout);
  if (context.as_json()) {
    context.print_json(Json{{"requested", *requested}});
  } else {
    for (const std::string& name : *requested) context.print("requested: " + shown(name) + "\n");
    context.note("'gridseal status' tells what comes of it; --wait waits for that.");
  }
  return ExitCode::ok;
}

}  // namespace

void add_reconcile(const Command& program, Context& context) {
  const Command command =
      program.subcommand("reconcile", "Looks at the registry now instead of at the next interval");
  auto options = std::make_shared<ReconcileOptions>();
  command.texts("components", options->components, "their names; none means all");
  command.flag("--wait", options->wait, "until nothing is under way any more");
  command.text("--timeout", options->timeout, "of --wait").shows_default();
  command.footer("Exit code with --wait: 0 healthy, 1 not.");
  command.action([&context, options] { return run_reconcile(context, *options); });
}

}  // namespace gridseal::cli
