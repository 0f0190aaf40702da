// Applying many objects: neighbours of one kind at the same time, each batch journaled before and after.
#include <algorithm>

#include "base/fan_out.hpp"
#include "deploy/rollout.hpp"
#include "deploy/rules.hpp"

namespace gridseal::deploy {
namespace {

// In one transaction. What a cut leaves unmarked of it is applied once more.
constexpr size_t kBatch = 32;

}  // namespace

// Kinds keep their order, so a batch is of one kind.
std::vector<Indices> Rollout::batches(const manifest::Rendered& objects, const Indices& which) const {
  std::vector<Indices> out;
  const manifest::ObjectKey* last = nullptr;
  for (const size_t index : which) {
    const manifest::ObjectKey& key = objects.entries()[index].key;
    if (applied_.left_alone.contains(key)) continue;
    const bool same_kind = last != nullptr && last->kind == key.kind && last->group == key.group;
    if (!same_kind || out.back().size() == kBatch) out.emplace_back();
    out.back().push_back(index);
    last = &key;
  }
  return out;
}

base::Result<void> Rollout::apply_batch(const manifest::Rendered& objects, const Indices& batch,
                                        const Apply& apply, const EndsAll& ends_all) {
  std::vector<std::optional<base::Result<Fate>>> fates(batch.size());
  base::fan_out(batch.size(), site_.outside.in_flight, [&](size_t i) {
    auto object = objects.load(batch[i]);
    fates[i] = object ? apply(batch[i], *object) : base::Result<Fate>(std::move(object).error());
    return fates[i]->has_value() || !ends_all(fates[i]->error());
  });
  std::vector<history::AppliedObject> marks;
  std::optional<base::Error> failure;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!fates[i]) continue;  // one before it ended all
    if (!*fates[i]) {
      base::Error& error = fates[i]->error();
      if (!failure || (ends_all(error) && !ends_all(*failure))) failure = std::move(error);
      continue;
    }
    note_fate(objects.entries()[batch[i]].key, **fates[i], marks);
  }
  // What reached the cluster did so whatever became of the others.
  if (auto r = site_.history->mark_applied(component_.name, marks); !r) return r;
  if (failure) return std::move(*failure);
  return {};
}

void Rollout::note_fate(const manifest::ObjectKey& key, const Fate& fate,
                        std::vector<history::AppliedObject>& marks) {
  if (fate.left_behind) left_behind_.push_back(journal_key(key));
  if (!fate.result) return;
  if (fate.result->action == kube::Action::skip) {
    applied_.left_alone.insert(key);
    return;
  }
  applied_.generations[key] = fate.result->generation;
  marks.push_back({journal_key(key), fate.result->uid, fate.result->fields});
}

base::Result<void> Rollout::apply_stage(manifest::Stage stage, const std::stop_token& stop) {
  const auto& objects = forward_->rendered().objects();
  kube::Cluster& cluster = site_.cluster_for(component_);
  const Apply apply = [&](size_t index, const manifest::Object& object) -> base::Result<Fate> {
    if (goes_back_ && is_job(object.key)) return put_back_job(cluster, object, stop);
    kube::ApplyRules rules = apply_rules(component_, object.key);
    rules.absent =
        std::ranges::binary_search(forward_->absent(), index) && !applied_.generations.contains(object.key);
    auto result = kube::apply_object(cluster, object.body, site_.limits(stop), rules);
    if (result) return Fate{std::move(*result)};
    return std::move(result).error().with_context(object.key.describe() + " could not be applied");
  };
  for (const Indices& batch : batches(objects, of_stage(objects, stage))) {
    if (stop.stop_requested()) return base::Error::blocked("deploy.stopped", "the agent is stopping");
    std::vector<history::ObjectKey> begun;
    for (const size_t index : batch) begun.push_back(journal_key(objects.entries()[index].key));
    if (auto r = site_.history->mark_begun(component_.name, begun); !r) return r;
    if (auto r = apply_batch(objects, batch, apply, [](const base::Error&) { return true; }); !r) return r;
  }
  return {};
}

}  // namespace gridseal::deploy
