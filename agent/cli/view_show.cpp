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

// The first of the members that is there: certificates of older authorities have other ones.
std::string first_member(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const std::string value = member(object, name);
    if (value != "-" && !value.empty()) return value;
  }
  return {};
}

// From the commit over the run to the certificate.
std::string certificate_text(const Json& certificate) {
  std::string text = line("root", member(certificate, "trustedRoot"));
  const Json* said = base::find_object(certificate, "extensions");
  if (said == nullptr) return text;
  text += line("source", first_member(*said, {"source_repository_uri", "github_workflow_repository"}));
  text += line("ref", first_member(*said, {"source_repository_ref", "github_workflow_ref"}));
  text += line("commit", first_member(*said, {"source_repository_digest", "github_workflow_sha"}));
  text +=
      line("workflow", first_member(*said, {"build_config_uri", "build_signer_uri", "github_workflow_name"}));
  text += line("trigger", first_member(*said, {"build_trigger", "github_workflow_trigger"}));
  return text + line("run", member(*said, "run_invocation_uri"));
}

std::string notation_text(const Json& notation) {
  std::string text = line("policy", member(notation, "policy") + ", " + member(notation, "level"));
  text += line("store", member(notation, "store"));
  return text + line("expires", member(notation, "expiry"));
}

// "bundle 3, 1234567": the version for people, the number for the database.
std::string trust_words(const Json& signature) {
  const std::string bundle = member(signature, "trustBundle");
  const std::string generation = member(signature, "trustGeneration");
  return bundle == "-" ? generation : "bundle " + bundle + ", " + generation;
}

std::string time_text(const Json& time) {
  const std::string source = member(time, "source");
  const bool proven = source == "log" || source == "timestamp authority";
  return line(proven ? "proven at" : "said to be",
              member(time, "time") + " by " + source + " " + member(time, "authority"));
}

// Who signed, in which run of which source, and who proves when.
std::string signature_text(const Json& signature) {
  std::string text = line("signed by", member(signature, "signer"));
  text += line("authority", member(signature, "authority"));
  text += line("key id", member(signature, "keyId"));
  text += line("scheme", member(signature, "scheme"));
  text += line("trust", trust_words(signature));
  if (const Json* certificate = base::find_object(signature, "certificate"))
    text += certificate_text(*certificate);
  if (const Json* notation = base::find_object(signature, "notation")) text += notation_text(*notation);
  if (const Json* entries = base::find_array(signature, "logEntries")) {
    for (const Json& entry : *entries)
      text += line("log entry", member(entry, "log") + " " + member(entry, "index"));
  }
  if (const Json* times = base::find_array(signature, "times")) {
    for (const Json& time : *times) text += time_text(time);
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
    for (const Json& attestation : *attestations) {
      text += line("attested", member(attestation, "name") + " (" + member(attestation, "predicateType") +
                                   "), statement " + member(attestation, "statement"));
      if (const Json* signature = base::find_object(attestation, "signature"))
        text += line("", "by " + member(*signature, "signer"));
    }
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
