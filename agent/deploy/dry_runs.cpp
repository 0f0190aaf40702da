#include "deploy/dry_runs.hpp"

#include "base/fan_out.hpp"
#include "deploy/rules.hpp"

namespace gridseal::deploy {

Indices of_stage(const manifest::Rendered& objects, manifest::Stage stage) {
  Indices out;
  for (size_t i = 0; i < objects.size(); ++i)
    if (manifest::stage(objects.entries()[i].key) == stage) out.push_back(i);
  return out;
}

std::vector<DryRun> dry_run(const Site& site, const config::Component& component,
                            const manifest::Rendered& objects, const Indices& which,
                            const Redefined& redefined, const std::stop_token& stop) {
  kube::Cluster& cluster = site.cluster_for(component);
  std::set<history::ObjectKey> known;
  auto inventory = site.history->inventory(component.name, history::Side::last_good);
  for (const auto& entry : inventory ? *inventory : std::vector<history::InventoryEntry>())
    known.insert(entry.key);
  std::vector<DryRun> done(which.size());
  const auto one = [&](size_t index) -> base::Result<kube::PlanItem> {
    auto object = objects.load(index);
    if (!object) return std::move(object).error();
    kube::ApplyRules rules = apply_rules(component, object->key);
    rules.definition_changes = redefined.contains({object->key.group, object->key.kind});
    rules.absent = !known.contains(journal_key(object->key));
    auto item = kube::plan_object(cluster, object->body, site.limits(stop), rules);
    if (item) return item;
    return std::move(item).error().with_context("the cluster does not accept " + object->key.describe() +
                                                " (" + object->origin.describe() + ")");
  };
  base::fan_out(which.size(), site.outside.in_flight, [&](size_t i) {
    done[i] = one(which[i]);
    return done[i]->has_value();
  });
  return done;
}

}  // namespace gridseal::deploy
