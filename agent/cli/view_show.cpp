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

// Who signed, in which run of which source, and who proves when.
std::string signature_text(const Json& signature) {
  std::string text = line("signed by", member(signature, "signer"));
  text += line("authority", member(signature, "authority"));
  text += line("key id", member(signature, "keyId"));
  text += line("scheme", member(signature, "scheme"));
  if (const Json* certificate = base::find_object(signature, "certificate")) {
    text += line("root", member(*certificate, "trustedRoot"));
    if (const Json* said = base::find_object(*certificate, "extensions")) {
      text += line("source", member(*said, "source_repository_uri"));
      text += line("commit", member(*said, "source_repository_digest"));
      text += line("run", member(*said, "run_invocation_uri"));
    }
  }
  if (const Json* entries = base::find_array(signature, "logEntries")) {
    for (const Json& entry : *entries)
      text += line("log entry", member(entry, "log") + " " + member(entry, "index"));
  }
  if (const Json* times = base::find_array(signature, "times")) {
    for (const Json& time : *times)
      text += line("proven at",
                   member(time, "time") + " by " + member(time, "source") + " " + member(time, "authority"));
  }
  const Json* checks = base::find_array(signature, "checks");
  if (checks == nullptr) return text;
  for (const Json& check : *checks)
    text += "    ✓ " + member(check, "name") + ": " + member(check, "detail") + "\n";
  return text;
}

std::string evidence_text(const Json& evidence) {
  std::string text;
  if (const Json* signatures = base::find_array(evidence, "signatures")) {
    for (const Json& signature : *signatures) text += signature_text(signature);
  }
  if (const Json* attestations = base::find_array(evidence, "attestations")) {
    for (const Json& attestation : *attestations)
      text += line("attested", member(attestation, "name") + " (" + member(attestation, "predicateType") +
                                   "), statement " + member(attestation, "statement"));
  }
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

// What stood in place of ${…}.
std::string variables_text(const Json& steps) {
  std::string text;
  for (const Json& step : steps) {
    const Json* detail = base::find_object(step, "detail");
    const Json* variables = detail == nullptr ? nullptr : base::find_object(*detail, "variables");
    if (variables == nullptr) continue;
    for (const auto& [name, value] : variables->items())
      text += line("variable", shown(name) + " = \"" + member(*variables, name) + "\"");
  }
  return text;
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
  text += variables_text(*steps);
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
