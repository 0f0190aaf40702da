// What the server refuses with 422.
#pragma once

#include <vector>

#include "kubesim/catalog.hpp"
#include "kubesim/failure.hpp"

namespace gridseal::kubesim {

// 024: the node port that a dry run shows.
constexpr int kDryRunPort = 29999;

// 021: errors of an object by itself, in the server's order.
std::vector<Cause> validate(const Resource& resource, const Json& object);
// 040: fields that may not change.
std::vector<Cause> validate_change(const Resource& resource, const Json& before, const Json& after);
// 111: a custom resource against its openAPIV3Schema (types, required, enum, bounds, lengths).
std::vector<Cause> validate_custom(const Resource& resource, const Json& object);
// Fields of a custom resource that its schema does not know; they are removed (111).
std::vector<std::string> prune_unknown(const Resource& resource, Json& object);

}  // namespace gridseal::kubesim
