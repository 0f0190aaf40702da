#include "deploy/image_policy.hpp"

#include "deploy/evidence.hpp"
#include "deploy/time_floor.hpp"
#include "trust/verify.hpp"

namespace gridseal::deploy {
namespace {

class ImageJudge {
 public:
  ImageJudge(const Site& site, const config::Component& component, const SignedImage& image,
             const std::stop_token& stop)
      : site_(site), component_(component), image_(image), stop_(stop) {}

  base::Result<std::string> run() {
    auto satisfied = judge(image_.found.named);
    if (!satisfied && satisfied.error().code() == "registry.no_signature" && image_.found.of_platform) {
      auto of_platform = judge(*image_.found.of_platform);
      if (of_platform || of_platform.error().code() != "registry.no_signature")
        satisfied = std::move(of_platform);
    }
    if (auto r = record(satisfied); !r) return std::move(r).error();
    if (!satisfied) return std::move(satisfied).error();
    return trust::sentence(*satisfied);
  }

 private:
  base::Result<oci::Signatures> signatures_of(const base::Digest& digest) {
    if (image_.place == nullptr) return oci::read_signatures(*site_.store, digest);
    return oci::fetch_signatures(*site_.generation->registries.at(image_.place->registry), *site_.store,
                                 image_.place->repository, digest, stop_);
  }

  base::Result<trust::Satisfied> judge(const oci::ManifestBytes& manifest) {
    const Generation& generation = *site_.generation;
    const auto policy = generation.policies.find(component_.image_policy);
    if (policy == generation.policies.end()) return generation.unusable_policies.at(component_.image_policy);
    auto signatures = signatures_of(manifest.digest);
    if (!signatures) return std::move(signatures).error();
    const trust::Circumstances circumstances{
        site_.outside.clock.now(), image_.reference.repository.to_string(),
        generation.settings.site.environment, trust::Occasion::admission, kLargestJump};
    return trust::verify_signatures(generation.trust, policy->second,
                                    evidence_of(manifest.digest, manifest.bytes, *signatures), circumstances);
  }

  // Beside the verdict about the artifact, under a rule of its own for each image.
  base::Result<void> record(const base::Result<trust::Satisfied>& satisfied) {
    if (!satisfied && satisfied.error().outcome() == base::Outcome::blocked) return {};
    const std::string name = image_.reference.to_string();
    history::Verification record{
        component_.name, image_.artifact, component_.image_policy + ", image " + name, {}, {}, {}, {}, 0, {}};
    record.trust_generation = site_.generation->trust.generation();
    record.evidence = base::Json::object();
    if (satisfied) {
      record.outcome = history::VerificationOutcome::verified;
      record.sentence = trust::sentence(*satisfied);
      record.evidence = trust::to_json(*satisfied);
    } else {
      record.outcome = satisfied.error().outcome() == base::Outcome::pending
                           ? history::VerificationOutcome::pending
                           : history::VerificationOutcome::refused;
      record.code = satisfied.error().code();
      record.sentence = "the image " + name + ": " + satisfied.error().describe();
    }
    record.evidence["image"] = name;
    auto written = site_.history->record_verification(record);
    if (!written) return std::move(written).error();
    return {};
  }

  const Site& site_;
  const config::Component& component_;
  const SignedImage& image_;
  const std::stop_token& stop_;
};

}  // namespace

base::Result<std::string> judge_image(const Site& site, const config::Component& component,
                                      const SignedImage& image, const std::stop_token& stop) {
  return ImageJudge(site, component, image, stop).run();
}

}  // namespace gridseal::deploy
