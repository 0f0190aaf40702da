// Values seen through their type: validation, field sets, merge, removal, comparison (the rules of structured
// merge).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kubesim/field_set.hpp"
#include "kubesim/schema.hpp"

namespace gridseal::kubesim {

// 021, 023: what is wrong with a declared value, e.g. ".spec.replicas: expected numeric (int or float), got
// string".
std::vector<std::string> type_errors(const Type& type, const Json& value);
// The fields that a declared value owns.
FieldSet field_set(const Type& type, const Json& value);
// `declared` laid over `live`; maps and keyed lists are merged, leaves replaced.
Json merge(const Type& type, const Json& live, const Json& declared);
// `value` without the members of `fields`.
Json without(const Type& type, const Json& value, const FieldSet& fields);

struct Comparison {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
};
Comparison compare(const Type& type, const Json& before, const Json& after);
// Structure fields on the way to a member become members themselves, so that removing all of a structure
// removes it.
FieldSet with_structures(const Type& type, const FieldSet& set);
// The step of an item in a set or keyed list.
std::string item_step(const Type& list, const Json& item);
// How a field of a structure, map or free value is typed.
const Type* child_type(const Type& type, const std::string& key);

}  // namespace gridseal::kubesim
