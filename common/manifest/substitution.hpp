// Substitution of variables in declared objects. It happens on values that were read already, so that a
// value of a variable is never YAML: it cannot add a key, an object or a document. Keys are never touched.
//
// What a plain scalar becomes has the type that YAML gives to the resulting text (`replicas: ${n}` with 3 is
// a number, with nothing null); what was written in quotes, as a block or in a JSON file stays a string.
// Objects whose label or annotation kustomize.toolkit.fluxcd.io/substitute is "disabled" are left alone.
#pragma once

#include <string>

#include "manifest/expand.hpp"
#include "manifest/object.hpp"

namespace gridseal::manifest {

// For the objects of one artifact. Not thread safe.
class Substitution {
 public:
  explicit Substitution(Variables variables, const ExpandLimits& limits = {})
      : expander_(std::move(variables), limits) {}

  // `document` as parse_yaml gives it with PlainReferences::marked, or of a JSON file; afterwards no mark is
  // left. The items of a list are objects of their own.
  // Errors (refused): manifest.substitution, manifest.limit; they name object, field and file. Of a Secret no
  // part of the text is shown.
  base::Result<void> apply(Json& document, const Origin& origin);

  const Variables& used() const { return expander_.used(); }

 private:
  base::Result<void> object(Json& body, const Origin& origin);
  base::Result<void> walk(Json& value, std::string& path);
  base::Result<void> text(Json& value);

  Expander expander_;
};

}  // namespace gridseal::manifest
