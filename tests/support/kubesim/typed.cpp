#include "kubesim/typed.hpp"

#include <set>

namespace gridseal::kubesim {

namespace {

// A free value is typed by what it is: maps are separable, lists atomic.
enum class Kind { leaf, map, list };

Kind kind_of(const Type& type, const Json& value) {
  switch (type.shape) {
    case Shape::structure:
    case Shape::map:
      return Kind::map;
    case Shape::list:
    case Shape::set:
    case Shape::keyed_list:
      return Kind::list;
    case Shape::deduced:
      return value.is_object() ? Kind::map : value.is_array() ? Kind::list : Kind::leaf;
    default:
      return Kind::leaf;
  }
}

bool whole(const Type& type, Kind kind) {
  return type.atomic || kind == Kind::leaf || (type.shape == Shape::deduced && kind == Kind::list);
}

// Go prints maps and lists without commas: map[A:1], [a b].
std::string go_value(const Json& value) {
  std::string out;
  if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      out += (out.empty() ? "" : " ") + key + ":" + go_value(item);
    return "map[" + out + "]";
  }
  if (value.is_array()) {
    for (const Json& item : value) out += (out.empty() ? "" : " ") + go_value(item);
    return "[" + out + "]";
  }
  if (value.is_string()) return value.get<std::string>();
  return compact(value);
}

std::string go_kind(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_array()) return "list";
  if (value.is_object()) return "map";
  return "numeric";
}

void check(const Type& type, const Json& value, const std::string& path, std::vector<std::string>& errors);

void check_list(const Type& type, const Json& value, const std::string& path,
                std::vector<std::string>& errors) {
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const Json& item : value) {
    std::string step = "[" + std::to_string(index++) + "]";
    if (type.shape != Shape::list) {
      // 023: an item twice in a set or under the same key.
      const std::string name = item_step(type, item);
      if (!name.empty()) step = step_text(name);
      if (!name.empty() && !seen.insert(name).second) {
        errors.push_back(path + ": duplicate entries for key " + step);
        continue;
      }
    }
    check(*type.element, item, path + step, errors);
  }
}

void check_structure(const Type& type, const Json& value, const std::string& path,
                     std::vector<std::string>& errors) {
  for (const auto& [key, item] : value.items()) {
    const Type* child = child_type(type, key);
    if (child == nullptr) {
      errors.push_back(path + "." + key + ": field not declared in schema");
    } else {
      check(*child, item, path + "." + key, errors);
    }
  }
}

void check(const Type& type, const Json& value, const std::string& path, std::vector<std::string>& errors) {
  if (value.is_null()) return;
  switch (type.shape) {
    case Shape::string:
      if (!value.is_string())
        errors.push_back(path + ": expected string, got &value.valueUnstructured{Value:" + go_value(value) +
                         "}");
      return;
    case Shape::number:
      if (!value.is_number())
        errors.push_back(path + ": expected numeric (int or float), got " + go_kind(value));
      return;
    case Shape::boolean:
      if (!value.is_boolean())
        errors.push_back(path + ": expected boolean, got &value.valueUnstructured{Value:" + go_value(value) +
                         "}");
      return;
    case Shape::structure:
    case Shape::map:
      if (!value.is_object()) {
        errors.push_back(path + ": expected map, got &{" + go_value(value) + "}");
      } else {
        check_structure(type, value, path, errors);
      }
      return;
    case Shape::list:
    case Shape::set:
    case Shape::keyed_list:
      if (!value.is_array()) {
        errors.push_back(path + ": expected list, got &{" + go_value(value) + "}");
      } else {
        check_list(type, value, path, errors);
      }
      return;
    default:
      return;
  }
}

void collect(const Type& type, const Json& value, FieldSet& set) {
  const Kind kind = kind_of(type, value);
  if (whole(type, kind)) {
    set.member = true;
    return;
  }
  if (kind == Kind::list) {
    if (!value.is_array()) return;
    for (const Json& item : value) {
      FieldSet& child = set.children[item_step(type, item)];
      collect(*type.element, item, child);
      child.member = true;
    }
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items()) {
    const Type* inner = child_type(type, key);
    if (inner == nullptr) continue;
    FieldSet child;
    collect(*inner, item, child);
    const bool named = type.shape == Shape::structure && type.fields.contains(key);
    if (item.is_null() || (item.is_object() && item.empty()) || !named) child.member = true;
    if (!child.empty()) set.children["f:" + key] = std::move(child);
  }
}

