#include "cli/table.hpp"
#include "cli/views.hpp"

namespace gridseal::cli {
namespace {

using base::Json;

std::string line(std::string_view name, const std::string& value) {
  constexpr size_t kColumn = 12;
  if (value == "-" || value.empty()) return {};
  std::string text = "  " + std::string(name);
  text.resize(2 + kColumn, ' ');
  return text + value + "\n";
}

std::string artifact_text(const Json& artifact) {
  std::string text = "Artifact " + member(artifact, "digest") + "\n";
  text += line("component", member(artifact, "title"));
  for (const char* name : {"version", "created", "revision", "source"})
    text += line(name, member(artifact, name));
  return text + line("first seen", member(artifact, "first_seen"));
}

std::string evidence_text(const Json& evidence) {
  // A verified one holds it one level deeper.
  const Json* signature = base::find_object(evidence, "signature");
  if (signature == nullptr) signature = &evidence;
  std::string text = line("key", member(*signature, "key"));
  text += line("key id", member(*signature, "keyId"));
  text += line("scheme", member(*signature, "scheme"));
  const Json* checks = base::find_array(*signature, "checks");
  if (checks == nullptr) return text;
  for (const Json& check : *checks)
    text += "    ✓ " + member(check, "name") + ": " + member(check, "detail") + "\n";
  return text;
}

std::string verification_text(const Json& verification, const View& view) {
  const std::string outcome = member(verification, "outcome");
  std::string text = "\nVerification for " + member(verification, "component") + ", " +
                     relative(base::find_member(verification, "started"), view.now) + ": " +
                     view.style.paint(colour_of(outcome), outcome) + "\n";
  text += line("policy", member(verification, "policy"));
  text += line("reason", member(verification, "reason"));
  text += line("finding", member(verification, "message"));
  const Json* evidence = base::find_object(verification, "evidence");
  return evidence == nullptr ? text : text + evidence_text(*evidence);
}

std::string step_time(const Json& step) {
  const auto duration = base::find_integer(step, "duration_ms");
  return duration ? base::format_duration(base::milliseconds(*duration)) : "-";
}

std::string deployment_text(const Json& deployment, const View& view) {
  std::string outcome = member(deployment, "outcome");
  if (outcome == "-") outcome = member(deployment, "state");
  std::string text = "\nDeployment " + member(deployment, "id") + " of " + member(deployment, "component") +
                     ", " + relative(base::find_member(deployment, "started"), view.now) + ": " +
                     view.style.paint(colour_of(outcome), outcome) + "\n";
  text += line("revision", member(deployment, "revision"));
  text += line("purpose", member(deployment, "purpose"));
  text += line("asked by", member(deployment, "actor"));
  text += line("reason", member(deployment, "reason"));
  text += line("finding", member(deployment, "message"));
  text += line("way back", member(deployment, "way_back"));
  const Json* steps = base::find_array(deployment, "steps");
  if (steps == nullptr) return text;
  Table table({"  STEP", "STARTED", "TOOK", "RESULT"});
  for (const Json& step : *steps)
    table.add(
        {"  " + member(step, "name"), member(step, "started"), step_time(step), member(step, "result")});
  return text + table.to_string(view.width);
}

}  // namespace

std::string show_view(const Json& document, const View& view) {
  std::string text;
  if (const Json* artifact = base::find_object(document, "artifact")) text += artifact_text(*artifact);
  if (const Json* verifications = base::find_array(document, "verifications")) {
    for (const Json& verification : *verifications) text += verification_text(verification, view);
  }
  if (const Json* deployments = base::find_array(document, "deployments")) {
    for (const Json& deployment : *deployments) text += deployment_text(deployment, view);
  }
  return text;
}

}  // namespace gridseal::cli
