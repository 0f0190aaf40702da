// Bytes as text that survives a screen, a clipboard and a serial console:
//
//   -----BEGIN GRIDSEAL SITE REPORT-----
//   Site: plant-7
//
//   H4sIAAAAAAAA…
//   -----END GRIDSEAL SITE REPORT-----
//
// Header lines are for people and have a colon, which base64 (RFC 4648 section 4) has not. Text around the
// blocks, indentation and white space at line ends are passed over.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace gridseal::base {

using ArmourHeaders = std::vector<std::pair<std::string, std::string>>;

struct ArmourBlock {
  std::string label;  // "SITE REPORT"
  ArmourHeaders headers{};
  std::string base64{};  // as it stands there, in one piece
  size_t line = 0;       // in which it begins, from 1 on

  std::string_view header(std::string_view name) const;  // empty where there is none
};

std::string armour_block(std::string_view label, const ArmourHeaders& headers, std::string_view bytes);

struct ArmourLimits {
  size_t blocks = 1;  // reading ends after so many
  size_t bytes = 0;   // of one block
};

// In their order; none is an empty list. Errors (refused): armour.cut (a block does not end with the line
// that belongs to it; says where it begins), armour.too_long.
Result<std::vector<ArmourBlock>> read_armour_blocks(std::string_view text, const ArmourLimits& limits);

bool is_armour_end(std::string_view line);

}  // namespace gridseal::base
