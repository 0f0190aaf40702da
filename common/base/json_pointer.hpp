// JSON pointers (RFC 6901).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace gridseal::base {

struct JsonPointer {
  std::vector<std::string> steps;  // unescaped; empty: the whole document

  // Section 3: empty, or "/" before each step; "~" only as "~0" and "~1". Nothing when it is not a pointer.
  static std::optional<JsonPointer> parse(std::string_view text);
  // Section 4; nullptr when nothing is there. "-" and positions with a leading zero name nothing.
  const Json* find(const Json& root) const;
};

// The position that a step names in an array of this size.
std::optional<size_t> array_position(std::string_view step, size_t size);

}  // namespace gridseal::base
