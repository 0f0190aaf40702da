#include "kubesim/managed_fields.hpp"

#include <algorithm>
#include <map>

#include "kubesim/typed.hpp"

namespace gridseal::kubesim {

namespace {

bool same_owner(const Owner& owner, const Writer& writer, const char* operation,
                const std::string& api_version) {
  return owner.manager == writer.manager && owner.operation == operation &&
         owner.subresource == writer.subresource &&
         (owner.operation == "Apply" || owner.api_version == api_version);
}

// Fields that nobody owns: identity, and the part that another endpoint writes.
FieldSet unowned(const Resource& resource, const std::string& subresource) {
  FieldSet out;
  for (const char* key : {"f:apiVersion", "f:kind"}) out.children[key].member = true;
  FieldSet& metadata = out.children["f:metadata"];
  metadata.member = true;
  for (const char* key :
       {"f:name", "f:namespace", "f:creationTimestamp", "f:selfLink", "f:uid", "f:generation",
        "f:managedFields", "f:resourceVersion", "f:deletionTimestamp", "f:deletionGracePeriodSeconds"}) {
    metadata.children[key].member = true;
  }
  (void)resource;
  (void)subresource;
  return out;
}

FieldSet strip(const Resource& resource, const std::string& subresource, const FieldSet& set) {
  FieldSet out = subtract(set, unowned(resource, subresource));
  if (resource.subresource("status") == nullptr) return out;
  if (subresource.empty()) {
    out.children.erase("f:status");
  } else if (subresource == "status") {
    std::erase_if(out.children, [](const auto& entry) { return entry.first != "f:status"; });
  }
  return out;
}

Json bare(const Json& object) {
  Json out = object;
  if (out.contains("metadata")) out["metadata"].erase("managedFields");
  return out;
}

struct Conflict {
  std::string with;
  std::string field;
};

Failure conflict_failure(const std::vector<Conflict>& conflicts) {
  Json causes = Json::array();
  std::map<std::string, std::vector<std::string>> by_manager;
  for (const Conflict& conflict : conflicts) {
    causes.push_back({{"reason", "FieldManagerConflict"},
                      {"message", "conflict with " + conflict.with},
                      {"field", conflict.field}});
    by_manager[conflict.with].push_back(conflict.field);
  }
  std::string message = "Apply failed with " + std::to_string(conflicts.size());
  if (conflicts.size() == 1) {
    message += " conflict: conflict with " + conflicts.front().with + ": " + conflicts.front().field;
  } else {
    message += " conflicts: ";
    bool first = true;
    for (const auto& [with, fields] : by_manager) {
      message += (first ? "" : "\n") + ("conflicts with " + with + ":");
      for (const std::string& field : fields) message += "\n- " + field;
      first = false;
    }
  }
  return failure(409, "Conflict", message, {{"causes", causes}});
}

// 022: an Update entry is told with its version, a status entry with its subresource.
std::string owner_name(const Owner& owner) {
  std::string out = "\"" + owner.manager + "\"";
  if (!owner.subresource.empty()) out += " with subresource \"" + owner.subresource + "\"";
  if (owner.operation == "Update") out += " using " + owner.api_version;
  return out;
}

// Takes away what the manager declared before, does not declare now, and nobody else owns.
Json prune(const Type& type, const Json& merged, const FieldSet& last, const std::vector<Owner>& owners) {
  if (last.empty()) return merged;
  Json pruned = without(type, merged, with_structures(type, last));
  if (pruned.is_null()) pruned = Json::object();
  FieldSet managed;
  for (const Owner& owner : owners) managed = unite(managed, owner.fields);
  const FieldSet all = with_structures(type, field_set(type, merged));
  FieldSet keep = unite(with_structures(type, field_set(type, pruned)), with_structures(type, managed));
  pruned = without(type, merged, subtract(all, keep));
  const FieldSet left = with_structures(type, field_set(type, pruned));
  pruned = without(type, merged, intersect(subtract(all, left), with_structures(type, last)));
  return pruned;
}

void drop_empty(std::vector<Owner>& owners) {
  std::erase_if(owners, [](const Owner& owner) { return owner.fields.empty(); });
}

// 022: fields of an object without managedFields count as owned by "before-first-apply".
void add_unmanaged(const Resource& resource, const Json& live, const std::string& now,
                   std::vector<Owner>& owners) {
  if (!owners.empty() || find(live, {"metadata", "resourceVersion"}) == nullptr) return;
  Owner before{"before-first-apply",
               "Update",
               resource.api_version(),
               "",
               now,
               strip(resource, "", field_set(*resource.type, bare(live)))};
  if (!before.fields.empty()) owners.push_back(std::move(before));
}

// Structures that Go holds by value are always there: they are never "added" themselves.
bool by_value(const std::string& step) {
  static const std::vector<std::string> kNames = {
      "f:spec",           "f:status",    "f:metadata",    "f:template",     "f:strategy",
      "f:updateStrategy", "f:resources", "f:jobTemplate", "f:loadBalancer", "f:roleRef"};
  return std::find(kNames.begin(), kNames.end(), step) != kNames.end();
}

void unmark_by_value(FieldSet& set) {
  for (auto& [step, child] : set.children) {
    unmark_by_value(child);
    if (by_value(step) && !child.children.empty()) child.member = false;
  }
}

}  // namespace

std::vector<Owner> owners_of(const Json& object) {
  std::vector<Owner> out;
  const Json* list = find(object, {"metadata", "managedFields"});
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& entry : *list) {
    if (!entry.is_object() || entry.empty()) continue;
    const Json* fields = find(entry, {"fieldsV1"});
    out.push_back({text(entry, {"manager"}), text(entry, {"operation"}), text(entry, {"apiVersion"}),
                   text(entry, {"subresource"}), text(entry, {"time"}),
                   fields != nullptr ? from_fields_v1(*fields) : FieldSet{}});
  }
  return out;
}