struct Indexed {
  std::vector<std::string> order;
  std::map<std::string, const Json*> items;
};

// The items are pointed at: the list must outlive the index.
Indexed index_items(const Type& type, const Json* list) {
  Indexed out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    std::string step = item_step(type, item);
    out.items.emplace(step, &item);
    out.order.push_back(std::move(step));
  }
  return out;
}

Json merge_item(const Type& type, const Indexed& live, const Indexed& declared, const std::string& step) {
  auto l = live.items.find(step);
  auto d = declared.items.find(step);
  if (d == declared.items.end()) return *l->second;
  return l == live.items.end() ? *d->second : merge(*type.element, *l->second, *d->second);
}

// 023: the declared order wins; items of others keep their place between them.
Json merge_lists(const Type& type, const Json& live, const Json& declared) {
  const Indexed l = index_items(type, &live);
  const Indexed d = index_items(type, &declared);
  std::vector<std::string> shared;
  for (const std::string& step : d.order) {
    if (l.items.contains(step)) shared.push_back(step);
  }
  std::size_t next = 0;
  std::set<std::string> merged;
  Json out = Json::array();
  for (std::size_t i = 0, j = 0; i < l.order.size() || j < d.order.size();) {
    if (i < l.order.size() && j < d.order.size()) {
      const std::string& step = l.order[i];
      if (step == d.order[j]) {
        merged.insert(step);
        out.push_back(merge_item(type, l, d, step));
        ++i, ++j, ++next;
        continue;
      }
      if (d.items.contains(step) && next < shared.size() && shared[next] != step) {
        ++i;
        continue;
      }
    }
    if (i < l.order.size()) {
      const std::string& step = l.order[i];
      if (!d.items.contains(step)) {
        out.push_back(merge_item(type, l, d, step));
        ++i;
        continue;
      }
      if (merged.contains(step)) ++i;
    }
    if (j < d.order.size()) {
      const std::string& step = d.order[j++];
      merged.insert(step);
      out.push_back(merge_item(type, l, d, step));
      if (next < shared.size() && shared[next] == step) ++next;
    }
  }
  return out;
}

class Comparer {
 public:
  Comparison result;

  void run(const Type& type, const Json* before, const Json* after, std::vector<std::string>& path) {
    const Kind kind = kind_of(type, after != nullptr ? *after : *before);
    const bool blank = (before == nullptr || is_blank(*before)) && (after == nullptr || is_blank(*after));
    if (whole(type, kind) || blank) {
      leaf(before, after, path);
      return;
    }
    if (before != nullptr && after != nullptr && *before == *after) return;
    if (kind == Kind::list) {
      lists(type, before, after, path);
    } else {
      maps(type, before, after, path);
    }
    if (before == nullptr) mark(result.added, path);
    if (after == nullptr) mark(result.removed, path);
  }

 private:
  static void mark(FieldSet& set, const std::vector<std::string>& path) {
    FieldSet* at = &set;
    for (const std::string& step : path) at = &at->children[step];
    at->member = true;
  }

  void leaf(const Json* before, const Json* after, const std::vector<std::string>& path) {
    if (path.empty()) return;
    if (before == nullptr) {
      mark(result.added, path);
    } else if (after == nullptr) {
      mark(result.removed, path);
    } else if (*before != *after) {
      mark(result.modified, path);
    }
  }

  void child(const Type& type, const Json* before, const Json* after, const std::string& step,
             std::vector<std::string>& path) {
    path.push_back(step);
    run(type, before, after, path);
    path.pop_back();
  }

  void lists(const Type& type, const Json* before, const Json* after, std::vector<std::string>& path) {
    const Indexed b = index_items(type, before);
    const Indexed a = index_items(type, after);
    for (const auto& [step, item] : b.items) {
      auto it = a.items.find(step);
      child(*type.element, item, it == a.items.end() ? nullptr : it->second, step, path);
    }
    for (const auto& [step, item] : a.items) {
      if (!b.items.contains(step)) child(*type.element, nullptr, item, step, path);
    }
  }

