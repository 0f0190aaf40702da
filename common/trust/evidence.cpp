#include "trust/evidence.hpp"

#include "crypto/sha256.hpp"
#include "trust/verified.hpp"

namespace gridseal::trust {
namespace {

base::Json content_json(const Content& content) {
  return {{"mediaType", content.media_type}, {"digest", content.digest.to_string()}, {"size", content.size}};
}

base::Json checks_json(const std::vector<Check>& checks) {
  base::Json json = base::Json::array();
  for (const Check& check : checks) json.push_back({{"name", check.name}, {"detail", check.detail}});
  return json;
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

std::string SignatureEvidence::signer() const {
  if (certificate) return sigstore::describe(certificate->signer.identity);
  if (notation) return notation->subjects.empty() ? notation->policy : notation->subjects.front();
  return key_name;
}

std::optional<base::Time> Satisfied::latest_proven_time() const {
  std::optional<base::Time> latest;
  const auto look = [&](const SignatureEvidence& evidence) {
    for (const auto& time : evidence.times) {
      if (!sigstore::is_proof(time.source)) continue;
      if (!latest || time.time > *latest) latest = time.time;
    }
  };
  for (const auto& signature : signatures) look(signature);
  for (const auto& attestation : attestations) look(attestation.signature);
  return latest;
}

std::string sentence(const Satisfied& satisfied) {
  std::string text = "signed by ";
  for (size_t i = 0; i < satisfied.signatures.size(); ++i)
    text += (i == 0 ? "" : " and ") + satisfied.signatures[i].signer();
  for (size_t i = 0; i < satisfied.attestations.size(); ++i)
    text += (i == 0 ? "; attested: " : ", ") + satisfied.attestations[i].name;
  return text;
}

namespace {

base::Json certificate_json(const CertificateEvidence& evidence) {
  const sigstore::CertificateSigner& signer = evidence.signer;
  std::vector<std::string> issuers;
  for (const std::string& der : signer.issuers) issuers.push_back(crypto::sha256(der).to_string());
  return {{"trustedRoot", evidence.trusted_root},
          {"subject", signer.identity.subject},
          {"subjectKind", sigstore::to_string(signer.identity.kind)},
          {"issuer", signer.identity.issuer},
          {"extensions", signer.identity.extensions},
          {"fingerprint", signer.fingerprint},
          {"serial", signer.serial},
          {"notBefore", base::format_rfc3339(signer.not_before)},
          {"notAfter", base::format_rfc3339(signer.not_after)},
          {"chain", signer.chain},
          {"issuers", issuers}};
}

base::Json notation_json(const NotationEvidence& evidence) {
  base::Json json = {{"policy", evidence.policy},
                     {"level", evidence.level},
                     {"store", evidence.store},
                     {"subjects", evidence.subjects},
                     {"fingerprints", evidence.fingerprints}};
  if (evidence.signing_time) json["signingTime"] = base::format_rfc3339(*evidence.signing_time);
  if (evidence.expiry) json["expiry"] = base::format_rfc3339(*evidence.expiry);
  if (!evidence.logged.empty()) json["logged"] = evidence.logged;
  return json;
}

base::Json times_json(const SignatureEvidence& evidence) {
  base::Json times = base::Json::array();
  for (const auto& time : evidence.times) {
    times.push_back({{"time", base::format_rfc3339(time.time)},
                     {"source", sigstore::to_string(time.source)},
                     {"authority", time.authority}});
  }
  return times;
}

base::Json log_json(const SignatureEvidence& evidence) {
  base::Json entries = base::Json::array();
  for (const auto& entry : evidence.log_entries) {
    base::Json json = {{"log", entry.log}, {"index", entry.index}};
    if (entry.integrated_time) json["integratedTime"] = base::format_rfc3339(*entry.integrated_time);
    entries.push_back(std::move(json));
  }
  return entries;
}

}  // namespace

base::Json to_json(const SignatureEvidence& evidence) {
  base::Json json = {{"scheme", evidence.scheme},
                     {"policy", evidence.policy},
                     {"authority", evidence.authority},
                     {"signer", evidence.signer()},
                     {"algorithm", evidence.algorithm},
                     {"artifact", evidence.artifact},
                     {"place", to_string(evidence.place)},
                     {"signatureManifest", evidence.signature_manifest},
                     {"signature", evidence.signature_blob},
                     {"annotations", evidence.annotations},
                     {"trustGeneration", evidence.generation},
                     {"times", times_json(evidence)},
                     {"logEntries", log_json(evidence)},
                     {"checks", checks_json(evidence.checks)}};
  if (evidence.bundle_version != 0) json["trustBundle"] = evidence.bundle_version;
  if (!evidence.key_id.empty()) {
    json["key"] = evidence.key_name;
    json["keyId"] = evidence.key_id;
  }
  if (evidence.certificate) json["certificate"] = certificate_json(*evidence.certificate);
  if (evidence.notation) json["notation"] = notation_json(*evidence.notation);
  if (!evidence.reference.empty()) json["reference"] = evidence.reference;
  if (!evidence.ignored.empty()) json["ignored"] = evidence.ignored;
  return json;
}

base::Json to_json(const AttestationEvidence& evidence) {
  return {{"name", evidence.name},
          {"predicateType", evidence.predicate_type},
          {"statement", evidence.statement},
          {"conditions", evidence.conditions},
          {"signature", to_json(evidence.signature)}};
}

base::Json to_json(const Satisfied& satisfied) {
  base::Json signatures = base::Json::array();
  for (const auto& signature : satisfied.signatures) signatures.push_back(to_json(signature));
  base::Json attestations = base::Json::array();
  for (const auto& attestation : satisfied.attestations) attestations.push_back(to_json(attestation));
  return {{"signatures", std::move(signatures)},
          {"attestations", std::move(attestations)},
          {"others", satisfied.others}};
}

base::Json to_json(const Verified& verified) {
  base::Json layers = base::Json::array();
  for (const Content& layer : verified.layers()) layers.push_back(content_json(layer));
  base::Json json = to_json(verified.satisfied());
  json.update({{"digest", verified.digest().to_string()},
               {"component", verified.component()},
               {"version", verified.version()},
               {"created", base::format_rfc3339(verified.created())},
               {"config", content_json(verified.config())},
               {"layers", std::move(layers)},
               {"trustGeneration", verified.generation()}});
  if (!verified.revision().empty()) json["revision"] = verified.revision();
  if (!verified.source().empty()) json["source"] = verified.source();
  if (verified.environment()) json["environment"] = *verified.environment();
  return json;
}

}  // namespace gridseal::trust
