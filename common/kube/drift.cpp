#include "kube/drift.hpp"

#include <utility>

#include "kube/fields.hpp"

namespace gridseal::kube {

using base::Json;
using base::Result;

bool is_job(const manifest::ObjectKey& key) {
  return key.group == "batch" && key.kind == "Job";
}

bool is_finished_job(const Json& live) {
  if (group_of(live) != "batch" || text_at(live, {"kind"}) != "Job") return false;
  return condition_of(live, "Complete").is_true() || condition_of(live, "Failed").is_true();
}

bool is_left_alone(const Json& live) {
  const ObjectPolicy policy = policy_of(live);
  return policy.reconcile_disabled || policy.ssa == ObjectPolicy::Ssa::ignore ||
         policy.ssa == ObjectPolicy::Ssa::if_not_present || is_finished_job(live);
}

Result<DriftFinding> find_drift(Cluster& cluster, const Json& declared, const Limits& limits,
                                const ApplyRules& rules) {
  DriftFinding finding;
  bool finished = false;
  const DryRunSink look = [&](const Json& live, const Json& applied) {
    finding.changes = changed_fields(live, applied);
    finding.fields = own_fields_digest(live);
    finished = is_finished_job(live);
  };
  auto item = plan_object(cluster, declared, limits, rules, look);
  if (!item) return std::move(item).error();
  finding.uid = std::move(item->uid);
  finding.resource_version = std::move(item->resource_version);
  const bool job = is_job(item->key);
  switch (item->action) {
    case Action::skip:
      finding.kind = DriftFinding::Kind::left_alone;
      return finding;
    case Action::create:
    case Action::deferred:
      finding.kind = job ? DriftFinding::Kind::left_alone : DriftFinding::Kind::deleted;
      return finding;
    case Action::replace:
      finding.kind = job ? DriftFinding::Kind::left_alone : DriftFinding::Kind::changed;
      break;
    case Action::unchanged:
    case Action::configure:
      finding.kind = finished ? DriftFinding::Kind::left_alone : DriftFinding::Kind::changed;
      if (item->action == Action::unchanged && finding.changes.empty())
        finding.kind = DriftFinding::Kind::none;
      break;
  }
  // What a refused dry run could not show, its conflicts and its reason do.
  if (finding.changes.empty()) {
    for (const Conflict& conflict : item->conflicts)
      finding.changes.push_back({conflict.field, conflict.manager, {}, std::nullopt});
  }
  return finding;
}

}  // namespace gridseal::kube
