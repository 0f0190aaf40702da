// Sets of field paths, as managedFields holds them (fieldsV1).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kubesim/json.hpp"

namespace gridseal::kubesim {

// A trie. Steps are written as in fieldsV1: "f:name", "k:{...}" (key of a list item), "v:..." (value in a
// set).
struct FieldSet {
  bool member = false;
  std::map<std::string, FieldSet> children;

  bool empty() const { return !member && children.empty(); }
};

FieldSet unite(const FieldSet& a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
FieldSet intersect(const FieldSet& a, const FieldSet& b);
bool equal(const FieldSet& a, const FieldSet& b);

Json to_fields_v1(const FieldSet& set);
FieldSet from_fields_v1(const Json& fields);
// Every member as the server names it in conflicts, e.g. `.spec.template.spec.containers[name="web"].image`.
std::vector<std::string> paths(const FieldSet& set);
// One step as it stands in a path: `.name`, `[name="web"]`, `[="v"]`.
std::string step_text(const std::string& step);

}  // namespace gridseal::kubesim
