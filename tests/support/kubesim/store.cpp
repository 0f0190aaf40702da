#include "kubesim/store.hpp"

#include <algorithm>

namespace gridseal::kubesim {

namespace {
constexpr std::size_t kHistory = 50000;
}

ObjectPtr Store::get(const std::string& storage, const std::string& ns, const std::string& name) const {
  auto kind = objects_.find(storage);
  if (kind == objects_.end()) return nullptr;
  auto it = kind->second.find(Key(ns, name));
  return it == kind->second.end() ? nullptr : it->second;
}

std::vector<ObjectPtr> Store::list(const std::string& storage, const std::string& ns) const {
  std::vector<ObjectPtr> out;
  auto kind = objects_.find(storage);
  if (kind == objects_.end()) return out;
  auto it = ns.empty() ? kind->second.begin() : kind->second.lower_bound(Key(ns, ""));
  for (; it != kind->second.end() && (ns.empty() || it->first.first == ns); ++it) out.push_back(it->second);
  return out;
}

ObjectPtr Store::put(const std::string& storage, Json object) {
  ++revision_;
  object["metadata"]["resourceVersion"] = std::to_string(revision_);
  const Key key(text(object, {"metadata", "namespace"}), text(object, {"metadata", "name"}));
  auto made = std::make_shared<const Json>(std::move(object));
  ObjectPtr& slot = objects_[storage][key];
  ObjectPtr before = slot;
  slot = made;
  record(before == nullptr ? ChangeKind::added : ChangeKind::modified, storage, made, before);
  return made;
}

ObjectPtr Store::remove(const std::string& storage, const std::string& ns, const std::string& name) {
  auto kind = objects_.find(storage);
  if (kind == objects_.end()) return nullptr;
  auto it = kind->second.find(Key(ns, name));
  if (it == kind->second.end()) return nullptr;
  ObjectPtr last = it->second;
  kind->second.erase(it);
  ++revision_;
  // 061: a DELETED event carries a new resourceVersion.
  Json gone = *last;
  gone["metadata"]["resourceVersion"] = std::to_string(revision_);
  record(ChangeKind::deleted, storage, std::make_shared<const Json>(std::move(gone)), last);
  return last;
}

std::vector<std::string> Store::storages() const {
  std::vector<std::string> out;
  for (const auto& [storage, objects] : objects_) {
    if (!objects.empty()) out.push_back(storage);
  }
  return out;
}

void Store::record(ChangeKind kind, const std::string& storage, ObjectPtr object, ObjectPtr before) {
  history_.push_back({revision_, kind, storage, std::move(object), std::move(before)});
  if (history_.size() <= kHistory) return;
  oldest_ = history_.front().revision;
  history_.pop_front();
}

bool Store::since(std::uint64_t revision, std::vector<const Change*>& out) const {
  if (revision < oldest_) return false;
  auto it = std::partition_point(history_.begin(), history_.end(),
                                 [&](const Change& c) { return c.revision <= revision; });
  for (; it != history_.end(); ++it) out.push_back(&*it);
  return true;
}

void Store::compact() {
  history_.clear();
  oldest_ = revision_;
}

}  // namespace gridseal::kubesim
