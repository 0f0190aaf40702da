// Dry runs of many objects, several at once.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "deploy/revision.hpp"
#include "manifest/order.hpp"

namespace gridseal::deploy {

Indices of_stage(const manifest::Rendered& objects, manifest::Stage stage);

// Kinds, by group and name, whose definition the revision changes. What is declared of them may need the new
// definition, which a dry run before the first write cannot know.
using Redefined = std::set<std::pair<std::string, std::string>>;

// Nothing: not tried, for one before it failed.
using DryRun = std::optional<base::Result<kube::PlanItem>>;

// As `which`, which is in the order of applying: whoever goes through the answers in that order meets the
// failure first that came first in the plan. Errors: those of kube::plan_object, with the object's name and
// where it was declared.
std::vector<DryRun> dry_run(const Site& site, const config::Component& component,
                            const manifest::Rendered& objects, const Indices& which,
                            const Redefined& redefined, const std::stop_token& stop);

}  // namespace gridseal::deploy
