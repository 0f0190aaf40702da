#include "trust/verify.hpp"

#include <algorithm>

#include "deploy/evidence.hpp"
#include "deploy/revision.hpp"
#include "deploy/time_floor.hpp"

namespace gridseal::deploy {
namespace {

// "mirror.example:5000/water/pumps": the first mirror's name stands for all of them, and "medium" where there
// is none.
std::string repository_of(const config::Settings& settings, const config::Component& component) {
  if (component.registry.empty()) return "medium/" + component.repository;
  const std::string& url = settings.registries.at(component.registry).urls.front();
  const size_t scheme = url.find("://");
  return (scheme == std::string::npos ? url : url.substr(scheme + 3)) + "/" + component.repository;
}

// When the artifact was first found good: what was admitted does not expire while it runs.
base::Result<base::Time> admission_time(const Judging& judging, const base::Digest& artifact) {
  auto records = judging.history.verifications(artifact);
  if (!records) return std::move(records).error();
  base::Time first = judging.clock.now();
  for (const auto& record : *records) {
    if (record.outcome == history::VerificationOutcome::verified) first = std::min(first, record.time);
  }
  return first;
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

base::Result<trust::Verified> judge(const Generation& generation, const config::Component& component,
                                    const oci::FetchedArtifact& artifact, const std::string& tag,
                                    trust::Occasion occasion, base::Time now) {
  const auto policy = generation.policies.find(component.policy);
  if (policy == generation.policies.end()) return generation.unusable_policies.at(component.policy);
  trust::Identity identity;
  identity.component = component.expect;
  const std::string& own = generation.settings.site.environment;
  const trust::Circumstances circumstances{now, repository_of(generation.settings, component), own, occasion,
                                           kLargestJump};
  auto verified = trust::verify(generation.trust, policy->second, identity,
                                evidence_of(artifact.digest, artifact.manifest_bytes, artifact.signatures),
                                circumstances);
  if (!verified) return verified;
  // Signed for one environment: good there only. Signed for none: good everywhere the component is expected.
  if (verified->environment() && *verified->environment() != own) {
    return base::Error::refused("identity.environment", "the release is signed for the environment '" +
                                                            *verified->environment() + "', this site is '" +
                                                            own + "'");
  }
  if (auto agrees = trust::check_tag(*verified, tag); !agrees) return std::move(agrees).error();
  return verified;
}

base::Result<trust::Verified> verify(const Judging& judging, const config::Component& component,
                                     const oci::FetchedArtifact& artifact, const std::string& tag,
                                     trust::Occasion occasion) {
  base::Time now = judging.clock.now();
  if (occasion == trust::Occasion::running) {
    auto admitted = admission_time(judging, artifact.digest);
    if (!admitted) return std::move(admitted).error();
    now = *admitted;
  }
  auto verified = judge(judging.generation, component, artifact, tag, occasion, now);
  history::Verification record{component.name, artifact.digest, component.policy, {}, {}, {}, {}, 0, {}};
  record.trust_generation = judging.generation.trust.generation();
  if (verified) {
    record.outcome = history::VerificationOutcome::verified;
    record.sentence = trust::sentence(verified->satisfied());
    record.evidence = trust::to_json(*verified);
    // Only what verified is kept as an artifact: a mirror's junk does not fill the history.
    if (auto r = judging.history.record_artifact(record_of(artifact, &*verified)); !r)
      return std::move(r).error();
  } else {
    const base::Error& error = verified.error();
    record.outcome = error.outcome() == base::Outcome::pending ? history::VerificationOutcome::pending
                                                               : history::VerificationOutcome::refused;
    record.code = error.code();
    record.sentence = error.describe();
    record.evidence = base::Json::object({{"tag", tag}});
    if (auto r = judging.history.record_artifact(record_of(artifact, nullptr)); !r)
      return std::move(r).error();
  }
  auto written = judging.history.record_verification(record);
  if (!written) return std::move(written).error();
  return verified;
}

}  // namespace gridseal::deploy
