#include "deploy/standing.hpp"

#include "deploy/rules.hpp"
#include "kube/halt.hpp"

namespace gridseal::deploy {

base::Result<trust::Verified> verify_running(const Site& site, const config::Component& component,
                                             const base::Digest& artifact) {
  auto fetched = oci::read_artifact(*site.store, artifact);
  if (!fetched) return std::move(fetched).error();
  // No tag: what was admitted once under a tag is named by its digest from then on.
  return verify(site, component, *fetched, {}, trust::Occasion::running);
}

bool is_verdict(const base::Error& error) {
  const std::string& code = error.code();
  return !code.starts_with("history.") && !code.starts_with("store.") && !code.starts_with("files.");
}

base::Result<std::vector<std::string>> halt(const Site& site, const config::Component& component,
                                            const std::stop_token& stop) {
  auto entries = site.history->inventory(component.name, history::Side::last_good);
  if (!entries) return std::move(entries).error();
  std::vector<std::string> still_running;
  for (const auto& entry : *entries) {
    const kube::OwnedObject object{cluster_key(entry), entry.uid};
    const bool is_pod = object.key.group.empty() && object.key.kind == "Pod";
    if (is_pod) still_running.push_back(object.key.describe() + " cannot be stopped without deleting it");
    if (!kube::can_halt(object.key)) continue;
    auto halted = kube::halt_object(site.cluster_for(component), object, component.name, site.limits(stop));
    if (!halted)
      return std::move(halted).error().with_context(object.key.describe() + " could not be stopped");
    if (*halted == kube::Halted::not_ours)
      still_running.push_back(object.key.describe() + " is no longer of this component");
  }
  return still_running;
}

base::Result<void> start_again(const Site& site, const config::Component& component, const Rendered& good,
                               const std::stop_token& stop) {
  for (size_t i = 0; i < good.objects().size(); ++i) {
    if (!kube::can_halt(good.objects().entries()[i].key)) continue;
    auto object = good.objects().load(i);
    if (!object) return std::move(object).error();
    auto applied = kube::apply_object(site.cluster_for(component), object->body, site.limits(stop),
                                      apply_rules(component, object->key));
    if (!applied)
      return std::move(applied).error().with_context(object->key.describe() + " could not be started again");
  }
  auto entries = site.history->inventory(component.name, history::Side::last_good);
  if (!entries) return std::move(entries).error();
  for (const auto& entry : *entries) {
    auto released =
        kube::release_object(site.cluster_for(component), {cluster_key(entry), entry.uid}, site.limits(stop));
    if (!released) return released;
  }
  return {};
}

}  // namespace gridseal::deploy
