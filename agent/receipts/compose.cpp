#include "receipts/compose.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "receipts/receipt.hpp"

namespace gridseal::receipts {
namespace {

using base::Json;

constexpr size_t kMaxSentence = 400;
constexpr size_t kMaxSigners = 16;
constexpr size_t kMaxWarnings = 8;
constexpr size_t kMaxWarning = 160;
constexpr size_t kMaxExpiries = 8;

Json text_or_null(const std::string& text, size_t max = kMaxSentence) {
  return text.empty() ? Json() : Json(base::printable(text, max));
}

Json time_or_null(const std::optional<base::Time>& time) {
  return time ? Json(base::format_rfc3339(*time)) : Json();
}

Json digest_or_null(const std::optional<base::Digest>& digest) {
  return digest ? Json(digest->to_string()) : Json();
}

std::string statement(const std::string& name, const base::Digest& subject, std::string_view type,
                      Json predicate) {
  return base::dump_json(
      {{"_type", "https://in-toto.io/Statement/v1"},
       {"subject", Json::array({Json{{"name", name}, {"digest", {{"sha256", subject.hex()}}}}})},
       {"predicateType", type},
       {"predicate", std::move(predicate)}});
}

// What both kinds begin with.
Json common_part(const SiteFacts& site, const crypto::PublicKey& key, const history::ReceiptPlace& place) {
  return {{"site", {{"name", site.name}, {"environment", site.environment}}},
          {"key", key.key_id()},
          {"sequence", place.sequence},
          {"previous", digest_or_null(place.previous)},
          {"issued", base::format_rfc3339(place.now)},
          {"audit", {{"sequence", place.audit_sequence}, {"hash", place.audit_hash}}}};
}

const history::Step* plan_step(const history::Deployment& deployment) {
  const auto found = std::ranges::find(deployment.steps, "plan", &history::Step::name);
  return found == deployment.steps.end() ? nullptr : &*found;
}

// Numbers alone: names of objects and values of variables stay on the host.
Json plan_of(const history::Deployment& deployment) {
  Json counts = Json::object();
  if (const history::Step* step = plan_step(deployment); step != nullptr && step->detail.is_object()) {
    for (const auto& [name, value] : step->detail.items())
      if (value.is_number_integer()) counts[name] = value;
  }
  return {{"rendered", digest_or_null(deployment.rendered)},
          {"values", digest_or_null(deployment.values)},
          {"counts", std::move(counts)}};
}

// The short of what verification recorded: who signed, by what, and where that lies.
Json signer_of(const Json& evidence) {
  Json out = Json::object();
  for (const char* name : {"scheme", "authority", "signer", "keyId", "signature", "name", "predicateType"}) {
    if (const std::string* text = base::find_string(evidence, name))
      out[name] = base::printable(*text, kMaxSentence);
  }
  return out;
}

Json signers_in(const Json& evidence, const char* name) {
  Json out = Json::array();
  const Json* list = base::find_array(evidence, name);
  for (size_t i = 0; list != nullptr && i < std::min(kMaxSigners, list->size()); ++i)
    out.push_back(signer_of((*list)[i]));
  return out;
}

Json evidence_of(const SiteFacts& site, const std::optional<history::Verification>& verification) {
  Json out{{"trustVersion", site.trust_version ? Json(*site.trust_version) : Json()}};
  if (!verification) return out;
  out["policy"] = verification->policy;
  out["outcome"] = to_string(verification->outcome);
  out["verified"] = base::format_rfc3339(verification->time);
  out["signatures"] = signers_in(verification->evidence, "signatures");
  if (Json attestations = signers_in(verification->evidence, "attestations"); !attestations.empty())
    out["attestations"] = std::move(attestations);
  return out;
}

Json result_of(const history::Deployment& deployment) {
  return {{"outcome", deployment.outcome ? to_string(*deployment.outcome) : ""},
          {"reason", text_or_null(deployment.reason)},
          {"message", text_or_null(deployment.sentence)}};
}

Json running_of(const std::optional<history::ComponentRecord>& component) {
  if (!component || !component->last_good) return {};
  return {{"digest", component->last_good->artifact.to_string()},
          {"revision", component->last_good->revision}};
}

Json component_report(const history::ComponentRecord& record, const ReportFacts& facts) {
  Json out{{"name", record.name},
           {"state", record.state},
           {"runs", running_of(record)},
           {"since", base::format_rfc3339(record.state_since)}};
  if (!record.reason.empty()) out["reason"] = record.reason;
  if (!record.sentence.empty() && record.state != "healthy")
    out["message"] = base::printable(record.sentence, kMaxWarning);
  const bool runs_desired =
      record.last_good && record.desired_digest && record.last_good->artifact == *record.desired_digest;
  if (record.desired_digest && !runs_desired) out["desired"] = record.desired_digest->to_string();
  if (record.floor) out["floor"] = record.floor->version;
  if (record.untrusted) out["untrusted"] = record.untrusted->code;
  if (record.suspension) out["suspended"] = true;
  const auto count = [&](const char* name, const std::map<std::string, size_t>& numbers) {
    if (const auto found = numbers.find(record.name); found != numbers.end() && found->second > 0)
      out[name] = found->second;
  };
  count("drifts", facts.open_drifts);
  count("failures", facts.failures);
  return out;
}

Json expiries_of(const SiteFacts& site) {
  Json out = Json::array();
  for (size_t i = 0; i < std::min(kMaxExpiries, site.expiries.size()); ++i)
    out.push_back({{"what", site.expiries[i].what}, {"at", base::format_rfc3339(site.expiries[i].at)}});
  return out;
}

Json warnings_of(const SiteFacts& site) {
  Json out = Json::array();
  for (size_t i = 0; i < std::min(kMaxWarnings, site.warnings.size()); ++i)
    out.push_back(base::printable(site.warnings[i], kMaxWarning));
  if (site.warnings.size() > kMaxWarnings)
    out.push_back("and " + std::to_string(site.warnings.size() - kMaxWarnings) + " more");
  return out;
}

Json trust_of(const SiteFacts& site) {
  return {{"version", site.trust_version ? Json(*site.trust_version) : Json()},
          {"fingerprint", text_or_null(site.trust_fingerprint)},
          {"denials",
           {{"keys", site.denied_keys},
            {"digests", site.denied_digests},
            {"retired", site.retired_keys},
            {"floors", site.minimum_releases},
            {"digest", text_or_null(site.denials)}}}};
}

}  // namespace

std::string compose_receipt(const SiteFacts& site, const DeploymentFacts& facts, const crypto::PublicKey& key,
                            const history::ReceiptPlace& place) {
  const history::Deployment& deployment = facts.deployment;
  Json predicate = common_part(site, key, place);
  predicate["agent"] = site.agent;
  predicate["component"] = deployment.component;
  predicate["revision"] = deployment.revision;
  if (facts.artifact && !facts.artifact->version.empty()) {
    predicate["version"] = base::printable(facts.artifact->version, 80);
    predicate["source"] = {{"repository", text_or_null(facts.artifact->source)},
                           {"revision", text_or_null(facts.artifact->revision)}};
  }
  predicate["deployment"] = {{"id", deployment.id},
                             {"kind", to_string(deployment.kind)},
                             {"actor", base::printable(deployment.actor, kMaxSentence)},
                             {"started", base::format_rfc3339(deployment.started)},
                             {"finished", time_or_null(deployment.finished)}};
  predicate["plan"] = plan_of(deployment);
  predicate["evidence"] = evidence_of(site, facts.verification);
  predicate["result"] = result_of(deployment);
  predicate["previousArtifact"] = digest_or_null(deployment.way_back);
  predicate["runs"] = running_of(facts.component);
  return statement(deployment.revision, deployment.artifact, kReceiptType, std::move(predicate));
}

std::string compose_report(const SiteFacts& site, const ReportFacts& facts, const crypto::PublicKey& key,
                           const history::ReceiptPlace& place) {
  Json components = Json::array();
  for (const history::ComponentRecord& record : facts.components)
    components.push_back(component_report(record, facts));
  Json predicate = common_part(site, key, place);
  predicate["agent"] = {{"version", site.agent}, {"held", site.held ? text_or_null(*site.held) : Json()}};
  predicate["host"] = {{"system", text_or_null(site.system)}, {"kernel", text_or_null(site.kernel)}};
  predicate["kubernetes"] = text_or_null(site.kubernetes);
  predicate["trust"] = trust_of(site);
  predicate["clock"] = {{"host", base::format_rfc3339(site.host_clock)},
                        {"floor", time_or_null(site.time_floor)}};
  predicate["components"] = std::move(components);
  predicate["expiries"] = expiries_of(site);
  predicate["warnings"] = warnings_of(site);
  return statement(site.name, key.fingerprint(), kReportType, std::move(predicate));
}

}  // namespace gridseal::receipts
