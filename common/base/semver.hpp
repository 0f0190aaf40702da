// Versions as Semantic Versioning 2.0.0 writes them (semver.org): parsing (section 9 and 10) and precedence
// (section 11). One leading "v" is tolerated, as Git tags and Flux write it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::base {

class Semver {
 public:
  Semver() = default;
  Semver(uint64_t major, uint64_t minor, uint64_t patch, std::vector<std::string> prerelease = {})
      : major_(major), minor_(minor), patch_(patch), prerelease_(std::move(prerelease)) {}

  // "1.2.3", "v1.2.3-rc.1+build.5"; all three numbers are required, none has a leading zero, at most 128
  // bytes. Errors (refused): base.semver.
  static Result<Semver> parse(std::string_view text);

  uint64_t major() const { return major_; }
  uint64_t minor() const { return minor_; }
  uint64_t patch() const { return patch_; }
  const std::vector<std::string>& prerelease() const { return prerelease_; }
  bool is_prerelease() const { return !prerelease_.empty(); }
  const std::string& build() const { return build_; }

  // Without the leading "v".
  std::string to_string() const;

  // Precedence: build metadata plays no role, so two that compare equal may differ in it.
  friend std::strong_ordering operator<=>(const Semver& a, const Semver& b);
  friend bool operator==(const Semver& a, const Semver& b) { return std::is_eq(a <=> b); }

 private:
  uint64_t major_ = 0;
  uint64_t minor_ = 0;
  uint64_t patch_ = 0;
  std::vector<std::string> prerelease_;
  std::string build_;
};

}  // namespace gridseal::base
