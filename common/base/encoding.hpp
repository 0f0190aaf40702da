// Text forms of bytes. Decoders are strict: no white space, no garbage, no non-zero trailing bits.
#pragma once

#include <cstddef>
#include <cstdint>
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

// Of a text that comes in pieces.
class Base64Decoder {
 public:
  explicit Base64Decoder(Base64 form) : form_(form) {}
  // Appends what it decodes; false as soon as the text is malformed.
  bool feed(std::string_view text, std::string& out);
  Result<void> finish();  // error parse.base64

 private:
  bool fail(const char* why);

  Base64 form_;
  size_t characters_ = 0;  // without padding
  size_t padding_ = 0;
  bool url_ = false;  // characters of the one or of the other alphabet were seen
  bool standard_ = false;
  uint32_t word_ = 0;
  unsigned bits_ = 0;  // of word_ that are not out yet
  const char* wrong_ = nullptr;
};

// A to Z in lower case, all else as it is.
std::string ascii_lower(std::string_view text);

// True when `bytes` is well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view bytes);

// For terminals and logs: control characters, escape sequences and invalid UTF-8 become '?', cut at `max`
// bytes.
std::string printable(std::string_view untrusted, size_t max = 200);

}  // namespace gridseal::base
