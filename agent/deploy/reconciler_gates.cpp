// What stands between a verified revision and its deployment: floor, age, the gates, and its images.
#include "deploy/image_import.hpp"
#include "deploy/images.hpp"
#include "deploy/reconciler.hpp"
#include "trust/floor.hpp"
#include "trust/verify.hpp"

namespace gridseal::deploy {

base::Result<std::optional<int64_t>> Reconciler::permit_for(const trust::Verified& verified) {
  auto found = site_.history->find_permit(component_.name, verified.digest(), verified.version());
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<int64_t>();
  return std::optional<int64_t>((*found)->id);
}

base::Result<void> Reconciler::check_floor(const trust::Verified& verified, std::optional<int64_t>& permit) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  // Back to what runs already is no change.
  if (*record && (*record)->last_good && (*record)->last_good->artifact == verified.digest()) return {};
  if (auto r = site_.generation->trust.denials().check_minimum(verified.component(), verified.semver(),
                                                               verified.created());
      !r)
    return r;
  if (auto r = trust::check_age(site_.generation->policies.at(component_.policy), verified,
                                site_.outside.clock.now());
      !r)
    return r;
  if (!*record || !(*record)->floor) return {};
  const history::Floor& floor = *(*record)->floor;
  auto found = permit_for(verified);
  if (!found) return std::move(found).error();
  std::set<base::Digest> permitted;
  if (*found) permitted.insert(verified.digest());
  permit = *found;
  return trust::check_floor(trust::Floor{floor.version, floor.created.value_or(base::Time{}), floor.digest},
                            verified, permitted);
}

// A gate that is closed against a change to this revision, as what is shown of it.
base::Result<std::optional<Reconciler::Judgement>> Reconciler::closed_gate(const Resolved& resolved,
                                                                           const trust::Verified& verified,
                                                                           std::optional<int64_t>& permit) {
  const auto closed = [&](std::string_view state, std::string reason, std::string sentence) {
    return std::optional<Judgement>(
        {resolved.digest, std::string(state), std::move(reason), std::move(sentence), false, {}});
  };
  auto suspension = suspended();
  if (!suspension) return std::move(suspension).error();
  if (*suspension && !is_open(Gate::suspended, Act::change)) {
    return closed("suspended", "deploy.suspended",
                  "version " + verified.version() + " is verified and waits: " + **suspension);
  }
  const std::optional<base::Error>& damage = site_.generation->chain->damage();
  if (damage && !is_open(Gate::trust_damaged, Act::change)) {
    return closed("blocked", damage->code(),
                  "version " + verified.version() + " is verified and waits: " + damage->describe());
  }
  if (held_ && !is_open(Gate::held, Act::change)) {
    return closed("held", "config.held",
                  "version " + verified.version() +
                      " is verified and waits: the settings on disk are wrong (gridseal config check)");
  }
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  const bool untrusted =
      *record && (*record)->untrusted && component_.on_untrusted != config::OnUntrusted::keep;
  if (untrusted && !is_open(Gate::untrusted, Act::change)) {
    auto found = permit_for(verified);
    if (!found) return std::move(found).error();
    if (!*found)
      return closed("held", "trust.untrusted",
                    "version " + verified.version() +
                        " is verified and waits: what runs no longer verifies and could not be put back; let "
                        "it in with 'gridseal permit " +
                        component_.name + " --version " + verified.version() + " --reason TEXT'");
    permit = *found;
  }
  auto failure = site_.history->is_remembered(component_.name, verified.digest(),
                                              values_digest(site_.generation->settings, component_));
  if (!failure) return std::move(failure).error();
  if (*failure && !is_open(Gate::remembered, Act::change)) {
    return closed(
        "failed", (*failure)->reason,
        "version " + verified.version() + " failed before and is not tried again: " + (*failure)->sentence);
  }
  if (!is_open(Gate::dependency, Act::change) && dependency_problem_) {
    if (!asked_dependencies_) asked_dependencies_ = site_.now();
    if (auto problem = dependency_problem_(component_, *asked_dependencies_))
      return closed("blocked", "deploy.dependency",
                    "version " + verified.version() + " is verified and waits: " + *problem);
  }
  if (pause_ && pause_->digest == resolved.digest && site_.now() < pause_->until &&
      !is_open(Gate::settling_time, Act::change)) {
    return closed("blocked", pause_->reason, pause_->sentence);
  }
  return std::optional<Judgement>();
}

base::Result<bool> Reconciler::is_running(const Rendered& rendered) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good) return false;
  const history::LastGood& good = *(*record)->last_good;
  return good.artifact == rendered.verified().digest() && good.rendered == rendered.objects().digest();
}

// What runs already was admitted before: it is only judged again.
base::Result<trust::Occasion> Reconciler::occasion_of(const base::Digest& artifact) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  const bool runs = *record && (*record)->last_good && (*record)->last_good->artifact == artifact;
  return runs ? trust::Occasion::running : trust::Occasion::admission;
}

// Only on the way forward: the way back depends on no registry.
base::Result<void> Reconciler::look_at_images(Planned& planned, const std::stop_token& stop) {
  auto images = check_images(site_, component_, planned.rendered(), stop);
  if (!images) return std::move(images).error();
  for (const std::string& sentence : images->warnings)
    site_.outside.log.warning(sentence, {{"component", component_.name}, {"reason", "image.not_looked_for"}});
  auto brought = bring(planned.rendered(), *images, stop);
  planned.set_images(std::move(*images));
  return brought;
}

// To this host, so that they are here before the switch.
base::Result<void> Reconciler::bring(const Rendered& rendered, const ImageReport& report,
                                     const std::stop_token& stop) {
  if (!site_.generation->settings.images.is_on()) return {};
  if (auto r = list_images(site_, component_, rendered, report); !r) return r;
  auto listed = listed_revision(site_, component_.name, rendered.verified().digest());
  if (!listed) return std::move(listed).error();
  if (!*listed) return {};
  auto absent = bring_images(site_, **listed, stop);
  if (!absent) return std::move(absent).error();
  for (const std::string& sentence : *absent)
    site_.outside.log.warning(sentence, {{"component", component_.name}, {"reason", "image.not_here"}});
  return import_images(site_, **listed, stop);
}

// What runs was perhaps deployed before images were kept here.
base::Result<void> Reconciler::bring_running(const base::Digest& artifact, const std::stop_token& stop) {
  if (!site_.generation->settings.images.is_on()) return {};
  auto listed = listed_revision(site_, component_.name, artifact);
  if (!listed) return std::move(listed).error();
  if (!*listed) {
    auto rendered = render_from_store(site_, component_, artifact, stop);
    if (!rendered) return std::move(rendered).error();
    return bring(*rendered, {}, stop);
  }
  auto absent = bring_images(site_, **listed, stop);
  if (!absent) return std::move(absent).error();
  return import_images(site_, **listed, stop);
}

// What is wrong with an image may heal without anything changing about the artifact.
base::Result<void> Reconciler::refused_images(const Resolved& resolved, const base::Digest& artifact,
                                              base::Error error) {
  judge_anew_ = true;
  // A verdict of the image policy is in the history already.
  if (!error.code().starts_with("image.")) return error;
  return refused(resolved, artifact, std::move(error));
}

}  // namespace gridseal::deploy
