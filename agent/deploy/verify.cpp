#include "trust/verify.hpp"
#include "deploy/revision.hpp"

namespace gridseal::deploy {
namespace {

trust::Place trust_place(oci::Place place) {
  switch (place) {
    case oci::Place::legacy_tag:
      return trust::Place::legacy_tag;
    case oci::Place::referrer:
      return trust::Place::referrer;
    case oci::Place::referrer_tag:
      return trust::Place::referrer_tag;
  }
  return trust::Place::legacy_tag;
}

trust::Evidence evidence_of(const oci::FetchedArtifact& artifact) {
  trust::Evidence evidence(artifact.digest);
  evidence.manifest = artifact.manifest_bytes;
  for (const auto& signature : artifact.signatures.manifests) {
    evidence.signatures.push_back(
        {trust_place(signature.place), signature.digest, signature.bytes, signature.blobs});
  }
  evidence.not_tried = artifact.signatures.not_tried;
  evidence.notes = artifact.signatures.notes;
  return evidence;
}

base::Result<trust::Verified> judge(const Site& site, const config::Component& component,
                                    const oci::FetchedArtifact& artifact, const std::string& tag) {
  const Generation& generation = *site.generation;
  trust::Identity identity;
  identity.component = component.expect;
  auto verified = trust::verify(generation.trust, generation.policies.at(component.policy), identity,
                                evidence_of(artifact));
  if (!verified) return verified;
  // Signed for one environment: good there only. Signed for none: good everywhere the component is expected.
  const std::string& own = generation.settings.site.environment;
  if (verified->environment() && *verified->environment() != own) {
    return base::Error::refused("identity.environment", "the release is signed for the environment '" +
                                                            *verified->environment() + "', this site is '" +
                                                            own + "'");
  }
  if (auto agrees = trust::check_tag(*verified, tag); !agrees) return std::move(agrees).error();
  return verified;
}

history::Artifact record_of(const oci::FetchedArtifact& fetched, const trust::Verified* verified) {
  history::Artifact artifact{
      fetched.digest, fetched.media_type, fetched.manifest_bytes, {}, {}, {}, {}, {}, {}};
  if (verified != nullptr) {
    artifact.title = verified->component();
    artifact.version = verified->version();
    artifact.created = base::format_rfc3339(verified->created());
    artifact.revision = verified->revision();
    artifact.source = verified->source();
  }
  return artifact;
}

}  // namespace

base::Result<trust::Verified> verify(const Site& site, const config::Component& component,
                                     const oci::FetchedArtifact& artifact, const std::string& tag) {
  auto verified = judge(site, component, artifact, tag);
  history::Verification record{component.name, artifact.digest, component.policy, {}, {}, {}, {}, 0, {}};
  record.trust_generation = site.generation->trust.generation();
  if (verified) {
    record.outcome = history::VerificationOutcome::verified;
    record.sentence = "signed by " + verified->evidence().key_name;
    record.evidence = trust::to_json(*verified);
    // Only what verified is kept as an artifact: a mirror's junk does not fill the history.
    if (auto r = site.history->record_artifact(record_of(artifact, &*verified)); !r)
      return std::move(r).error();
  } else {
    const base::Error& error = verified.error();
    record.outcome = error.outcome() == base::Outcome::pending ? history::VerificationOutcome::pending
                                                               : history::VerificationOutcome::refused;
    record.code = error.code();
    record.sentence = error.describe();
    record.evidence = base::Json::object({{"tag", tag}});
    if (auto r = site.history->record_artifact(record_of(artifact, nullptr)); !r) return std::move(r).error();
  }
  auto written = site.history->record_verification(record);
  if (!written) return std::move(written).error();
  return verified;
}

}  // namespace gridseal::deploy
