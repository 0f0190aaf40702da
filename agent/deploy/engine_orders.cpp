// What people ask for, from any thread: it is checked and written down here, and the worker does it.
#include <algorithm>

#include "deploy/engine.hpp"

namespace gridseal::deploy {
namespace {

constexpr int64_t kLookedBack = 1000;  // deployments

// "stable@sha256:12…" by itself, by its tag's or signed version, by its digest or the beginning of one.
bool is_named(const history::Deployment& deployment, const std::string& version, const std::string& to) {
  const std::string digest = deployment.artifact.to_string();
  return to == deployment.revision || to == version || deployment.revision.starts_with(to + "@") ||
         (to.size() >= 8 && (digest.starts_with(to) || digest.substr(7).starts_with(to)));
}

}  // namespace

base::Result<config::Component> Engine::known(const std::string& component) const {
  const auto current = generation();
  const auto found = current->settings.components.find(component);
  if (found != current->settings.components.end()) return found->second;
  return base::Error::refused("control.unknown_component",
                              "there is no component '" + component + "' in the settings");
}

// The latest good deployment that `to` names; without a name the latest that brought other objects than run.
base::Result<history::Deployment> Engine::find_good(const history::ComponentRecord& record,
                                                    const std::string& to) {
  auto deployments = site_->history->deployments(record.name, kLookedBack);
  if (!deployments) return std::move(deployments).error();
  for (const auto& deployment : *deployments) {
    if (deployment.outcome != history::DeploymentOutcome::healthy) continue;
    if (to.empty()) {
      if (deployment.rendered != record.last_good->rendered) return deployment;
      continue;
    }
    auto artifact = site_->history->artifact(deployment.artifact);
    if (!artifact) return std::move(artifact).error();
    if (is_named(deployment, *artifact ? (*artifact)->version : "", to)) return deployment;
  }
  if (to.empty())
    return base::Error::refused("deploy.nothing_before",
                                "nothing that was healthy on this host before brought other objects than " +
                                    record.last_good->revision +
                                    "; name one with --to to go there all the same");
  return base::Error::refused("deploy.unknown_revision",
                              "no revision of '" + record.name + "' that was healthy here is named " + to +
                                  "; 'gridseal history " + record.name + "' lists them");
}

base::Result<std::string> Engine::roll_back(const std::string& component, const std::string& to,
                                            const std::string& who, const std::string& why) {
  if (auto r = known(component); !r) return std::move(r).error();
  auto record = site_->history->component(component);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good)
    return base::Error::refused("deploy.nothing_before",
                                "nothing of '" + component + "' was healthy on this host yet");
  const history::LastGood& good = *(*record)->last_good;
  RollbackOrder order{good.deployment, good.artifact, good.rendered, good.revision, who, why};
  auto unfinished = site_->history->unfinished_deployments();
  if (!unfinished) return std::move(unfinished).error();
  const bool under_way = std::ranges::any_of(
      *unfinished, [&](const history::Deployment& d) { return d.component == component; });
  if (!to.empty() || !under_way) {
    auto target = find_good(**record, to);
    if (!target) return std::move(target).error();
    order = {target->id, target->artifact, target->rendered, target->revision, who, why};
  }
  if (!site_->store->contains(order.artifact))
    return base::Error::refused("deploy.revision_gone",
                                order.revision +
                                    " is no longer in this host's store; storage.keep_revisions "
                                    "says how many good revisions stay there");
  auto row = site_->history->append_audit(who, "rollback.requested", "component/" + component,
                                          {{"revision", order.revision}, {"why", why}});
  if (!row) return std::move(row).error();
  std::string revision = order.revision;
  const std::scoped_lock lock(mutex_);
  rollbacks_.insert_or_assign(component, std::move(order));
  return revision;
}

base::Result<int64_t> Engine::retry(const std::string& component, const std::string& who,
                                    const std::string& why) {
  if (auto r = known(component); !r) return std::move(r).error();
  auto row = site_->history->append_audit(who, "retry.requested", "component/" + component, {{"why", why}});
  if (!row) return std::move(row).error();
  auto forgotten = site_->history->forget_failures(component, std::nullopt, who, why);
  if (!forgotten) return forgotten;
  (void)request(component);
  return forgotten;
}

base::Result<void> Engine::suspend(const std::string& component, const history::Suspension& suspension) {
  if (auto r = known(component); !r) return std::move(r).error();
  if (auto r = site_->history->suspend(component, suspension); !r) return r;
  (void)request(component);
  return {};
}

base::Result<void> Engine::resume(const std::string& component, const std::string& who,
                                  const std::string& why) {
  auto settings = known(component);
  if (!settings) return std::move(settings).error();
  if (auto r = site_->history->resume(component, who, why); !r) return r;
  (void)request(component);
  if (settings->suspend)
    return base::Error::refused("deploy.suspended", "the settings suspend it too: take component." +
                                                        component + ".suspend out and reload");
  return {};
}

std::optional<std::string> Engine::dependency_problem(const config::Component& component,
                                                      base::Clock::Monotonic asked) {
  for (const auto& name : component.depends_on) {
    const auto found = reconcilers_.find(name);
    if (found == reconcilers_.end()) return "it depends on " + name + ", which is not in the settings";
    Reconciler& dependency = *found->second;
    if (dependency.is_ready_since(asked)) continue;
    auto record = site_->history->component(name);
    const std::string state = record && *record ? (*record)->state : "";
    if (!dependency.has_looked_since(asked)) {
      dependency.look_soon();
      if (state == "healthy") return "it depends on " + name + ", which looks at the registry first";
    }
    return "it depends on " + name + ", which is " + (state.empty() ? "new" : state);
  }
  return std::nullopt;
}

void Engine::tell_dependents(const Reconciler& moved) {
  if (!moved.is_ready_since(base::Clock::Monotonic::min())) return;
  for (const auto& [name, reconciler] : reconcilers_) {
    const auto& names = reconciler->component().depends_on;
    if (std::ranges::find(names, moved.name()) != names.end()) reconciler->dependency_moved();
  }
}

}  // namespace gridseal::deploy
