// Who owns which field: metadata.managedFields and the two ways in which it changes.
#pragma once

#include <string>
#include <vector>

#include "kubesim/catalog.hpp"
#include "kubesim/failure.hpp"
#include "kubesim/field_set.hpp"

namespace gridseal::kubesim {

struct Owner {
  std::string manager;
  std::string operation;  // Apply or Update
  std::string api_version;
  std::string subresource;
  std::string time;
  FieldSet fields;
};

std::vector<Owner> owners_of(const Json& object);
void set_owners(Json& object, const std::vector<Owner>& owners);

struct Writer {
  std::string manager;
  std::string subresource;
  bool force = false;
  std::string now;
};

// 022, 023: server-side apply. `live` is the stored object, or the bare new one; the answer has its new
// managedFields. A conflict is a 409 that names managers and fields.
Outcome<Json> apply_fields(const Resource& resource, const Json& live, const Json& declared,
                           const Writer& writer);

// POST, PUT and the other patches: what changed from `before` to `after` belongs to the writer from now on
// (022).
void track_update(const Resource& resource, const Json& before, Json& after, const Writer& writer);

}  // namespace gridseal::kubesim
