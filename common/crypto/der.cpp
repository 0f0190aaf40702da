#include "crypto/der.hpp"

#include <charconv>

namespace gridseal::crypto::der {
namespace {

using base::Error;
using base::Result;

Error bad_element(const std::string& why) {
  return Error::refused("parse.der", "malformed DER: " + why);
}

uint8_t byte_at(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

// The length octets at `at`; moves `at` behind them.
Result<size_t> read_length(std::string_view bytes, size_t& at) {
  if (at >= bytes.size()) return bad_element("the length is missing");
  const uint8_t first = byte_at(bytes, at++);
  if (first < 0x80) return size_t{first};
  const size_t count = first & 0x7FU;
  if (count == 0) return bad_element("indefinite length");
  if (count > 4) return bad_element("a length of more than four bytes");
  if (count > bytes.size() - at) return bad_element("the length is cut off");
  size_t length = 0;
  for (size_t i = 0; i < count; ++i) length = (length << 8U) | byte_at(bytes, at++);
  if (length < 0x80 || (length >> (8U * (count - 1U))) == 0) return bad_element("the length is not minimal");
  return length;
}

// One base-128 arc of an object identifier (X.690 section 8.19.2).
Result<uint64_t> read_arc(std::string_view content, size_t& at) {
  if (byte_at(content, at) == 0x80) return bad_element("an object identifier with a padded arc");
  uint64_t arc = 0;
  for (;;) {
    if (at >= content.size()) return bad_element("an object identifier is cut off");
    const uint8_t b = byte_at(content, at++);
    if (arc >> 56U != 0) return bad_element("an object identifier with a huge arc");
    arc = (arc << 7U) | (b & 0x7FU);
    if ((b & 0x80U) == 0) return arc;
  }
}

}  // namespace

std::optional<uint8_t> Reader::peek() const {
  if (rest_.empty()) return std::nullopt;
  return byte_at(rest_, 0);
}

Result<Element> Reader::next() {
  if (rest_.empty()) return bad_element("an element is missing");
  const uint8_t tag = byte_at(rest_, 0);
  if ((tag & 0x1FU) == 0x1F) return bad_element("a tag number above 30");
  if (tag == 0) return bad_element("an end-of-contents tag");
  size_t at = 1;
  const auto length = read_length(rest_, at);
  if (!length) return length.error();
  if (*length > rest_.size() - at) return bad_element("an element is cut off");
  const Element element{tag, rest_.substr(at, *length), rest_.substr(0, at + *length)};
  rest_.remove_prefix(element.raw.size());
  return element;
}

Result<Element> Reader::next(uint8_t tag) {
  const auto found = peek();
  if (found && *found != tag)
    return bad_element("tag " + std::to_string(*found) + " where " + std::to_string(tag) + " is expected");
  return next();
}

Result<Reader> Reader::enter(uint8_t tag) {
  if (depth_ + 1 > kMaxDepth) return Error::refused("parse.limit", "DER nested too deeply");
  const auto element = next(tag);
  if (!element) return element.error();
  Reader inner(element->content);
  inner.depth_ = depth_ + 1;
  return inner;
}

Result<std::string_view> Reader::unsigned_integer() {
  const auto element = next(kInteger);
  if (!element) return element.error();
  std::string_view content = element->content;
  if (content.empty()) return bad_element("an empty integer");
  if ((byte_at(content, 0) & 0x80U) != 0) return bad_element("a negative integer");
  if (byte_at(content, 0) == 0) {
    content.remove_prefix(1);
    if (!content.empty() && (byte_at(content, 0) & 0x80U) == 0)
      return bad_element("an integer that is not minimal");
  }
  return content;
}

Result<int64_t> Reader::small_integer() {
  const auto magnitude = unsigned_integer();
  if (!magnitude) return magnitude.error();
  if (magnitude->size() > 8 || (magnitude->size() == 8 && (byte_at(*magnitude, 0) & 0x80U) != 0))
    return bad_element("an integer that is too large here");
  uint64_t value = 0;
  for (const char c : *magnitude) value = (value << 8U) | static_cast<uint8_t>(c);
  return static_cast<int64_t>(value);
}

Result<std::string> Reader::oid() {
  constexpr size_t kMaxOid = 64;
  const auto element = next(kOid);
  if (!element) return element.error();
  const std::string_view content = element->content;
  if (content.empty() || content.size() > kMaxOid)
    return bad_element("an object identifier of unusable length");
  std::string dotted;
  for (size_t at = 0; at < content.size();) {
    const auto arc = read_arc(content, at);
    if (!arc) return arc.error();
    if (dotted.empty()) {
      const uint64_t root = *arc < 80 ? *arc / 40 : 2;
      dotted = std::to_string(root) + "." + std::to_string(*arc - root * 40);
    } else {
      dotted += "." + std::to_string(*arc);
    }
  }
  return dotted;
}

Result<std::string_view> Reader::bit_string() {
  const auto element = next(kBitString);
  if (!element) return element.error();
  if (element->content.empty() || element->content.front() != '\0')
    return bad_element("a bit string with unused bits");
  return element->content.substr(1);
}

Result<std::string_view> Reader::octet_string() {
  const auto element = next(kOctetString);
  if (!element) return element.error();
  return element->content;
}

Result<void> Reader::null() {
  const auto element = next(kNull);
  if (!element) return element.error();
  if (!element->content.empty()) return bad_element("a NULL with content");
  return {};
}

Result<void> Reader::end() const {
  if (!rest_.empty()) return bad_element(std::to_string(rest_.size()) + " byte(s) too many");
  return {};
}

std::string encode(uint8_t tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 0x80) {
    out += static_cast<char>(content.size());
  } else {
    std::string length;
    for (size_t rest = content.size(); rest != 0; rest >>= 8U)
      length.insert(length.begin(), static_cast<char>(rest & 0xFFU));
    out += static_cast<char>(0x80U | length.size());
    out += length;
  }
  return out.append(content);
}

std::string encode_unsigned_integer(std::string_view magnitude) {
  while (!magnitude.empty() && magnitude.front() == '\0') magnitude.remove_prefix(1);
  const bool needs_zero = magnitude.empty() || (byte_at(magnitude, 0) & 0x80U) != 0;
  return encode(kInteger, (needs_zero ? std::string(1, '\0') : std::string()).append(magnitude));
}

std::string encode_oid(std::string_view dotted) {
  std::string content;
  uint64_t first = 0;
  for (size_t index = 0; !dotted.empty(); ++index) {
    uint64_t arc = 0;
    const char* const end = dotted.data() + dotted.size();
    const auto parsed = std::from_chars(dotted.data(), end, arc);
    dotted.remove_prefix(static_cast<size_t>(parsed.ptr - dotted.data()));
    if (!dotted.empty()) dotted.remove_prefix(1);
    if (index == 0) {
      first = arc;
      continue;
    }
    if (index == 1) arc += first * 40;
    std::string bytes(1, static_cast<char>(arc & 0x7FU));
    for (arc >>= 7U; arc != 0; arc >>= 7U)
      bytes.insert(bytes.begin(), static_cast<char>(0x80U | (arc & 0x7FU)));
    content += bytes;
  }
  return encode(kOid, content);
}

std::string encode_bit_string(std::string_view bytes) {
  return encode(kBitString, std::string(1, '\0').append(bytes));
}

}  // namespace gridseal::crypto::der
