// What is changed in every declared object before it is compared or applied, so that server-side apply means
// the same on every run: merge keys that the server would default are written out, and what is not ours to
// declare is dropped.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "manifest/object.hpp"

namespace gridseal::manifest {

// - Secret: stringData becomes base64 in data (it wins over data, as in the API server).
// - `protocol: TCP` on ports of containers and Services without one: it is part of the merge key.
// - status is dropped (not on CustomResourceDefinition), null creationTimestamp too, also in pod templates.
// - Fields that only the server writes (uid, resourceVersion, generation, managedFields, selfLink) are
// dropped. Errors (refused): manifest.not_an_object, when stringData is not a map of strings.
base::Result<void> normalise(Object& object);

// Labels and annotations for the object itself, as Flux' commonMetadata: they replace those of the same name;
// pod templates are not touched.
void set_metadata(Object& object, const std::map<std::string, std::string>& labels,
                  const std::map<std::string, std::string>& annotations);

// The label that every object of a component carries: gridseal.dev/component. `component` must be a valid
// label value (config sees to it). Labels of the user stay as they are; pod templates are not touched.
inline constexpr std::string_view kComponentLabel = "gridseal.dev/component";
void set_owner_label(Object& object, std::string_view component);

// The component that the object's label names; empty when it has none.
std::string owner_of(const Json& body);

}  // namespace gridseal::manifest
