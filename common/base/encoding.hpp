// Text forms of bytes. Decoders are strict: no white space, no garbage, no non-zero trailing bits.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::base {

std::string encode_hex(std::string_view bytes);         // lower case
Result<std::string> decode_hex(std::string_view text);  // both cases; error base.hex

enum class Base64 {
  standard,  // RFC 4648 section 4, padding required
  url,       // RFC 4648 section 5, no padding (JOSE)
  lenient,   // proto-JSON bytes and DSSE: either alphabet (not mixed), padding optional
};

std::string encode_base64(std::string_view bytes, Base64 form = Base64::standard);
Result<std::string> decode_base64(std::string_view text,
                                  Base64 form = Base64::standard);  // error parse.base64

// A to Z in lower case, all else as it is.
std::string ascii_lower(std::string_view text);

// True when `bytes` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);

// For terminals and logs: control characters, escape sequences and invalid UTF-8 become '?', cut at `max`
// bytes.
std::string printable(std::string_view untrusted, size_t max = 200);

}  // namespace gridseal::base
