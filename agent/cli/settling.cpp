#include "cli/settling.hpp"

#include <algorithm>

#include "cli/progress_line.hpp"
#include "cli/words.hpp"

namespace gridseal::cli {
namespace {

using base::Json;
using base::Result;

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

std::string told_while(const Json& component) {
  const std::string activity = member(component, "activity");
  return member(component, "name") + ": " + member(component, "state") +
         (activity == "-" ? "" : ", " + activity);
}

Json wanted(const Json& status, const std::vector<std::string>& names) {
  Json kept = Json::array();
  const Json* components = base::find_array(status, "components");
  for (size_t i = 0; components != nullptr && i < components->size(); ++i) {
    const Json& one = (*components)[i];
    if (std::ranges::find(names, member(one, "name")) != names.end()) kept.push_back(one);
  }
  return kept;
}

}  // namespace

Result<std::vector<std::string>> request_look(AgentClient& client,
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

Result<Json> await_settled(Context& context, AgentClient& client, const std::vector<std::string>& names,
                           base::Time since, base::milliseconds timeout) {
  const auto deadline = context.clock.monotonic() + timeout;
  ProgressLine progress(context);
  for (;;) {
    auto status = client.get("/v1/status");
    if (!status) return std::move(status).error();
    Json components = wanted(*status, names);
    const auto unsettled =
        std::ranges::find_if(components, [&](const Json& one) { return !is_settled(one, since); });
    if (unsettled == components.end()) return components;
    progress.show(told_while(*unsettled));
    if (context.clock.monotonic() >= deadline) break;
    progress.wait();
  }
  return base::Error::failed("agent.timeout", "not settled in time; gridseald goes on with it");
}

}  // namespace gridseal::cli
