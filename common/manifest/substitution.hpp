// Substitution of variables in declared objects. It happens on values that were read already, so that a
// value of a variable is never YAML: it cannot add a key, an object or a document. Keys are never touched.
//
// What a plain scalar becomes has the type that YAML gives to the resulting text (`replicas: ${n}` with 3 is
// a number, with nothing null); what was written in quotes, as a block or in a JSON file stays a string.
// Objects whose label or annotation kustomize.toolkit.fluxcd.io/substitute is "disabled" are left alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "manifest/expand.hpp"
#include "manifest/object.hpp"

namespace gridseal::manifest {

// For the objects of one artifact. Not thread safe.
class Substitution {
 public:
  explicit Substitution(Variables variables, const ExpandLimits& limits = {})
      : expander_(std::move(variables), limits) {}

  // For a publisher, who knows no site's values: each variable stands for a word, and what a host would
  // refuse stays as it is written and is a finding.
  static Substitution without_values();

  // `document` as parse_yaml gives it with PlainReferences::marked, or of a JSON file; afterwards no mark is
  // left. The items of a list are objects of their own.
  // Errors (refused): manifest.substitution, manifest.limit; they name object, field and file. Of a Secret no
  // part of the text is shown.
  base::Result<void> apply(Json& document, const Origin& origin);

  const Variables& used() const { return expander_.used(); }
  // Without values: the names that a host has to set; the first twenty sentences about what it would refuse.
  const std::set<std::string>& needed() const { return expander_.missing(); }
  const std::vector<std::string>& findings() const { return findings_; }

 private:
  struct Unknown {};
  explicit Substitution(Unknown /*values*/) : expander_({}, {}, Unset::stands_in), collects_(true) {}
  base::Result<void> object(Json& body, const Origin& origin);
  base::Result<void> walk(Json& value, std::string& path);
  base::Result<void> text(Json& value);
  base::Result<void> found(Json& value, const std::string& path, const base::Error& error);

  Expander expander_;
  bool collects_ = false;
  std::vector<std::string> findings_;
  std::string object_;  // the one that is looked at, for messages
  bool hides_text_ = false;
};

}  // namespace gridseal::manifest
