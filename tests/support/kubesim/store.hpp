// The objects of the cluster and the history of their changes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kubesim/json.hpp"

namespace gridseal::kubesim {

using ObjectPtr = std::shared_ptr<const Json>;

enum class ChangeKind { added, modified, deleted };

struct Change {
  std::uint64_t revision;
  ChangeKind kind;
  std::string storage;
  ObjectPtr object;  // as it is after the change (deleted: the last state, with a new resourceVersion)
  ObjectPtr before;  // modified only
};

// Not thread-safe: the cluster's mutex guards it.
class Store {
 public:
  ObjectPtr get(const std::string& storage, const std::string& ns, const std::string& name) const;
  // All objects of a storage in the order of namespace and name; `ns` empty: in all namespaces.
  std::vector<ObjectPtr> list(const std::string& storage, const std::string& ns = {}) const;
  // Stores under metadata.namespace/name with a new resourceVersion.
  ObjectPtr put(const std::string& storage, Json object);
  ObjectPtr remove(const std::string& storage, const std::string& ns, const std::string& name);
  std::vector<std::string> storages() const;

  std::uint64_t revision() const { return revision_; }
  // Changes after `revision`, oldest first; false if they are no longer kept (062).
  bool since(std::uint64_t revision, std::vector<const Change*>& out) const;
  std::uint64_t oldest() const { return oldest_; }
  // 062: forgets the history up to now, as a compaction does.
  void compact();

 private:
  using Key = std::pair<std::string, std::string>;
  void record(ChangeKind kind, const std::string& storage, ObjectPtr object, ObjectPtr before);

  std::map<std::string, std::map<Key, ObjectPtr>> objects_;
  std::deque<Change> history_;
  std::uint64_t revision_ = 1000;
  std::uint64_t oldest_ = 1000;
};

}  // namespace gridseal::kubesim
