// What the server does to every object it stores: canonical values and defaults (130, 131).
#pragma once

#include "kubesim/catalog.hpp"
#include "kubesim/failure.hpp"

namespace gridseal::kubesim {

// Canonical quantities, decoded stringData, no empty optional fields. A value that its Go type cannot hold is
// a 500 (021).
Outcome<void> normalise(const Resource& resource, Json& object);
// Fills in what the server fills in.
void set_defaults(const Resource& resource, Json& object);
// The pod-spec part of it, for pods and for templates.
void default_pod_spec(Json& spec, bool is_pod);
// The status that a new object of this kind has; null if none.
Json initial_status(const Resource& resource);
// True if metadata.generation counts the changes of this kind.
bool has_generation(const Resource& resource);

}  // namespace gridseal::kubesim
