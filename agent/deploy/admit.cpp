#include <set>

#include "deploy/revision.hpp"
#include "deploy/state.hpp"
#include "kube/restore.hpp"

namespace gridseal::deploy {
namespace {

bool will_exist_newly(const kube::PlanItem& item) {
  return item.action == kube::Action::create || (item.action == kube::Action::deferred && item.uid.empty());
}

Indices absent_of(const std::vector<kube::PlanItem>& items) {
  Indices absent;
  for (size_t i = 0; i < items.size(); ++i)
    if (will_exist_newly(items[i])) absent.push_back(i);
  return absent;
}

base::Result<std::vector<history::InventoryEntry>> inventory_of(const Site& site, const Planned& planned,
                                                                history::DeploymentId id) {
  std::vector<history::InventoryEntry> entries;
  const auto& objects = planned.rendered().objects();
  for (size_t i = 0; i < objects.size(); ++i) {
    const kube::PlanItem& item = planned.items().at(i);
    if (item.action == kube::Action::skip) continue;
    const auto& object = objects.entries()[i];
    history::InventoryEntry entry{
        journal_key(object.key), object.key.version, object.digest, item.uid, false, std::nullopt};
    if (object.key.group.empty() && object.key.kind == "Secret") {
      // An unkeyed digest would let anyone with the database guess short secrets.
      auto text = objects.load_text(i);
      if (!text) return std::move(text).error();
      auto keyed = site.history->keyed_digest(*text);
      if (!keyed) return std::move(keyed).error();
      entry.declared = *keyed;
    }
    if (will_exist_newly(item)) entry.created_by = id;
    entries.push_back(std::move(entry));
  }
  return entries;
}

// The live bodies of objects that exist and that the last good revision does not hold: only these could not
// be put back from the store.
base::Result<void> keep_pre_images(const Site& site, const config::Component& component,
                                   const Planned& planned, history::DeploymentId id,
                                   const std::stop_token& stop) {
  auto known = site.history->inventory(component.name, history::Side::last_good);
  if (!known) return std::move(known).error();
  std::set<history::ObjectKey> last_good;
  for (const auto& entry : *known) last_good.insert(entry.key);
  for (const auto& item : planned.items()) {
    if (will_exist_newly(item) || item.action == kube::Action::skip) continue;
    if (last_good.contains(journal_key(item.key))) continue;
    auto live = site.cluster_for(component).get(item.key, site.limits(stop));
    if (!live && live.error().is("kube.not_found")) continue;
    if (!live) return std::move(live).error().error;
    auto kept = site.history->put_pre_image(id, journal_key(item.key),
                                            base::dump_json(kube::owned_preimage(std::move(*live))));
    if (!kept) return kept;
  }
  return {};
}

}  // namespace

history::ObjectKey journal_key(const manifest::ObjectKey& key) {
  return {key.group, key.kind, key.namespace_, key.name};
}

manifest::ObjectKey cluster_key(const history::InventoryEntry& entry) {
  return {entry.key.group, entry.version, entry.key.kind, entry.key.namespace_name, entry.key.name};
}

base::Result<Admitted> admit(const Site& site, const config::Component& component, Planned planned,
                             const Purpose& purpose, const std::stop_token& stop) {
  const Rendered& rendered = planned.rendered();
  history::NewDeployment record{component.name,
                                rendered.verified().digest(),
                                purpose.revision,
                                purpose.kind,
                                purpose.actor,
                                std::string(to_string(State::planned)),
                                rendered.objects().digest(),
                                rendered.values(),
                                planned.way_back()};
  auto id = site.history->begin_deployment(record);
  if (!id) return std::move(id).error();
  // Until the state says "applying" nothing reaches the cluster, so whatever fails here only ends the record.
  const auto prepared = [&]() -> base::Result<void> {
    auto step = site.history->begin_step(*id, "plan", planned.summary());
    if (!step) return std::move(step).error();
    auto entries = inventory_of(site, planned, *id);
    if (!entries) return std::move(entries).error();
    if (auto r = site.history->write_union_inventory(*id, *entries); !r) return r;
    if (auto r = keep_pre_images(site, component, planned, *id, stop); !r) return r;
    if (auto r = site.history->end_step(*id, *step); !r) return r;
    return site.history->set_state(*id, to_string(*next(State::planned, Event::started)));
  }();
  if (!prepared) {
    const base::Error& error = prepared.error();
    (void)site.history->finish_failed(
        *id, {history::DeploymentOutcome::blocked, error.code(), error.describe(), {}, false});
    return base::Error(error);
  }
  return Admitted(*id, std::move(planned.rendered_), std::move(planned.late_), absent_of(planned.items_));
}

Admitted readmit(history::DeploymentId id, Rendered rendered) {
  return {id, std::move(rendered), std::nullopt, {}};
}

}  // namespace gridseal::deploy
