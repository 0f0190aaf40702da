// Types of API objects, as far as server-side apply needs them: which fields exist, how lists are merged.
#pragma once

#include <deque>

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kubesim/json.hpp"

namespace gridseal::kubesim {

enum class Shape { string, number, boolean, untyped, structure, map, list, set, keyed_list, deduced };

struct Type {
  Shape shape = Shape::untyped;
  bool atomic = false;            // owned as a whole (lists of shape `list` always are)
  bool open = false;              // structure: unknown fields are kept
  const Type* element = nullptr;  // map, list, set, keyed_list
  std::vector<std::string> keys;  // keyed_list
  std::map<std::string, Json> key_defaults;
  std::unordered_map<std::string, const Type*> fields;
  std::map<std::string, Json> defaults;  // structure: what the server fills in (custom resources only)
};

// All types of the built-in kinds, and types made from CustomResourceDefinitions.
class Schema {
 public:
  // Reads the table (tables/schema.txt): `[!]Name field:TYPE[=default] ...` where TYPE is s n b u (scalars),
  // ? (anything),
  // @Name, [T] atomic list, <T> set, (k1,k2)T list keyed by fields, {T} map; a leading ! makes it atomic.
  explicit Schema(std::string_view table);
  // The type of a built-in kind, or a free one.
  const Type* of_kind(const std::string& group, const std::string& version, const std::string& kind) const;
  const Type* deduced() const { return deduced_; }
  // 110: the type of a custom resource from its openAPIV3Schema.
  const Type* of_custom_resource(const Json& open_api);

 private:
  const Type* parse(std::string_view& text);
  Type* fresh(Shape shape);
  const Type* from_open_api(const Json& schema, bool root);
  void read_line(std::string_view line);

  std::deque<Type> types_;
  std::unordered_map<std::string, Type*> named_;
  std::unordered_map<const Type*, const Type*> atomic_of_;
  const Type* deduced_ = nullptr;
};

}  // namespace gridseal::kubesim
