#include "kube/ignore.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/json_pointer.hpp"
#include "kube/client.hpp"
#include "kube/fields.hpp"
#include "kube/halt.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

// The same place in the FieldsV1 sets of several managers ("f:" members, "k:" elements by merge key, "v:"
// values; structured-merge-diff).
struct Owners {
  std::vector<const Json*> sets;
  bool whole = false;  // one of them owns something that this place is a part of

  bool any() const { return whole || !sets.empty(); }

  Owners member(const std::string& name) const { return below("f:" + name); }
  Owners below(const std::string& path) const {
    Owners next{{}, whole};
    for (const Json* set : sets) {
      if (set->empty()) next.whole = true;
      const auto found = set->find(path);
      if (found != set->end() && found->is_object()) next.sets.push_back(&*found);
    }
    return next;
  }
};

// The fields that tell one element of a list from the others: those of a "k:{...}" path.
Json merge_key_of(std::string_view path) {
  auto key = base::parse_json(path.substr(2));
  return key && key->is_object() ? std::move(*key) : Json();
}

bool fits(const Json& key, const Json& element) {
  if (!key.is_object() || !element.is_object()) return false;
  return std::all_of(key.items().begin(), key.items().end(), [&](const auto& field) {
    const auto found = element.find(field.key());
    return found != element.end() && *found == field.value();
  });
}

// Where the walk stands: the same place for everybody.
struct Place {
  Owners others;
  Owners halt;
  Owners all;
  const Json* live = nullptr;

  Place member(const std::string& name) const {
    const bool has = live != nullptr && live->is_object() && live->contains(name);
    return {others.member(name), halt.member(name), all.member(name), has ? &live->at(name) : nullptr};
  }
};

// "k:{...}" of the element of a list with merge keys; empty when the list is not of that kind.
std::string element_path(const Place& list, const Json& element) {
  for (const Json* set : list.all.sets) {
    for (const auto& [path, ignored] : set->items()) {
      if (path.starts_with("k:") && fits(merge_key_of(path), element)) return path;
    }
  }
  return {};
}

bool has_merge_keys(const Place& list) {
  return std::any_of(list.all.sets.begin(), list.all.sets.end(), [](const Json* set) {
    return std::any_of(set->items().begin(), set->items().end(),
                       [](const auto& item) { return item.key().starts_with("k:"); });
  });
}

Place element_of(const Place& list, const std::string& path) {
  const Json key = merge_key_of(path);
  const Json* live = nullptr;
  if (list.live != nullptr && list.live->is_array()) {
    for (const Json& item : *list.live)
      if (fits(key, item)) live = &item;
  }
  return {list.others.below(path), list.halt.below(path), list.all.below(path), live};
}

std::set<std::string> merge_keys(const std::string& path) {
  std::set<std::string> names;
  const Json key = merge_key_of(path);
  if (key.is_object())
    for (const auto& field : key.items()) names.insert(field.key());
  return names;
}

// Each returns whether the value stays.
bool yield(Json& value, const Place& place);

bool yield_one(Json& value, const Place& place) {
  if (place.halt.any()) return true;
  if (place.others.any() || place.live == nullptr) return false;
  value = *place.live;
  return true;
}

bool yield_members(Json& object, const Place& place, const std::set<std::string>& kept) {
  if (object.empty()) return yield_one(object, place);
  for (auto it = object.begin(); it != object.end();) {
    const bool stays = kept.contains(it.key()) || yield(it.value(), place.member(it.key()));
    it = stays ? std::next(it) : object.erase(it);
  }
  return !object.empty();
}

bool yield(Json& value, const Place& place) {
  if (value.is_object()) return yield_members(value, place, {});
  if (!value.is_array() || !has_merge_keys(place)) return yield_one(value, place);
  for (Json& element : value) {
    // Nobody has this element yet: it is created as declared.
    const std::string path = element_path(place, element);
    if (!path.empty()) (void)yield_members(element, element_of(place, path), merge_keys(path));
  }
  return true;
}

using Steps = std::vector<std::string>;

bool walk(Json& value, const Place& place, const Steps& steps, size_t next) {
  if (next == steps.size()) return yield(value, place);
  if (value.is_object()) {
    const auto member = value.find(steps[next]);
    if (member == value.end()) return true;
    if (walk(*member, place.member(steps[next]), steps, next + 1)) return true;
    value.erase(member);
    return !value.empty();
  }
  if (!value.is_array()) return true;
  const auto position = base::array_position(steps[next], value.size());
  if (!position) return true;
  if (!has_merge_keys(place)) return yield_one(value, place);
  Json& element = value[*position];
  const std::string path = element_path(place, element);
  if (path.empty()) return true;
  const Place inside = element_of(place, path);
  if (next + 1 == steps.size()) {
    (void)yield_members(element, inside, merge_keys(path));
  } else if (!merge_keys(path).contains(steps[next + 1])) {
    (void)walk(element, inside, steps, next + 1);
  }
  return true;
}

Place root_of(const Json& live) {
  Place root;
  root.live = &live;
  const Json* metadata = base::find_object(live, "metadata");
  const Json* entries = metadata == nullptr ? nullptr : base::find_array(*metadata, "managedFields");
  if (entries == nullptr) return root;
  for (const Json& entry : *entries) {
    const Json* fields = base::find_object(entry, "fieldsV1");
    if (fields == nullptr) continue;
    const std::string manager = text_at(entry, {"manager"});
    root.all.sets.push_back(fields);
    if (manager == kHaltManager) {
      root.halt.sets.push_back(fields);
    } else if (manager != kFieldManager) {
      root.others.sets.push_back(fields);
    }
  }
  return root;
}

}  // namespace

bool is_of_kind(const manifest::ObjectKey& key, std::string_view pattern) {
  const size_t dot = pattern.find('.');
  if (pattern.substr(0, dot) != key.kind) return false;
  return dot == std::string_view::npos || pattern.substr(dot + 1) == key.group;
}

Json leave_to_others(Json declared, const Json& live, const std::vector<std::string>& pointers) {
  const Place root = root_of(live);
  for (const std::string& text : pointers) {
    const auto pointer = base::JsonPointer::parse(text);
    // What names the object itself cannot be given away.
    if (!pointer || pointer->steps.empty()) continue;
    if (pointer->steps == Steps{"metadata", "name"} || pointer->steps == Steps{"metadata", "namespace"})
      continue;
    if (pointer->steps.front() == "apiVersion" || pointer->steps.front() == "kind") continue;
    (void)walk(declared, root, pointer->steps, 0);
  }
  return declared;
}

}  // namespace gridseal::kube