void set_owners(Json& object, const std::vector<Owner>& owners) {
  Json list = Json::array();
  for (const char* operation : {"Apply", "Update"}) {
    for (const Owner& owner : owners) {
      if (owner.operation != operation) continue;
      Json entry = {{"manager", owner.manager},
                    {"operation", owner.operation},
                    {"apiVersion", owner.api_version},
                    {"fieldsType", "FieldsV1"},
                    {"fieldsV1", to_fields_v1(owner.fields)}};
      if (!owner.time.empty()) entry["time"] = owner.time;
      if (!owner.subresource.empty()) entry["subresource"] = owner.subresource;
      list.push_back(std::move(entry));
    }
  }
  if (list.empty()) {
    object["metadata"].erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(list);
  }
}

Outcome<Json> apply_fields(const Resource& resource, const Json& live, const Json& declared,
                           const Writer& writer) {
  const Type& type = *resource.type;
  std::vector<Owner> owners = owners_of(live);
  add_unmanaged(resource, live, writer.now, owners);
  const Json before = bare(live);
  Json merged = merge(type, before, declared);
  const FieldSet applied = strip(resource, writer.subresource, field_set(type, declared));
  auto own = std::find_if(owners.begin(), owners.end(),
                          [&](const Owner& o) { return same_owner(o, writer, "Apply", o.api_version); });
  FieldSet last;
  if (own == owners.end()) {
    owners.push_back(
        {writer.manager, "Apply", resource.api_version(), writer.subresource, writer.now, applied});
    own = owners.end() - 1;
  } else {
    last = own->fields;
    own->fields = applied;
    own->api_version = resource.api_version();
  }
  merged = prune(type, merged, last, owners);

  const Comparison changes = compare(type, before, merged);
  const FieldSet touched = unite(changes.modified, changes.added);
  std::vector<Conflict> conflicts;
  for (Owner& owner : owners) {
    if (&owner == &*own) continue;
    const FieldSet clash = intersect(owner.fields, touched);
    for (const std::string& path : paths(clash)) conflicts.push_back({owner_name(owner), path});
    if (writer.force) owner.fields = subtract(owner.fields, clash);
    owner.fields = subtract(owner.fields, changes.removed);
  }
  if (!conflicts.empty() && !writer.force) return tl::unexpected(conflict_failure(conflicts));
  const bool changed = !touched.empty() || !changes.removed.empty() || !equal(last, applied);
  if (changed) own->time = writer.now;
  drop_empty(owners);
  set_owners(merged, owners);
  return merged;
}

void track_update(const Resource& resource, const Json& before, Json& after, const Writer& writer) {
  const Json* sent = find(after, {"metadata", "managedFields"});
  // 022: managedFields [{}] wipes all ownership, even of this change.
  const bool wiped = sent != nullptr && sent->is_array() && sent->size() == 1 && sent->front().is_object() &&
                     sent->front().empty();
  const bool existed = find(before, {"metadata", "resourceVersion"}) != nullptr;
  if (wiped || (existed && owners_of(before).empty())) {
    after["metadata"].erase("managedFields");
    return;
  }
  const bool given = sent != nullptr && sent->is_array() && !sent->empty();
  std::vector<Owner> owners = owners_of(given ? after : before);
  const Json old_body = existed ? bare(before) : Json::object();
  Comparison changes = compare(*resource.type, old_body, bare(after));
  unmark_by_value(changes.added);
  FieldSet touched = strip(resource, writer.subresource, unite(changes.modified, changes.added));
  auto own = std::find_if(owners.begin(), owners.end(), [&](const Owner& o) {
    return same_owner(o, writer, "Update", resource.api_version());
  });
  const std::size_t own_index = static_cast<std::size_t>(own - owners.begin());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (i != own_index) owners[i].fields = subtract(owners[i].fields, unite(changes.modified, changes.added));
    owners[i].fields = subtract(owners[i].fields, changes.removed);
  }
  if (!touched.empty()) {
    if (own_index == owners.size()) {
      owners.push_back(
          {writer.manager, "Update", resource.api_version(), writer.subresource, writer.now, {}});
    }
    owners[own_index].fields = unite(owners[own_index].fields, touched);
    owners[own_index].time = writer.now;
  }
  drop_empty(owners);
  set_owners(after, owners);
}

}  // namespace gridseal::kubesim
