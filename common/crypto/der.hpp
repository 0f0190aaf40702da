// Strict DER (ITU-T X.690 section 10): definite minimal lengths, low tag numbers, bounded depth. The reader
// never copies: elements point into the bytes it was given, which must outlive them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gridseal::crypto::der {

inline constexpr uint8_t kBoolean = 0x01;
inline constexpr uint8_t kInteger = 0x02;
inline constexpr uint8_t kBitString = 0x03;
inline constexpr uint8_t kOctetString = 0x04;
inline constexpr uint8_t kNull = 0x05;
inline constexpr uint8_t kOid = 0x06;
inline constexpr uint8_t kUtf8String = 0x0C;
inline constexpr uint8_t kSequence = 0x30;
inline constexpr uint8_t kSet = 0x31;

// The tag byte of a context-specific element, [number] constructed or primitive.
constexpr uint8_t context(uint8_t number, bool constructed = true) {
  return static_cast<uint8_t>((constructed ? 0xA0U : 0x80U) | number);
}

struct Element {
  uint8_t tag = 0;
  std::string_view content;
  std::string_view raw;  // with tag and length
};

// Walks the elements of one level. Every error is refused, code parse.der (parse.limit for depth).
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  // The tag byte of the next element.
  std::optional<uint8_t> peek() const;

  base::Result<Element> next();
  base::Result<Element> next(uint8_t tag);
  // Reads the next element, which must carry `tag`, and returns a reader of its content.
  base::Result<Reader> enter(uint8_t tag);

  // INTEGER, not negative, minimal: its magnitude without leading zero bytes ("" is zero).
  base::Result<std::string_view> unsigned_integer();
  // The same for values up to 2^63 - 1.
  base::Result<int64_t> small_integer();
  // OBJECT IDENTIFIER in dotted form, at most 64 bytes of encoding.
  base::Result<std::string> oid();
  // BIT STRING without unused bits.
  base::Result<std::string_view> bit_string();
  base::Result<std::string_view> octet_string();
  base::Result<void> null();

  // Nothing may be left.
  base::Result<void> end() const;

 private:
  static constexpr int kMaxDepth = 16;
  std::string_view rest_;
  int depth_ = 0;
};

// Writers.
std::string encode(uint8_t tag, std::string_view content);
std::string encode_unsigned_integer(std::string_view magnitude);
std::string encode_oid(std::string_view dotted);  // of a well-formed constant
std::string encode_bit_string(std::string_view bytes);

}  // namespace gridseal::crypto::der
