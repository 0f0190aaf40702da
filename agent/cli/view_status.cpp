#include "cli/next_steps.hpp"
#include "cli/table.hpp"
#include "cli/views.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

const Json& object_of(const Json& owner, std::string_view name) {
  static const Json kNone = Json::object();
  const Json* found = base::find_object(owner, name);
  return found == nullptr ? kNone : *found;
}

std::string agent_line(const Json& status, const View& view) {
  const Json& agent = object_of(status, "agent");
  const Json& site = object_of(status, "site");
  const std::string where = "site " + member(site, "name") + ", environment " + member(site, "environment");
  if (member(agent, "running") != "yes") {
    const std::string* name = base::find_string(site, "name");
    const bool known = name != nullptr && !name->empty();  // else there are no settings
    return view.style.paint(Colour::bad, "gridseald is not running; this is what it recorded") +
           (known ? " (" + where + ")\n" : "\n") +
           "  → start it: systemctl start gridseald; why it ended: journalctl -u gridseald -e\n";
  }
  std::string line = "gridseald " + member(agent, "version") + ", started " +
                     relative(base::find_member(agent, "since"), view.now) + ", process " +
                     member(agent, "pid") + "; " + where + "\n";
  if (const std::string* held = base::find_string(agent, "held"))
    line +=
        view.style.paint(Colour::bad, "held by the settings, so nothing is changed: ") + shown(*held) + "\n";
  const Json& clock = object_of(status, "clock");
  if (member(clock, "behind") == "yes")
    line += view.style.paint(Colour::bad, "clock: ") + "this host says " + member(clock, "host") +
            ", which is too early; " + member(clock, "used") +
            " is used instead. Set the clock right, or see 'gridseal clock'\n";
  if (const Json* warnings = base::find_array(status, "warnings")) {
    for (const Json& warning : *warnings) {
      if (warning.is_string())
        line += view.style.paint(Colour::waiting, "trust: ") + shown(warning.get_ref<const std::string&>()) +
                "\n";
    }
  }
  return line;
}

std::string runs(const Json& component) {
  const Json& running = object_of(component, "running");
  if (running.empty()) return "-";
  const std::string version = member(running, "version");
  const std::string revision = short_revision(member(running, "revision"));
  return version == "-" ? revision : version + "  " + revision;
}

// What the registry names, where that does not run.
std::string waiting(const Json& component) {
  const std::string desired = member(object_of(component, "desired"), "revision");
  const std::string running = member(object_of(component, "running"), "revision");
  return desired == "-" || desired == running ? std::string() : short_revision(desired);
}

// Why it is not healthy, and what goes on.
std::string remarks(const Json& component, const View& view) {
  std::string text;
  const std::string state = member(component, "state");
  const std::string message = member(component, "message");
  if (state != "healthy" && message != "-") {
    text += "  " + view.style.paint(colour_of(state), state) + ": " + message;
    if (const std::string reason = member(component, "reason"); reason != "-") text += " (" + reason + ")";
    text += "\n";
    if (const std::string step = next_step_for(component); !step.empty()) text += "  → " + step + "\n";
  }
  if (const std::string other = waiting(component); !other.empty())
    text += "  the registry names: " + other + "\n";
  if (const std::string activity = member(component, "activity"); activity != "-")
    text += "  now: " + activity + "\n";
  const Json& poll_error = object_of(object_of(component, "last_poll"), "error");
  if (!poll_error.empty() && member(poll_error, "message") != message)
    text += "  " + view.style.paint(Colour::bad, "the last poll failed") + ": " +
            member(poll_error, "message") + " (" + member(poll_error, "code") + ")\n";
  if (const Json* warnings = base::find_array(component, "warnings")) {
    for (const Json& warning : *warnings) {
      if (warning.is_string()) text += "  warning: " + shown(warning.get_ref<const std::string&>()) + "\n";
    }
  }
  return text.empty() ? text : member(component, "name") + "\n" + text;
}

std::string overview(const Json& components, const View& view) {
  if (components.empty()) return "No component is configured.\n";
  Table table({"COMPONENT", "STATE", "SINCE", "LAST POLL", "RUNS"});
  std::string below;
  for (const Json& component : components) {
    const std::string state = member(component, "state");
    table.add({member(component, "name"), view.style.paint(colour_of(state), state),
               relative(base::find_member(component, "since"), view.now),
               relative(base::find_member(object_of(component, "last_poll"), "at"), view.now),
               runs(component)});
    below += remarks(component, view);
  }
  return table.to_string(view.width) + (below.empty() ? "" : "\n" + below);
}

std::string labelled(std::string_view name, const std::string& value) {
  constexpr size_t kColumn = 12;
  std::string text(name);
  text.resize(kColumn, ' ');
  return text + value + "\n";
}

std::string details(const Json& component, const View& view) {
  const std::string state = member(component, "state");
  std::string text = labelled("component", member(component, "name"));
  text +=
      labelled("state", view.style.paint(colour_of(state), state) + ", since " + member(component, "since") +
                            " (" + relative(base::find_member(component, "since"), view.now) + ")");
  if (const std::string message = member(component, "message"); message != "-") text += labelled("", message);
  if (const std::string reason = member(component, "reason"); reason != "-")
    text += labelled("reason", reason);
  if (const std::string step = next_step_for(component); !step.empty()) text += labelled("next step", step);
  if (const std::string activity = member(component, "activity"); activity != "-")
    text += labelled("now", activity);
  const Json& running = object_of(component, "running");
  text += labelled("runs", member(running, "revision"));
  if (member(running, "version") != "-") text += labelled("version", member(running, "version"));
  text += labelled("wanted", member(object_of(component, "desired"), "revision"));
  const Json& deployment = object_of(component, "deployment");
  if (!deployment.empty())
    text +=
        labelled("deployment", member(deployment, "id") + ", " + member(deployment, "state") + ", started " +
                                   relative(base::find_member(deployment, "started"), view.now));
  const Json& poll = object_of(component, "last_poll");
  text += labelled("last poll", relative(base::find_member(poll, "at"), view.now));
  const Json& error = object_of(poll, "error");
  if (!error.empty()) text += labelled("", member(error, "message") + " (" + member(error, "code") + ")");
  text += labelled("next poll", relative(base::find_member(component, "next_poll"), view.now));
  const Json& floor = object_of(component, "floor");
  if (!floor.empty())
    text += labelled("floor", member(floor, "version") + ", created " + member(floor, "created") +
                                  "; nothing older is installed without a permit");
  if (const Json* warnings = base::find_array(component, "warnings")) {
    for (const Json& warning : *warnings)
      if (warning.is_string()) text += labelled("warning", shown(warning.get_ref<const std::string&>()));
  }
  return text;
}

}  // namespace

std::string status_view(const Json& status, std::string_view component, const View& view) {
  const Json* components = base::find_array(status, "components");
  static const Json kNone = Json::array();
  if (components == nullptr) components = &kNone;
  std::string text = agent_line(status, view) + "\n";
  if (const std::string media = member(status, "media"); media != "-") text += "Media: " + media + "\n";
  if (const std::string kept = member(status, "quarantine"); kept != "-")
    text += "Quarantine: " + kept + "\n";
  if (component.empty()) return text + overview(*components, view);
  for (const Json& one : *components) {
    if (member(one, "name") == component) text += details(one, view);
  }
  return text;
}

}  // namespace gridseal::cli