  void maps(const Type& type, const Json* before, const Json* after, std::vector<std::string>& path) {
    static const Json kNone = Json::object();
    const Json& b = before != nullptr && before->is_object() ? *before : kNone;
    const Json& a = after != nullptr && after->is_object() ? *after : kNone;
    for (const auto& [key, item] : b.items()) {
      const Type* inner = child_type(type, key);
      auto it = a.find(key);
      if (inner != nullptr) child(*inner, &item, it == a.end() ? nullptr : &*it, "f:" + key, path);
    }
    for (const auto& [key, item] : a.items()) {
      const Type* inner = child_type(type, key);
      if (inner != nullptr && !b.contains(key)) child(*inner, nullptr, &item, "f:" + key, path);
    }
  }
};

}  // namespace

const Type* child_type(const Type& type, const std::string& key) {
  if (type.shape == Shape::structure) {
    auto it = type.fields.find(key);
    if (it != type.fields.end()) return it->second;
    static const Type kFree = [] {
      Type free;
      free.shape = Shape::deduced;
      return free;
    }();
    return type.open ? &kFree : nullptr;
  }
  return type.element != nullptr ? type.element : &type;
}

std::string item_step(const Type& list, const Json& item) {
  if (list.shape == Shape::set) return "v:" + compact(item);
  Json keys = Json::object();
  if (!item.is_object()) return "v:" + compact(item);
  for (const std::string& key : list.keys) {
    auto it = item.find(key);
    if (it != item.end() && !it->is_null()) {
      keys[key] = *it;
    } else if (auto d = list.element->key_defaults.find(key); d != list.element->key_defaults.end()) {
      keys[key] = d->second;
    } else if (auto f = list.element->defaults.find(key); f != list.element->defaults.end()) {
      keys[key] = f->second;
    }
  }
  // 023: a missing key counts as its empty value.
  if (keys.empty() && !list.keys.empty()) keys[list.keys.front()] = "";
  return "k:" + compact(keys);
}

std::vector<std::string> type_errors(const Type& type, const Json& value) {
  std::vector<std::string> errors;
  check(type, value, "", errors);
  return errors;
}

FieldSet field_set(const Type& type, const Json& value) {
  FieldSet out;
  collect(type, value, out);
  out.member = false;
  return out;
}

Json merge(const Type& type, const Json& live, const Json& declared) {
  const Kind kind = kind_of(type, declared);
  if (whole(type, kind) || live.is_null() || declared.is_null()) return declared;
  if (kind == Kind::list)
    return live.is_array() && declared.is_array() ? merge_lists(type, live, declared) : declared;
  if (!live.is_object() || !declared.is_object()) return declared;
  Json out = live;
  for (const auto& [key, item] : declared.items()) {
    const Type* inner = child_type(type, key);
    auto it = out.find(key);
    if (it == out.end() || inner == nullptr) {
      out[key] = item;
    } else {
      *it = merge(*inner, *it, item);
    }
  }
  return out;
}

Json without(const Type& type, const Json& value, const FieldSet& fields) {
  const Kind kind = kind_of(type, value);
  if (whole(type, kind) || fields.children.empty()) return value;
  if (kind == Kind::list) {
    Json out = Json::array();
    if (!value.is_array()) return value;
    for (const Json& item : value) {
      auto it = fields.children.find(item_step(type, item));
      if (it == fields.children.end()) {
        out.push_back(item);
      } else if (!it->second.member) {
        out.push_back(without(*type.element, item, it->second));
      }
    }
    return out.empty() ? Json() : out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, item] : value.items()) {
    auto it = fields.children.find("f:" + key);
    if (it == fields.children.end()) {
      out[key] = item;
    } else if (!it->second.member) {
      const Type* inner = child_type(type, key);
      out[key] = inner != nullptr ? without(*inner, item, it->second) : item;
    }
  }
  return out.empty() ? Json() : out;
}

Comparison compare(const Type& type, const Json& before, const Json& after) {
  Comparer comparer;
  std::vector<std::string> path;
  comparer.run(type, &before, &after, path);
  return std::move(comparer.result);
}

FieldSet with_structures(const Type& type, const FieldSet& set) {
  FieldSet out;
  out.member = set.member;
  for (const auto& [step, child] : set.children) {
    const bool field = step.starts_with("f:");
    const Type* inner = field ? child_type(type, step.substr(2)) : type.element;
    FieldSet made = inner != nullptr ? with_structures(*inner, child) : child;
    if (field && type.shape == Shape::structure && !child.children.empty()) made.member = true;
    out.children.emplace(step, std::move(made));
  }
  return out;
}

}  // namespace gridseal::kubesim
