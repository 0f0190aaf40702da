// References to variables in one text, as Flux' postBuild reads them (fluxcd/pkg envsubst, which follows
// drone/envsubst): the forms and the corner cases are theirs.
//
//   ${v}                 the value; an error when v is not set
//   ${v:-text} ${v:=text} ${v=text}   the text when v is not set or empty; it may hold references
//   ${v:?text} ${v:+text}             the same: envsubst makes no difference, a shell does
//   ${v:pos} ${v:pos:length}          a part, in bytes; a position below zero counts from the end
//   ${v/a/b} ${v//a/b} ${v/#a/b} ${v/%a/b}   the first a, each, at the start, at the end; no patterns
//   ${v#p} ${v##p} ${v%p} ${v%%p}     without the shortest or longest start or end that matches p (* ? [])
//   ${v^} ${v^^} ${v,} ${v,,}         case of the first letter or of all; ASCII
//   ${#v}                             length in bytes
//   $$                                one $, so that $${v} is the text ${v}
//
// Anything else behind "${" is an error; "$v" and "$1" are text. A value is never read again for references.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::manifest {

using Variables = std::map<std::string, std::string>;

struct ExpandLimits {
  size_t max_result = size_t{1} << 20U;    // bytes of one text
  size_t max_total = size_t{32} << 20U;    // bytes of all texts together
  size_t max_references = 100'000;         // in all texts together
  size_t max_nesting = 16;                 // references inside references
  uint64_t max_work = uint64_t{1} << 28U;  // bytes of values and steps of patterns, over all texts
};

// What happens to a variable that is not set and has no default.
enum class Unset {
  refused,
  stands_in,  // a word made of its name, for one who reads manifests without knowing a site's values
};

// Expands the texts of one artifact and counts over all of them. Not thread safe.
class Expander {
 public:
  explicit Expander(Variables variables, const ExpandLimits& limits = {}, Unset unset = Unset::refused)
      : variables_(std::move(variables)), limits_(limits), unset_(unset) {}

  // Whether expand() could change the text or refuse it.
  static bool concerns(std::string_view text);

  // Errors (refused): manifest.substitution (a variable that is not set, a form that is none), without place;
  // manifest.limit.
  base::Result<std::string> expand(std::string_view text);

  // The variables that were set and referred to, with their values.
  const Variables& used() const { return used_; }
  // Those that were not set and had no default.
  const std::set<std::string>& missing() const { return missing_; }

 private:
  friend class TemplateReader;
  Variables variables_;
  ExpandLimits limits_;
  Unset unset_;
  Variables used_;
  std::set<std::string> missing_;
  size_t references_ = 0;
  size_t total_ = 0;
  uint64_t work_ = 0;
};

}  // namespace gridseal::manifest
