#include "cli/verify_report.hpp"

#include <algorithm>
#include <array>

namespace gridseal::cli {
namespace {

using base::Json;

struct Named {
  std::string_view key;
  std::string_view name;
};

// The first that fits; a key that ends with a dot stands for all codes that begin so.
constexpr std::array kChecks{
    Named{"artifact.digest_mismatch", "artifact"},
    Named{"intoto.subject_mismatch", "artifact"},
    Named{"intoto.no_subject", "artifact"},
    Named{"simplesigning.digest", "artifact"},
    Named{"notary.descriptor", "artifact"},
    Named{"blob.", "content"},
    Named{"artifact.", "content"},
    Named{"oci.", "content"},
    Named{"store.", "content"},
    Named{"simplesigning.annotation", "annotations"},
    Named{"intoto.annotation", "annotations"},
    Named{"notary.metadata", "annotations"},
    Named{"parse.", "form"},
    Named{"bundle.", "form"},
    Named{"registry.manifest", "form"},
    Named{"registry.media_type", "form"},
    Named{"dsse.", "statement"},
    Named{"intoto.", "statement"},
    Named{"simplesigning.", "statement"},
    Named{"sig.", "signature"},
    Named{"key.", "signature"},
    Named{"registry.", "signature"},
    Named{"cert.", "chain"},
    Named{"sct.", "sct"},
    Named{"tlog.", "log"},
    Named{"tsa.", "timestamp"},
    Named{"time.", "timestamp"},
    Named{"identity.tag_version", "tag"},
    Named{"identity.environment", "environment"},
    Named{"identity.", "identity"},
    Named{"attestation.", "attestation"},
    Named{"policy.", "policy"},
    Named{"trust.", "policy"},
    Named{"notary.policy_none", "policy"},
    Named{"notary.expired", "expiry"},
    Named{"notary.timestamp", "timestamp"},
    Named{"notary.revoked", "revocation"},
    Named{"notary.revocation_unavailable", "revocation"},
    Named{"notary.identity", "identity"},
    Named{"notary.chain", "authenticity"},
    Named{"notary.cert_requirements", "authenticity"},
    Named{"notary.store", "authenticity"},
    Named{"notary.", "integrity"},
};

constexpr std::array kTitles{
    Named{"chain", "certificate chain"},
    Named{"sct", "certificate transparency"},
    Named{"log", "log inclusion"},
};

std::string check_text(const CheckLine& line, const Style& style) {
  std::string text = "  " + (line.ok ? style.paint(Colour::good, "✓") : style.paint(Colour::bad, "✗")) + " " +
                     std::string(title_of(line.check)) + ": ";
  if (!line.ok && !line.where.empty()) text += shown(line.where) + ": ";
  text += shown(line.message, 4000);
  if (!line.code.empty()) text += " (" + line.code + ")";
  return text + "\n";
}

Json check_json(const CheckLine& line) {
  return {{"check", line.check},
          {"ok", line.ok},
          {"code", line.code.empty() ? Json() : Json(line.code)},
          {"message", line.message},
          {"where", line.where.empty() ? Json() : Json(line.where)}};
}

void add_checks(std::vector<CheckLine>& checks, const trust::SignatureEvidence& evidence,
                const std::string& attestation) {
  std::string where = std::string(to_string(evidence.place));
  if (const auto digest = base::Digest::parse(evidence.signature_manifest))
    where += " " + digest->short_form();
  for (const trust::Check& check : evidence.checks) {
    const std::string message = attestation.empty() ? check.detail : attestation + ": " + check.detail;
    checks.push_back({check.name, true, {}, message, where});
  }
}

}  // namespace

void Report::add(const trust::Satisfied& satisfied) {
  for (const auto& signature : satisfied.signatures) {
    add_checks(checks, signature, {});
    signatures.push_back(trust::to_json(signature));
    for (const std::string& ignored : signature.ignored) notes.push_back("not counted: " + ignored);
    if (!signature.notation) continue;
    for (const std::string& logged : signature.notation->logged)
      warnings.push_back("only logged by the trust policy: " + logged);
  }
  for (const auto& attestation : satisfied.attestations) {
    add_checks(checks, attestation.signature, "attestation " + attestation.name);
    attestations.push_back(trust::to_json(attestation));
    std::string detail = attestation.name + ", " + attestation.predicate_type;
    for (const std::string& condition : attestation.conditions) detail += "; " + condition;
    checks.push_back({"attestation", true, {}, detail, {}});
  }
  for (const std::string& other : satisfied.others) notes.push_back("beside it, and not counted: " + other);
}

void Report::fail(base::Error wrong) {
  checks.push_back({std::string(check_of(wrong.code())), false, wrong.code(), wrong.describe(), {}});
  error = std::move(wrong);
}

void Report::fail(base::Error wrong, const std::vector<trust::Finding>& findings) {
  bool said = false;
  for (const trust::Finding& finding : findings) {
    const std::string what = finding.attestation ? "attestation " + finding.rule : std::string();
    if (finding.evidence) {
      add_checks(checks, *finding.evidence, what);
      (finding.attestation ? attestations : signatures).push_back(trust::to_json(*finding.evidence));
    } else if (finding.error && finding.other_kind) {
      const std::string why = finding.error->describe();
      if (wrong.describe().find(why) == std::string::npos) notes.push_back(finding.where + ": " + why);
    } else if (finding.error) {
      const std::string& code = finding.error->code();
      said = said || code == wrong.code();
      for (const trust::Check& check : finding.passed)
        checks.push_back({check.name, true, {}, check.detail, finding.where});
      checks.push_back({std::string(check_of(code)), false, code, finding.error->describe(), finding.where});
    }
  }
  if (said)
    error = std::move(wrong);
  else
    fail(std::move(wrong));
}

std::string outcome_of(const Report& report) {
  return report.error ? std::string(to_string(report.error->outcome())) : "verified";
}

Json report_json(const Report& report) {
  Json checks = Json::array();
  for (const CheckLine& line : report.checks) checks.push_back(check_json(line));
  Json document{{"verified", !report.error},
                {"outcome", outcome_of(report)},
                {"code", report.error ? Json(report.error->code()) : Json()},
                {"message", report.error ? Json(report.error->describe()) : Json()},
                {"target", report.target},
                {"digest", report.digest.empty() ? Json() : Json(report.digest)},
                {"checks", std::move(checks)},
                {"signatures", report.signatures},
                {"attestations", report.attestations},
                {"warnings", report.warnings},
                {"notes", report.notes}};
  document.update(report.more);
  return document;
}

std::string report_text(const Report& report, const Style& style) {
  std::string text = shown(report.digest.empty() ? report.target : report.digest) + "\n";
  for (const CheckLine& line : report.checks) text += check_text(line, style);
  for (const std::string& note : report.notes) text += "    " + shown(note, 4000) + "\n";
  for (const std::string& warning : report.warnings)
    text += "  " + style.paint(Colour::waiting, "!") + " " + shown(warning) + "\n";
  return text + style.paint(colour_of(outcome_of(report)), outcome_of(report)) + "\n";
}

ExitCode exit_code_of(const Report& report) {
  return report.error ? ExitCode::refused : ExitCode::ok;
}

std::string_view check_of(std::string_view code) {
  const auto fits = [&](const Named& one) {
    return one.key.ends_with('.') ? code.starts_with(one.key) : code == one.key;
  };
  const auto* found = std::ranges::find_if(kChecks, fits);
  return found == kChecks.end() ? std::string_view("policy") : found->name;
}

std::string_view title_of(std::string_view check) {
  const auto* found = std::ranges::find(kTitles, check, &Named::key);
  return found == kTitles.end() ? check : found->name;
}

}  // namespace gridseal::cli
