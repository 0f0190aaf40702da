#include "report/forms.hpp"

namespace gridseal::report {

using base::Json;

Json form(const std::optional<base::Time>& time) {
  return time ? Json(base::format_rfc3339(*time)) : Json();
}

Json form(const std::optional<base::Digest>& digest) {
  return digest ? Json(digest->to_string()) : Json();
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : Json(text);
}

namespace {

Json step_form(const history::Step& step) {
  return {{"sequence", step.sequence},
          {"name", step.name},
          {"started", base::format_rfc3339(step.started)},
          {"finished", form(step.finished)},
          {"duration_ms", step.duration ? Json(step.duration->count()) : Json()},
          {"result", text_or_null(step.result)},
          {"detail", step.detail}};
}

Json duration_of(const history::Deployment& deployment) {
  if (!deployment.finished) return {};
  return (*deployment.finished - deployment.started).count();
}

}  // namespace

Json form(const history::Deployment& deployment) {
  Json value{{"kind", "deployment"},
             {"id", deployment.id},
             {"component", deployment.component},
             {"revision", deployment.revision},
             {"digest", deployment.artifact.to_string()},
             {"purpose", to_string(deployment.kind)},
             {"actor", deployment.actor},
             {"started", base::format_rfc3339(deployment.started)},
             {"finished", form(deployment.finished)},
             {"duration_ms", duration_of(deployment)},
             {"state", deployment.state},
             {"outcome", deployment.outcome ? Json(to_string(*deployment.outcome)) : Json()},
             {"reason", text_or_null(deployment.reason)},
             {"message", text_or_null(deployment.sentence)},
             {"way_back", form(deployment.way_back)},
             {"rendered", form(deployment.rendered)},
             {"values", form(deployment.values)}};
  if (!deployment.steps.empty()) {
    Json steps = Json::array();
    for (const history::Step& step : deployment.steps) steps.push_back(step_form(step));
    value["steps"] = std::move(steps);
  }
  return value;
}

Json form(const history::Verification& verification) {
  return {{"kind", "verification"},
          {"component", verification.component},
          {"digest", verification.artifact.to_string()},
          {"policy", verification.policy},
          {"outcome", to_string(verification.outcome)},
          {"reason", text_or_null(verification.code)},
          {"message", text_or_null(verification.sentence)},
          {"started", base::format_rfc3339(verification.time)},
          {"trust_generation", verification.trust_generation},
          {"evidence", verification.evidence}};
}

Json form(const history::Artifact& artifact) {
  auto manifest = base::parse_json(artifact.manifest);
  return {{"digest", artifact.digest.to_string()},
          {"media_type", artifact.media_type},
          {"title", text_or_null(artifact.title)},
          {"version", text_or_null(artifact.version)},
          {"created", text_or_null(artifact.created)},
          {"revision", text_or_null(artifact.revision)},
          {"source", text_or_null(artifact.source)},
          {"first_seen", base::format_rfc3339(artifact.first_seen)},
          {"manifest", manifest ? std::move(*manifest) : Json()}};
}

std::string object_name(const history::ObjectKey& key) {
  std::string text = key.group.empty() ? key.kind : key.group + "/" + key.kind;
  text += ' ';
  if (!key.namespace_name.empty()) text += key.namespace_name + "/";
  return text + key.name;
}

Json form(const history::Drift& drift) {
  const bool under_way = !drift.ended && drift.action == history::DriftAction::corrected;
  return {{"kind", "drift"},
          {"component", drift.component},
          {"object", object_name(drift.key)},
          {"fields", drift.fields},
          {"manager", text_or_null(drift.manager)},
          {"changed", form(drift.changed)},
          {"started", base::format_rfc3339(drift.found)},
          {"finished", form(drift.ended)},
          {"outcome", under_way ? "correcting" : to_string(drift.action)},
          {"message", text_or_null(drift.sentence)}};
}

Json form(const history::AuditRow& row) {
  auto detail = base::parse_json(row.detail);
  return {{"sequence", row.sequence}, {"time", base::format_rfc3339(row.time)},
          {"actor", row.actor},       {"action", row.action},
          {"subject", row.subject},   {"detail", detail ? std::move(*detail) : Json(row.detail)},
          {"previous", row.previous}, {"hash", row.hash}};
}

}  // namespace gridseal::report
