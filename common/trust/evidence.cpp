#include "trust/evidence.hpp"

#include "trust/verified.hpp"

namespace gridseal::trust {
namespace {

base::Json content_json(const Content& content) {
  return {{"mediaType", content.media_type}, {"digest", content.digest.to_string()}, {"size", content.size}};
}

}  // namespace

std::string_view to_string(Place place) {
  switch (place) {
    case Place::legacy_tag:
      return "signature tag";
    case Place::referrer:
      return "referrer";
    case Place::referrer_tag:
      return "referrer by tag";
  }
  return "";
}

base::Json to_json(const SignatureEvidence& evidence) {
  base::Json checks = base::Json::array();
  for (const Check& check : evidence.checks)
    checks.push_back({{"name", check.name}, {"detail", check.detail}});
  base::Json json = {{"scheme", evidence.scheme},
                     {"policy", evidence.policy},
                     {"key", evidence.key_name},
                     {"keyId", evidence.key_id},
                     {"algorithm", evidence.algorithm},
                     {"artifact", evidence.artifact},
                     {"place", to_string(evidence.place)},
                     {"signatureManifest", evidence.signature_manifest},
                     {"signature", evidence.signature_blob},
                     {"annotations", evidence.annotations},
                     {"trustGeneration", evidence.generation},
                     {"checks", std::move(checks)}};
  if (!evidence.reference.empty()) json["reference"] = evidence.reference;
  if (evidence.log_entries) json["logEntries"] = "present, not judged";
  if (evidence.timestamps) json["timestamps"] = "present, not judged";
  if (!evidence.others.empty()) json["others"] = evidence.others;
  return json;
}

base::Json to_json(const Verified& verified) {
  base::Json layers = base::Json::array();
  for (const Content& layer : verified.layers()) layers.push_back(content_json(layer));
  base::Json json = {{"digest", verified.digest().to_string()},
                     {"component", verified.component()},
                     {"version", verified.version()},
                     {"created", base::format_rfc3339(verified.created())},
                     {"config", content_json(verified.config())},
                     {"layers", std::move(layers)},
                     {"signature", to_json(verified.evidence())}};
  if (!verified.revision().empty()) json["revision"] = verified.revision();
  if (!verified.source().empty()) json["source"] = verified.source();
  if (verified.environment()) json["environment"] = *verified.environment();
  return json;
}

}  // namespace gridseal::trust
