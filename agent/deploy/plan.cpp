#include <algorithm>
#include <set>

#include "deploy/account.hpp"
#include "deploy/dry_runs.hpp"
#include "deploy/revision.hpp"
#include "kube/fields.hpp"

namespace gridseal::deploy {
namespace {

// A way back that cannot be rendered now would be missed at the worst moment.
base::Result<std::optional<base::Digest>> find_way_back(const Site& site, const config::Component& component,
                                                        const std::stop_token& stop) {
  auto record = site.history->component(component.name);
  if (!record) return std::move(record).error();
  if (!*record || !(*record)->last_good) return std::optional<base::Digest>();
  // A gate let this change through although what runs no longer verifies: that is never put back.
  if ((*record)->untrusted) return std::optional<base::Digest>();
  const base::Digest digest = (*record)->last_good->artifact;
  auto rendered = render_from_store(site, component, digest, stop);
  if (!rendered) {
    const base::Error cause = std::move(rendered).error();
    return base::Error::blocked(
        "deploy.no_way_back",
        "the last good revision " + (*record)->last_good->revision +
            " could not be put back if the new one failed, so nothing is changed: " + cause.describe());
  }
  return std::optional<base::Digest>(digest);
}

bool brings_namespace(const manifest::Rendered& objects, const std::string& name) {
  return std::ranges::any_of(objects.entries(), [&](const auto& entry) {
    return entry.key.group.empty() && entry.key.kind == "Namespace" && entry.key.name == name;
  });
}

// What cannot be tried now must come with this very revision, or be made by it: an operator may bring kinds
// that were never served before. A kind that was served when the last good revision came is not made by
// anything.
base::Result<void> check_deferred(const Site& site, const config::Component& component,
                                  const manifest::Rendered& objects, const kube::PlanItem& item) {
  if (item.homeless && !brings_namespace(objects, item.key.namespace_)) {
    return base::Error::blocked("kube.not_found",
                                item.key.describe() + ": " + item.reason +
                                    "; the revision does not bring its namespace, so nothing "
                                    "was changed");
  }
  if (!item.unserved || brings_definition(objects, item.key.group)) return {};
  auto before = site.history->inventory(component.name, history::Side::last_good);
  if (!before) return std::move(before).error();
  const bool was_served = std::ranges::any_of(*before, [&](const auto& entry) {
    return entry.key.group == item.key.group && entry.key.kind == item.key.kind;
  });
  if (!was_served) return {};
  return base::Error::blocked("kube.unknown_kind",
                              item.key.describe() + ": " + item.reason +
                                  " any more, and the revision does not bring its definition; nothing was "
                                  "changed");
}

// Of a definition that is there already and changes.
base::Result<void> note_redefined(const manifest::Rendered& objects, size_t index, const kube::PlanItem& item,
                                  Redefined& redefined) {
  if (item.key.kind != "CustomResourceDefinition" || item.action != kube::Action::configure) return {};
  auto definition = objects.load(index);
  if (!definition) return std::move(definition).error();
  redefined.emplace(kube::text_at(definition->body, {"spec", "group"}),
                    kube::text_at(definition->body, {"spec", "names", "kind"}));
  return {};
}

// What an accepted dry run does not tell of.
base::Result<void> check_item(const Site& site, const config::Component& component,
                              const manifest::Rendered& objects, const kube::PlanItem& item) {
  if (!item.owner.empty() && item.owner != component.name) {
    return base::Error::refused("deploy.owned_by_other",
                                item.key.describe() + " belongs to the component '" + item.owner +
                                    "' on this host; two components cannot own one object");
  }
  return check_deferred(site, component, objects, item);
}

base::Json names(const std::vector<std::string>& list) {
  constexpr size_t kShown = 50;
  base::Json out = base::Json::array();
  for (size_t i = 0; i < std::min(kShown, list.size()); ++i) out.push_back(list[i]);
  if (list.size() > kShown) out.push_back("and " + std::to_string(list.size() - kShown) + " more");
  return out;
}

base::Json shown(const std::vector<ImageReport::Checked>& images) {
  base::Json out = base::Json::array();
  for (const auto& image : images) {
    base::Json one{{"image", image.image}, {"digest", image.digest.to_string()}, {"from", image.from}};
    if (!image.signer.empty()) one["verified"] = image.signer;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

bool brings_definition(const manifest::Rendered& objects, const std::string& group) {
  return std::ranges::any_of(objects.entries(), [&](const auto& entry) {
    return entry.key.kind == "CustomResourceDefinition" && entry.key.name.ends_with("." + group);
  });
}

size_t Planned::count(kube::Action action) const {
  return static_cast<size_t>(std::ranges::count(items_, action, &kube::PlanItem::action));
}

base::Json Planned::summary() const {
  base::Json out = base::Json::object();
  out["objects"] = items_.size();
  std::vector<std::string> conflicts;
  std::vector<std::string> adopted;
  std::vector<std::string> warnings;
  for (const auto& item : items_) {
    const std::string action(kube::to_string(item.action));
    out[action] = out.value(action, 0) + 1;
    for (const auto& c : item.conflicts)
      conflicts.push_back(item.key.describe() + " " + c.field + " of " + c.manager);
    for (const auto& w : item.warnings) warnings.push_back(item.key.describe() + ": " + w);
    if (item.adopted) adopted.push_back(item.key.describe());
  }
  if (!conflicts.empty()) out["conflicts"] = names(conflicts);
  if (!adopted.empty()) out["adopted"] = names(adopted);
  warnings.insert(warnings.end(), images_.warnings.begin(), images_.warnings.end());
  if (!images_.images.empty()) out["images"] = shown(images_.images);
  if (!warnings.empty()) out["warnings"] = names(warnings);
  out["inputs"] = to_json(rendered_.inputs());
  if (!rendered_.variables().empty()) out["variables"] = base::Json(rendered_.variables());
  out["wayBack"] = way_back_ ? base::Json(way_back_->to_string()) : base::Json(nullptr);
  return out;
}

base::Result<Planned> plan(const Site& site, const config::Component& component, Rendered rendered,
                           const std::stop_token& stop) {
  auto way_back = find_way_back(site, component, stop);
  if (!way_back) return std::move(way_back).error();
  if (auto r = check_account(site, component, rendered.objects(), stop); !r) return std::move(r).error();
  const manifest::Rendered& objects = rendered.objects();
  std::vector<kube::PlanItem> items;
  Indices late;
  Redefined redefined;
  items.reserve(objects.size());
  // Definitions first: what they change has to be known before the others are tried.
  for (const auto stage : {manifest::Stage::definitions, manifest::Stage::classes, manifest::Stage::rest}) {
    for (auto& tried : dry_run(site, component, objects, of_stage(objects, stage), redefined, stop)) {
      if (!*tried) return std::move(*tried).error();
      if (auto r = check_item(site, component, objects, **tried); !r) return std::move(r).error();
      if (auto r = note_redefined(objects, items.size(), **tried, redefined); !r) return std::move(r).error();
      const manifest::ObjectKey& key = (*tried)->key;
      if ((*tried)->action == kube::Action::deferred || redefined.contains({key.group, key.kind}))
        late.push_back(items.size());
      items.push_back(std::move(**tried));
    }
  }
  return Planned(std::move(rendered), std::move(items), std::move(late), std::move(*way_back));
}

}  // namespace gridseal::deploy
