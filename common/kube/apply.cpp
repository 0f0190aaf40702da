#include "kube/apply.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"
#include "kube/fields.hpp"
#include "kube/ignore.hpp"
#include "kube/ownership.hpp"
#include "kube/takeover.hpp"
#include "manifest/normalise.hpp"

namespace gridseal::kube {
namespace {

using base::Error;
using base::Json;
using base::Result;
using manifest::ObjectKey;

constexpr int kTakeoverAttempts = 5;

const Json* metadata_of(const Json& object) {
  return base::find_object(object, "metadata");
}

std::string metadata_text(const Json& object, std::string_view name) {
  const Json* metadata = metadata_of(object);
  const std::string* text = metadata == nullptr ? nullptr : base::find_string(*metadata, name);
  return text == nullptr ? std::string() : *text;
}

bool is_terminating(const Json& live) {
  return !metadata_text(live, "deletionTimestamp").empty();
}

// Equal but for what the server itself writes.
bool same_content(const Json& a, const Json& b) {
  static constexpr std::array<std::string_view, 6> kServerOwned = {
      "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"};
  const auto equal_but = [](const Json& x, const Json& y, auto ignored) {
    const auto covers = [&](const Json& left, const Json& right) {
      return std::all_of(left.items().begin(), left.items().end(), [&](const auto& member) {
        if (ignored(member.key())) return true;
        const auto it = right.find(member.key());
        return it != right.end() && *it == member.value();
      });
    };
    return covers(x, y) && covers(y, x);
  };
  const Json empty = Json::object();
  const Json* meta_a = metadata_of(a);
  const Json* meta_b = metadata_of(b);
  return equal_but(a, b, [](const std::string& key) { return key == "metadata" || key == "status"; }) &&
         equal_but(meta_a == nullptr ? empty : *meta_a, meta_b == nullptr ? empty : *meta_b,
                   [](const std::string& key) {
                     return std::find(kServerOwned.begin(), kServerOwned.end(), key) != kServerOwned.end();
                   });
}

// A switch away from RollingUpdate, which the old parameters, owned by nobody, would make invalid.
struct StrategySwitch {
  std::string field;  // "strategy" or "updateStrategy"
  std::string type;

