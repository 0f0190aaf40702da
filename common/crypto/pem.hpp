// PEM text (RFC 7468, "strict" grammar with LF or CRLF line ends). Between blocks only white space may stand;
// encapsulated headers (RFC 1421) and explanatory text are refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::crypto {

struct PemBlock {
  std::string label;  // "PUBLIC KEY"
  std::string bytes;
};

// All blocks in order; at least one, at most `max_blocks`. Errors (refused): parse.pem, parse.base64,
// parse.limit.
base::Result<std::vector<PemBlock>> parse_pem(std::string_view text, size_t max_blocks = 16);

// The content of the one block of the text, which must carry `label`.
base::Result<std::string> parse_single_pem(std::string_view text, std::string_view label);

// Lines of 64 characters, LF.
std::string encode_pem(std::string_view label, std::string_view bytes);

}  // namespace gridseal::crypto
