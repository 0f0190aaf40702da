#include "kube/ownership.hpp"

#include <utility>

#include "base/encoding.hpp"
#include "crypto/sha256.hpp"
#include "kube/client.hpp"
#include "kube/fields.hpp"

namespace gridseal::kube {
namespace {

using base::Json;

constexpr size_t kLongestField = 300;

const Json& entries_of(const Json& object) {
  static const Json kNone = Json::array();
  const Json* entries = field_at(object, {"metadata", "managedFields"});
  return entries != nullptr && entries->is_array() ? *entries : kNone;
}

// The server keeps one Apply entry for each manager.
const Json* own_entry(const Json& object) {
  for (const Json& entry : entries_of(object))
    if (is_own_apply(entry) && base::find_object(entry, "fieldsV1") != nullptr) return &entry;
  return nullptr;
}

// One step of a FieldsV1 path in words: "f:spec", "k:{"name":"web"}", "v:"x"", "i:3".
std::string step_text(const std::string& step) {
  if (step.size() < 2 || step[1] != ':') return step;
  const std::string rest = step.substr(2);
  switch (step[0]) {
    case 'f':
      return "." + rest;
    case 'k': {
      auto keys = base::parse_json(rest);
      if (!keys || !keys->is_object()) return "[" + rest + "]";
      std::string text;
      for (const auto& [name, value] : keys->items())
        text.append(text.empty() ? "" : ",").append(name).append("=").append(base::dump_json(value));
      return "[" + text + "]";
    }
    case 'v':
      return "[=" + rest + "]";
    default:
      return "[" + rest + "]";
  }
}

using Path = std::vector<std::string>;

std::string path_text(const Path& path) {
  std::string text;
  for (const std::string& step : path) text += step_text(step);
  return base::printable(text, kLongestField);
}

bool has_path(const Json& set, const Path& path) {
  const Json* at = &set;
  for (const std::string& step : path) {
    at = base::find_member(*at, step);
    if (at == nullptr) return false;
  }
  return true;
}

// Paths of `wanted` that `present` has not: leaves, and of a list's element that is missing as a whole only
// the element.
void missing_paths(const Json& wanted, const Json* present, Path& path, size_t limit,
                   std::vector<Path>& missing) {
  if (!wanted.is_object()) return;
  for (const auto& [step, below] : wanted.items()) {
    if (missing.size() >= limit) return;
    if (step == ".") continue;
    const Json* there = present == nullptr ? nullptr : base::find_member(*present, step);
    path.push_back(step);
    const bool is_leaf = !below.is_object() || below.empty() || below.contains(".");
    if (there == nullptr && is_leaf) {
      missing.push_back(path);
    } else {
      missing_paths(below, there, path, limit, missing);
    }
    path.pop_back();
  }
}

// Of several owners the one that changed something last; those of status are no owners of what is declared.
FieldChange owner_of_field(const Json& live, const Path& path) {
  FieldChange change{path_text(path), {}, {}, std::nullopt};
  for (const Json& entry : entries_of(live)) {
    const Json* fields = base::find_object(entry, "fieldsV1");
    if (fields == nullptr || is_own_apply(entry) || text_at(entry, {"subresource"}) == "status") continue;
    if (!has_path(*fields, path)) continue;
    auto parsed = base::parse_rfc3339(text_at(entry, {"time"}));
    const std::optional<base::Time> time = parsed ? std::optional(*parsed) : std::nullopt;
    if (!change.manager.empty() && (!time || (change.time && *time <= *change.time))) continue;
    change.manager = base::printable(text_at(entry, {"manager"}), 100);
    change.operation = base::printable(text_at(entry, {"operation"}), 20);
    change.time = time;
  }
  return change;
}

// Names of the places where two values differ; never the values.
void different_places(const Json& a, const Json& b, const std::string& path, size_t limit,
                      std::vector<FieldChange>& found) {
  if (found.size() >= limit || a == b) return;
  if (a.is_object() && b.is_object()) {
    const auto visit = [&](const std::string& name) {
      static const Json kAbsent;
      const Json* left = base::find_member(a, name);
      const Json* right = base::find_member(b, name);
      different_places(left == nullptr ? kAbsent : *left, right == nullptr ? kAbsent : *right,
                       path + "." + name, limit, found);
    };
    for (const auto& [name, value] : a.items()) visit(name);
    for (const auto& [name, value] : b.items())
      if (!a.contains(name)) visit(name);
    return;
  }
  found.push_back({base::printable(path, kLongestField), {}, {}, std::nullopt});
}

Json content_of(Json object) {
  object.erase("status");
  if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object()) {
    for (const char* name :
         {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"})
      metadata->erase(name);
  }
  return object;
}

}  // namespace

bool is_own_apply(const Json& entry) {
  return text_at(entry, {"manager"}) == kFieldManager && text_at(entry, {"operation"}) == "Apply" &&
         text_at(entry, {"subresource"}).empty();
}

std::string own_fields_digest(const Json& live) {
  const Json* entry = own_entry(live);
  if (entry == nullptr) return {};
  const Json named = {text_at(*entry, {"apiVersion"}), text_at(*entry, {"time"}), entry->at("fieldsV1")};
  return crypto::sha256(base::dump_json(named)).to_string();
}

std::vector<FieldChange> changed_fields(const Json& live, const Json& applied, size_t limit) {
  std::vector<FieldChange> changes;
  if (const Json* wanted = own_entry(applied); wanted != nullptr) {
    const Json* present = own_entry(live);
    std::vector<Path> missing;
    Path path;
    missing_paths(wanted->at("fieldsV1"), present == nullptr ? nullptr : &present->at("fieldsV1"), path,
                  limit, missing);
    for (const Path& lost : missing) changes.push_back(owner_of_field(live, lost));
  }
  if (changes.empty()) different_places(content_of(live), content_of(applied), "", limit, changes);
  return changes;
}

}  // namespace gridseal::kube
