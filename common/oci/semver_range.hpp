// Version ranges as Flux reads them (github.com/Masterminds/semver v3 constraints) and the choice of the
// newest tag (Flux OCIRepository spec.ref.semver and spec.ref.semverFilter).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/semver.hpp"

namespace gridseal::oci {

// Comparators: = != > < >= => <= =< ~ ~> ^; "," or a space is AND, "||" is OR; "1.2 - 1.4.5"; wildcards x X
// *. A range without a prerelease never matches a prerelease: write ">=1.0.0-0" to allow them.
class SemverRange {
 public:
  // Error (refused): oci.semver_range.
  static base::Result<SemverRange> parse(std::string_view text);

  bool matches(const base::Semver& version) const;
  const std::string& text() const { return text_; }

  struct Comparator;

 private:
  std::string text_;
  std::shared_ptr<const std::vector<std::vector<Comparator>>> alternatives_;
};

// A regular expression in RE2 syntax that finds a match anywhere in the tag, as Go's MatchString does.
class TagFilter {
 public:
  // Error (refused): oci.tag_filter.
  static base::Result<TagFilter> parse(std::string_view pattern);
  bool matches(std::string_view tag) const;

 private:
  struct Pattern;
  std::shared_ptr<const Pattern> pattern_;
};

// The tag with the greatest version in range; tags that are no version (strict SemVer, "v" in front allowed)
// or do not pass the filter are left out. Empty when none is left.
std::optional<std::string> newest(const std::vector<std::string>& tags, const SemverRange& range,
                                  const TagFilter* filter = nullptr);

}  // namespace gridseal::oci
