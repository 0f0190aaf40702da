// Deleting: what the new revision no longer names, and what a failed one created.
#include <algorithm>
#include <set>

#include "deploy/rollout.hpp"
#include "kube/owner.hpp"
#include "manifest/order.hpp"
#include "trust/floor.hpp"

namespace gridseal::deploy {
namespace {

constexpr base::milliseconds kRemovalPause{200};
// A finalizer may hold an object for ever.
constexpr base::milliseconds kRemovalPatience{30'000};

std::optional<trust::Floor> trust_floor(const std::optional<history::Floor>& floor) {
  if (!floor) return std::nullopt;
  return trust::Floor{floor->version, floor->created.value_or(base::Time{}), floor->digest};
}

// Waiting may help; every other refusal to delete leaves the object behind, and is no reason to stop.
bool may_pass(const base::Error& error) {
  static constexpr std::array<std::string_view, 4> kPassing = {"kube.unreachable", "kube.storage",
                                                               "kube.unauthorized", "kube.cancelled"};
  return std::ranges::find(kPassing, error.code()) != kPassing.end();
}

}  // namespace

// In the reverse of the order of applying.
base::Result<Rollout::Removal> Rollout::remove(std::vector<history::InventoryEntry> entries,
                                               const std::stop_token& stop) {
  std::ranges::sort(entries, [](const auto& a, const auto& b) {
    return manifest::applies_before(cluster_key(b), cluster_key(a));
  });
  Removal removal;
  for (const auto& entry : entries) {
    auto result = kube::prune_object(site_.cluster_for(component_), {cluster_key(entry), entry.uid},
                                     component_.name, {}, site_.limits(stop));
    if (!result && (stop.stop_requested() || may_pass(result.error()))) return std::move(result).error();
    if (!result) {
      site_.outside.log.warning(
          cluster_key(entry).describe() + " is left behind: " + result.error().describe(),
          {{"component", component_.name}, {"reason", result.error().code()}});
      removal.left.push_back(entry.key);
    } else if (result->result == kube::Pruned::gone) {
      removal.gone.push_back(entry.key);
    } else if (result->result == kube::Pruned::deleted) {
      removal.going.push_back(entry.key);
    } else {
      removal.left.push_back(entry.key);
    }
  }
  return removal;
}

bool Rollout::waits_for(Removal& removal) {
  if (removal.going.empty()) return false;
  if (!removing_since_) removing_since_ = site_.now();
  if (site_.now() - *removing_since_ < kRemovalPatience) {
    activity_ = "waiting until " + std::to_string(removal.going.size()) + " deleted objects are gone";
    due_ = site_.now() + kRemovalPause;
    return true;
  }
  removal.left.insert(removal.left.end(), removal.going.begin(), removal.going.end());
  return false;
}

// Last of all, when there is no way back to be kept any more.
base::Result<void> Rollout::prune(const std::stop_token& stop) {
  if (auto r = need_forward(stop); !r) {
    if (r.error().outcome() == base::Outcome::blocked) return r;
    // It is not trusted any more; what was deleted already comes back with the last good revision.
    cause_ = std::move(r).error();
    return go(Event::became_unhealthy);
  }
  std::set<history::ObjectKey> declared;
  for (const auto& entry : forward_->rendered().objects().entries()) declared.insert(journal_key(entry.key));
  std::vector<history::InventoryEntry> undeclared;
  std::vector<history::ObjectKey> leftovers;
  for (const history::Side side : {history::Side::last_good, history::Side::leftover}) {
    auto entries = site_.history->inventory(component_.name, side);
    if (!entries) return std::move(entries).error();
    for (auto& entry : *entries) {
      if (side == history::Side::leftover) leftovers.push_back(entry.key);
      if (!declared.contains(entry.key)) undeclared.push_back(std::move(entry));
    }
  }
  Removal removal;
  if (component_.prune) {
    auto removed = remove(std::move(undeclared), stop);
    if (!removed) return std::move(removed).error();
    removal = std::move(*removed);
    if (waits_for(removal)) return {};
  } else {
    for (const auto& entry : undeclared) removal.left.push_back(entry.key);
  }
  std::erase_if(leftovers,
                [&](const auto& key) { return std::ranges::find(removal.gone, key) == removal.gone.end(); });
  if (auto r = site_.history->drop_leftovers(component_.name, leftovers); !r) return r;
  return commit(declared.size(), removal.left);
}

base::Result<void> Rollout::commit(size_t objects, const std::vector<history::ObjectKey>& unpruned) {
  auto record = site_.history->component(component_.name);
  if (!record) return std::move(record).error();
  const auto raised = trust::raise_floor(trust_floor(*record ? (*record)->floor : std::nullopt),
                                         forward_->rendered().verified());
  if (auto r = close_step("ok"); !r) return r;
  const history::Floor floor{raised.version, raised.created, raised.digest};
  const std::string sentence = std::to_string(objects) + " objects are healthy";
  if (auto r = site_.history->commit_good(id_, floor, unpruned, sentence); !r) return r;
  state_ = *next(state_, Event::pruned);
  return {};
}

}  // namespace gridseal::deploy
