#include <algorithm>
#include <set>

#include "deploy/account.hpp"
#include "deploy/revision.hpp"
#include "deploy/rules.hpp"
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

// Kinds, by group and name, whose definition the revision changes. What is declared of them may need the new
// definition, which a dry run before the first write cannot know.
using Redefined = std::set<std::pair<std::string, std::string>>;

void note_redefined(const manifest::Object& object, const kube::PlanItem& item, Redefined& redefined) {
  if (object.key.kind != "CustomResourceDefinition" || item.action != kube::Action::configure) return;
  redefined.emplace(kube::text_at(object.body, {"spec", "group"}),
                    kube::text_at(object.body, {"spec", "names", "kind"}));
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
  std::vector<kube::PlanItem> items;
  Redefined redefined;  // definitions come first in the order of applying
  items.reserve(rendered.objects().size());
  for (size_t i = 0; i < rendered.objects().size(); ++i) {
    auto object = rendered.objects().load(i);
    if (!object) return std::move(object).error();
    kube::ApplyRules rules = apply_rules(component, object->key);
    rules.definition_changes = redefined.contains({object->key.group, object->key.kind});
    auto item = kube::plan_object(site.cluster_for(component), object->body, site.limits(stop), rules);
    if (!item) {
      return std::move(item).error().with_context("the cluster does not accept " + object->key.describe() +
                                                  " (" + object->origin.describe() + ")");
    }
    if (!item->owner.empty() && item->owner != component.name) {
      return base::Error::refused("deploy.owned_by_other",
                                  object->key.describe() + " belongs to the component '" + item->owner +
                                      "' on this host; two components cannot own one object");
    }
    if (auto r = check_deferred(site, component, rendered.objects(), *item); !r) return std::move(r).error();
    note_redefined(*object, *item, redefined);
    items.push_back(std::move(*item));
  }
  return Planned(std::move(rendered), std::move(items), std::move(*way_back));
}

}  // namespace gridseal::deploy