  Json patch() const { return {{"spec", {{field, {{"type", type}, {"rollingUpdate", nullptr}}}}}}; }
};

std::optional<StrategySwitch> strategy_switch(const Json& declared, const Json& live) {
  const auto strategy_of = [](const Json& object, const char* field) -> const Json* {
    const Json* spec = base::find_object(object, "spec");
    return spec == nullptr ? nullptr : base::find_object(*spec, field);
  };
  for (const char* field : {"strategy", "updateStrategy"}) {
    const Json* wanted = strategy_of(declared, field);
    const Json* present = strategy_of(live, field);
    const std::string* type = wanted == nullptr ? nullptr : base::find_string(*wanted, "type");
    if (type == nullptr || present == nullptr || (*type != "Recreate" && *type != "OnDelete")) continue;
    if (base::find_member(*present, "rollingUpdate") != nullptr) return StrategySwitch{field, *type};
  }
  return std::nullopt;
}

// Whether a refused dry run complains of nothing but the switch that apply_object prepares.
bool only_about(const Failure& failure, const StrategySwitch& change) {
  const std::string field = "spec." + change.field + ".rollingUpdate";
  return failure.status == 422 && !failure.causes.empty() &&
         std::all_of(failure.causes.begin(), failure.causes.end(),
                     [&](const Cause& cause) { return cause.field == field; });
}

std::string skip_reason(const ObjectPolicy& declared, const Json* live) {
  if (declared.reconcile_disabled) return "annotation kustomize.toolkit.fluxcd.io/reconcile: disabled";
  if (declared.ssa == ObjectPolicy::Ssa::ignore) return "annotation kustomize.toolkit.fluxcd.io/ssa: Ignore";
  if (live == nullptr) return {};
  if (declared.ssa == ObjectPolicy::Ssa::if_not_present)
    return "it exists, and annotation kustomize.toolkit.fluxcd.io/ssa is IfNotPresent";
  const ObjectPolicy present = policy_of(*live);
  if (present.reconcile_disabled)
    return "annotation kustomize.toolkit.fluxcd.io/reconcile: disabled on the live object";
  if (present.ssa == ObjectPolicy::Ssa::ignore)
    return "annotation kustomize.toolkit.fluxcd.io/ssa: Ignore on the live object";
  return {};
}

Error terminating(const ObjectKey& key, const Json& live) {
  std::string text = key.describe() + " is being deleted since " + metadata_text(live, "deletionTimestamp");
  const Json* metadata = metadata_of(live);
  const Json* finalizers = metadata == nullptr ? nullptr : base::find_array(*metadata, "finalizers");
  std::string names;
  if (finalizers != nullptr) {
    for (const Json& name : *finalizers)
      if (name.is_string())
        names += (names.empty() ? "" : ", ") + base::printable(name.get<std::string>(), 100);
  }
  if (!names.empty()) text += " and is held by its finalizers " + names;
  return Error::blocked("kube.terminating", text);
}

// An object with the live one beside it.
struct Target {
  ObjectKey key;
  ObjectPolicy policy;
  std::string path;  // empty: the kind is not served
  std::optional<Json> live;
  std::string skip;      // not empty: why it is left alone
  std::string deferred;  // not empty: what is not there yet
};

// Not the object is missing but its whole path (kube-contract 051): the kind went since it was discovered.
bool is_path_gone(const Failure& failure) {
  return failure.status == 404 &&
         (failure.reason.empty() ||
          failure.error.message().find("could not find the requested resource") != std::string::npos);
}

Result<Target> look(Cluster& cluster, const Json& object, const Limits& limits) {
  auto key = key_of(object);
  if (!key) return std::move(key).error();
  Target target{std::move(*key), policy_of(object), {}, std::nullopt, {}, {}};
  target.skip = skip_reason(target.policy, nullptr);
  if (!target.skip.empty()) return target;
  auto path = cluster.path_for(target.key, limits);
  if (!path) {
    if (path.error().code() != "kube.unknown_kind") return std::move(path).error();
    target.deferred = path.error().message();
    return target;
  }
  target.path = std::move(*path);
  auto live = cluster.client().get(target.path, limits);
  if (!live) {
    if (!live.error().is("kube.not_found")) return std::move(live).error().error;
    if (!is_path_gone(live.error())) return target;
    cluster.discovery().forget();
    auto again = cluster.path_for(target.key, limits);
    if (!again && again.error().code() != "kube.unknown_kind") return std::move(again).error();
    if (!again) target.deferred = again.error().message();
    return target;
  }
  target.live = std::move(*live);
  target.skip = skip_reason(target.policy, &*target.live);
  if (target.skip.empty() && is_terminating(*target.live)) {
    return terminating(target.key, *target.live);
  }
  return target;
}

// What is likely not there is created without a look. Without force, so that nobody who came first loses a
// field. Nothing: its annotations want a look first.
std::optional<Answer<Written>> create_unseen(Cluster& cluster, const Json& object, bool dry_run,
                                             const Limits& limits) {
  const ObjectPolicy policy = policy_of(object);
  if (policy.reconcile_disabled || policy.ssa == ObjectPolicy::Ssa::ignore ||
      policy.ssa == ObjectPolicy::Ssa::if_not_present)
    return std::nullopt;
  ApplyOptions options;
  options.dry_run = dry_run;
  options.strict = dry_run;
  return cluster.apply(object, options, limits);
}

// It is there after all, or the server has something against it that may have to do with what is there.
bool wants_a_look(const Answer<Written>& answer) {
  if (answer) return !answer->created;
  const Failure& failure = answer.error();
  return failure.is("kube.unknown_kind") ||
         (failure.status != 0 && failure.status != 401 && !is_transient(failure, true));
}

// On the way back the annotation of the revision that failed counts: what it replaced has to be replaced
// again. A Job never is: it would run once more.
bool may_replace(const Target& target, const Failure& failure, bool back = false) {
  if (!failure.is("kube.immutable") || !target.live || !is_replaceable(target.key)) return false;
  if (!back) return target.policy.force;
  return target.key.kind != "Job" && (target.policy.force || policy_of(*target.live).force);
}

Error hint_at_force(const Target& target, Failure failure) {
  if (!failure.is("kube.immutable") || target.policy.force || !is_replaceable(target.key))
    return std::move(failure.error);
  return std::move(failure.error)
      .with_context(target.key.describe() +
                    " changes a field that cannot be changed; annotation kustomize.toolkit.fluxcd.io/force: "
                    "enabled would allow to delete and create it anew");
}

void add_conflicts(PlanItem& item, const Failure& failure) {
  for (Conflict& conflict : failure.conflicts())
    if (conflict.manager != kFieldManager) item.conflicts.push_back(std::move(conflict));
}

bool is_homeless(const ObjectKey& key, const Failure& failure) {
  return failure.is("kube.not_found") &&
         failure.error.message().find("namespaces \"" + key.namespace_ + "\" not found") != std::string::npos;
}

PlanItem deferred(PlanItem item, const Failure& failure) {
  item.action = Action::deferred;
  item.homeless = is_homeless(item.key, failure);
  item.reason = failure.error.message();
  return item;
}

// The dry run itself: without force, then, when others own fields, with it.
Result<PlanItem> dry_run(Cluster& cluster, const Target& target, const Json& object, PlanItem item,
                         const Limits& limits, const ApplyRules& rules, const DryRunSink& seen) {
  ApplyOptions options;
  options.dry_run = true;
  options.strict = true;
  auto written = cluster.client().apply(target.path, object, options, limits);
  if (!written && !written.error().conflicts().empty()) {
    add_conflicts(item, written.error());
    options.force = true;
    written = cluster.client().apply(target.path, object, options, limits);
  }
  if (written) {
    item.warnings = std::move(written->warnings);
    if (target.live && seen) seen(*target.live, written->object);
    if (!target.live) {
      item.action = Action::create;
    } else {
      item.action = same_content(*target.live, written->object) ? Action::unchanged : Action::configure;
    }
    return item;
  }
  Failure& failure = written.error();
  if (failure.is("kube.not_found")) return deferred(std::move(item), failure);
  if (may_replace(target, failure)) {
    item.action = Action::replace;
    item.reason = failure.error.message();
    return item;
  }
  const auto change = target.live ? strategy_switch(object, *target.live) : std::nullopt;
  if (change && only_about(failure, *change)) {
    item.action = Action::configure;
    return item;
  }
  if (rules.definition_changes && failure.error.outcome() == base::Outcome::refused)
    return deferred(std::move(item), failure);
  return hint_at_force(target, std::move(failure));
}

// One step of a change of the live object that must not be lost to another writer: patch, or read again and
// retry.
Result<void> take_over(Cluster& cluster, Target& target, const Limits& limits) {
  for (int attempt = 0; attempt < kTakeoverAttempts; ++attempt) {
    const auto patch = takeover_patch(*target.live);
    if (!patch) return {};
    auto patched = cluster.client().patch(target.path, PatchKind::json, *patch, {}, limits);
    if (patched) {
      target.live = std::move(*patched);
      return {};
    }
    // 422: the annotation went meanwhile.
    if (patched.error().status != 409 && patched.error().status != 422)
      return std::move(patched).error().error;
    auto live = cluster.client().get(target.path, limits);
    if (!live) return std::move(live).error().error;
    target.live = std::move(*live);
  }
  return Error::blocked("kube.conflict",
                        target.key.describe() +
                            " changes all the time: the fields that kubectl owns could not be "
                            "taken over");
}

const Json* pod_template(const Json& object) {
  const Json* found = field_at(object, {"spec", "template"});
  return found != nullptr ? found : field_at(object, {"spec", "jobTemplate", "spec", "template"});
}

bool owns(const Json& live, const Json::json_pointer& field) {
  const Json* entries = field_at(live, {"metadata", "managedFields"});
  if (entries == nullptr || !entries->is_array()) return false;
  return std::any_of(entries->begin(), entries->end(), [&](const Json& entry) {
    return text_at(entry, {"manager"}) == kFieldManager && entry.contains("fieldsV1") &&
           entry["fieldsV1"].contains(field);
  });
}

// A ServiceAccount that we named and name no longer would stay: its other name, serviceAccount, belongs to
// nobody. Nothing when there is none; else the patch that takes both away.
std::optional<Json> dropped_account(const Json& declared, const Json& live) {
  const Json* wanted = pod_template(declared);
  const Json* present = pod_template(live);
  if (wanted == nullptr || present == nullptr) return std::nullopt;
  if (!text_at(*wanted, {"spec", "serviceAccountName"}).empty() ||
      !text_at(*wanted, {"spec", "serviceAccount"}).empty() ||
      text_at(*present, {"spec", "serviceAccountName"}).empty())
    return std::nullopt;
  const bool scheduled = field_at(live, {"spec", "jobTemplate"}) != nullptr;
  const std::string owned = scheduled ? "/f:spec/f:jobTemplate/f:spec/f:template" : "/f:spec/f:template";
  if (!owns(live, Json::json_pointer(owned + "/f:spec/f:serviceAccountName"))) return std::nullopt;
  const Json spec{{"spec", {{"serviceAccountName", nullptr}, {"serviceAccount", nullptr}}}};
  if (scheduled) return Json{{"spec", {{"jobTemplate", {{"spec", {{"template", spec}}}}}}}};
  return Json{{"spec", {{"template", spec}}}};
}

Result<void> merge_patch(Cluster& cluster, Target& target, const Json& patch, const Limits& limits) {
  auto patched = cluster.client().patch(target.path, PatchKind::merge, patch, {}, limits);
  if (!patched) return std::move(patched).error().error;
  target.live = std::move(*patched);
  return {};
}

Result<void> prepare(Cluster& cluster, Target& target, const Json& object, const Limits& limits) {
  if (const auto change = strategy_switch(object, *target.live); change) {
    if (auto r = merge_patch(cluster, target, change->patch(), limits); !r) return r;
  }
  if (const auto patch = dropped_account(object, *target.live); patch) {
    if (auto r = merge_patch(cluster, target, *patch, limits); !r) return r;
  }
  if (target.policy.ssa == ObjectPolicy::Ssa::merge) return {};
  return take_over(cluster, target, limits);
}

// What is sent: the declared body, but for what others own in the live object.
Json body_for(const Target& target, const Json& object, const ApplyRules& rules) {
  if (!target.live || rules.ignore.empty()) return object;
  return leave_to_others(object, *target.live, rules.ignore);
}

// Delete and create; the old body comes back when the new one is refused.
Answer<Written> replace(Cluster& cluster, const Target& target, const Json& object, const Limits& limits) {
  const auto fail = [](Error error) { return Failure{std::move(error), 0, {}, {}, std::nullopt}; };
  const std::string uid = metadata_text(*target.live, "uid");
  RemoveOptions remove;
  remove.uid = uid;
  auto removed = cluster.client().remove(target.path, remove, limits);
  if (!removed) return std::move(removed).error();
  auto left = cluster.client().get(target.path, limits);
  if (!left && !left.error().is("kube.not_found")) return std::move(left).error();
  if (left && metadata_text(*left, "uid") == uid) return fail(terminating(target.key, *left));
  ApplyOptions options;
  options.force = true;
  auto written = cluster.client().apply(target.path, object, options, limits);
  if (written) return written;
  auto restored = cluster.client().apply(target.path, preimage(*target.live), options, limits);
  Error error = std::move(written).error().error;
  const std::string ending =
      restored ? "the old one was put back"
               : "and the old one could not be put back (" + restored.error().error.code() + ")";
  return fail(
      std::move(error).with_context(target.key.describe() + " was deleted to be created anew, " + ending));
}

ApplyResult result_of(const ObjectKey& key, Action action, const Json& object) {
  ApplyResult result;
  result.key = key;
  result.action = action;
  result.uid = metadata_text(object, "uid");
  result.resource_version = metadata_text(object, "resourceVersion");
  result.fields = own_fields_digest(object);
  if (const Json* metadata = metadata_of(object); metadata != nullptr)
    result.generation = base::find_integer(*metadata, "generation").value_or(0);
  return result;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::create:
      return "create";
    case Action::configure:
      return "configure";
    case Action::unchanged:
      return "unchanged";
    case Action::skip:
      return "skip";
    case Action::replace:
      return "replace";
    case Action::deferred:
      return "deferred";
  }
  return "unchanged";
}

ObjectPolicy policy_of(const Json& object) {
  const auto value = [&](std::string_view name) {
    std::string text;
    const std::string key = "kustomize.toolkit.fluxcd.io/" + std::string(name);
    const Json* metadata = metadata_of(object);
    for (const char* map : {"labels", "annotations"}) {
      const Json* entries = metadata == nullptr ? nullptr : base::find_object(*metadata, map);
      const std::string* found = entries == nullptr ? nullptr : base::find_string(*entries, key);
      if (found != nullptr) text = *found;
    }
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
  };
  ObjectPolicy policy;
  policy.reconcile_disabled = value("reconcile") == "disabled";
  policy.prune_disabled = value("prune") == "disabled";
  policy.force = value("force") == "enabled";
  const std::string ssa = value("ssa");
  if (ssa == "merge") policy.ssa = ObjectPolicy::Ssa::merge;
  if (ssa == "ifnotpresent") policy.ssa = ObjectPolicy::Ssa::if_not_present;
  if (ssa == "ignore") policy.ssa = ObjectPolicy::Ssa::ignore;
  return policy;
}

bool is_replaceable(const ObjectKey& key) {
  static constexpr std::array<std::string_view, 5> kNever = {
      "PersistentVolumeClaim", "PersistentVolume", "Namespace", "CustomResourceDefinition", "StatefulSet"};
  return std::find(kNever.begin(), kNever.end(), key.kind) == kNever.end();
}

namespace {

// Nothing: it has to be looked at.
Result<std::optional<PlanItem>> plan_unseen(Cluster& cluster, const Json& object, const Limits& limits) {
  auto key = key_of(object);
  if (!key) return std::move(key).error();
  auto answer = create_unseen(cluster, object, true, limits);
  if (!answer) return std::optional<PlanItem>();
  PlanItem item;
  item.key = std::move(*key);
  if (!*answer && is_homeless(item.key, answer->error()))
    return std::optional(deferred(std::move(item), answer->error()));
  if (wants_a_look(*answer)) return std::optional<PlanItem>();
  if (!*answer) return std::move(answer->error().error);
  item.action = Action::create;
  item.warnings = std::move((*answer)->warnings);
  return std::optional(std::move(item));
}

}  // namespace

Result<PlanItem> plan_object(Cluster& cluster, const Json& object, const Limits& limits,
                             const ApplyRules& rules, const DryRunSink& seen) {
  if (rules.absent) {
    auto item = plan_unseen(cluster, object, limits);
    if (!item) return std::move(item).error();
    if (*item) return std::move(**item);
  }
  auto target = look(cluster, object, limits);
  if (!target) return std::move(target).error();
  PlanItem item;
  item.key = target->key;
  if (target->live) {
    item.uid = metadata_text(*target->live, "uid");
    item.resource_version = metadata_text(*target->live, "resourceVersion");
    item.owner = manifest::owner_of(*target->live);
    item.adopted = target->skip.empty() && item.owner != manifest::owner_of(object);
  }
  if (!target->skip.empty()) {
    item.action = Action::skip;
    item.reason = std::move(target->skip);
    return item;
  }
  if (!target->deferred.empty()) {
    item.action = Action::deferred;
    item.unserved = true;
    item.reason = std::move(target->deferred);
    return item;
  }
  return dry_run(cluster, *target, body_for(*target, object, rules), std::move(item), limits, rules, seen);
}

namespace {

// Nothing: it has to be looked at.
Result<std::optional<ApplyResult>> apply_unseen(Cluster& cluster, const Json& object, const Limits& limits) {
  auto key = key_of(object);
  if (!key) return std::move(key).error();
  auto answer = create_unseen(cluster, object, false, limits);
  if (!answer || wants_a_look(*answer)) return std::optional<ApplyResult>();
  if (!*answer) return std::move(answer->error().error);
  ApplyResult result = result_of(*key, Action::create, (*answer)->object);
  result.warnings = std::move((*answer)->warnings);
  return std::optional(std::move(result));
}

Result<ApplyResult> apply_it(Cluster& cluster, const Json& object, bool back, const Limits& limits,
                             const ApplyRules& rules) {
  if (rules.absent) {
    auto created = apply_unseen(cluster, object, limits);
    if (!created) return std::move(created).error();
    if (*created) return std::move(**created);
  }
  auto target = look(cluster, object, limits);
  if (!target) return std::move(target).error();
  if (!target->deferred.empty()) return Error::blocked("kube.unknown_kind", target->deferred);
  if (!target->skip.empty())
    return result_of(target->key, Action::skip, target->live ? *target->live : Json::object());

  const std::optional<Json> before = target->live;
  if (target->live) {
    if (auto ready = prepare(cluster, *target, object, limits); !ready) return std::move(ready).error();
  }
  ApplyOptions options;
  options.force = true;
  auto written = cluster.client().apply(target->path, body_for(*target, object, rules), options, limits);
  bool replaced = false;
  if (!written && may_replace(*target, written.error(), back)) {
    written = replace(cluster, *target, object, limits);
    replaced = true;
  }
  if (!written) return hint_at_force(*target, std::move(written).error());
  // The first apply of an object without managedFields brings out its former owner.
  if (before && !replaced && target->policy.ssa != ObjectPolicy::Ssa::merge &&
      takeover_patch(written->object)) {
    target->live = written->object;
    if (auto taken = take_over(cluster, *target, limits); !taken) return std::move(taken).error();
    auto again = cluster.client().apply(target->path, body_for(*target, object, rules), options, limits);
    if (!again) return std::move(again).error().error;
    written = std::move(again);
  }
  Action action = Action::create;
  if (replaced) {
    action = Action::replace;
  } else if (before) {
    action = same_content(*before, written->object) ? Action::unchanged : Action::configure;
  }
  ApplyResult result = result_of(target->key, action, written->object);
  result.warnings = std::move(written->warnings);
  return result;
}

}  // namespace

Result<ApplyResult> apply_object(Cluster& cluster, const Json& object, const Limits& limits,
                                 const ApplyRules& rules) {
  return apply_it(cluster, object, false, limits, rules);
}

Result<ApplyResult> put_back_object(Cluster& cluster, const Json& object, const Limits& limits,
                                    const ApplyRules& rules) {
  return apply_it(cluster, object, true, limits, rules);
}

Json preimage(Json live) {
  if (!live.is_object()) return live;
  live.erase("status");
  const auto metadata = live.find("metadata");
  if (metadata != live.end() && metadata->is_object()) {
    for (const char* name : {"managedFields", "uid", "resourceVersion", "generation", "creationTimestamp",
                             "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"})
      metadata->erase(name);
  }
  // The controller's uid is in a Job's generated selector and labels: a Job made anew needs its own.
  const std::string* kind = base::find_string(live, "kind");
  const Json* spec = base::find_object(live, "spec");
  if (kind == nullptr || *kind != "Job" || spec == nullptr) return live;
  if (const Json* manual = base::find_member(*spec, "manualSelector"); manual != nullptr && *manual == true)
    return live;
  live["spec"].erase("selector");
  for (const char* pointer : {"/metadata/labels", "/spec/template/metadata/labels"}) {
    const Json::json_pointer where{std::string(pointer)};
    if (!live.contains(where) || !live[where].is_object()) continue;
    for (const char* label :
         {"controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"})
      live[where].erase(label);
  }
  return live;
}

}  // namespace gridseal::kube
