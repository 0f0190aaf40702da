#include "crypto/distinguished_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/der.hpp"
#include "crypto/der_values.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxNameAttributes = 64;

// RFC 4514 section 3 and those that certificates of code signers carry besides.
constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kShortNames = {{
    {"2.5.4.3", "CN"},
    {"2.5.4.4", "SN"},
    {"2.5.4.5", "SERIALNUMBER"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.9", "STREET"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.12", "T"},
    {"2.5.4.15", "businessCategory"},
    {"2.5.4.17", "postalCode"},
    {"2.5.4.42", "GN"},
    {"2.5.4.97", "organizationIdentifier"},
    {"0.9.2342.19200300.100.1.1", "UID"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"1.2.840.113549.1.9.1", "emailAddress"},
    {"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
}};

std::string short_name(const std::string& oid) {
  for (const auto& [id, name] : kShortNames) {
    if (oid == id) return std::string(name);
  }
  return oid;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

void append_utf8(std::string& out, uint32_t point) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    tail(0);
  } else {
    out += static_cast<char>(0xE0U | (point >> 12U));
    tail(6);
    tail(0);
  }
}

// UCS-2, big endian.
std::optional<std::string> from_bmp(std::string_view content) {
  if (content.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (size_t i = 0; i < content.size(); i += 2) {
    const uint32_t point =
        (uint32_t{static_cast<uint8_t>(content[i])} << 8U) | static_cast<uint8_t>(content[i + 1]);
    if (point >= 0xD800 && point < 0xE000) return std::nullopt;
    append_utf8(text, point);
  }
  return text;
}

std::string text_of(const der::Element& element) {
  constexpr uint8_t kNumeric = 0x12;
  constexpr uint8_t kPrintable = 0x13;
  constexpr uint8_t kTeletex = 0x14;
  constexpr uint8_t kIa5 = 0x16;
  constexpr uint8_t kVisible = 0x1A;
  constexpr uint8_t kBmp = 0x1E;
  switch (element.tag) {
    case der::kUtf8String:
      if (base::is_utf8(element.content)) return std::string(element.content);
      break;
    case kNumeric:
    case kPrintable:
    case kTeletex:
    case kIa5:
    case kVisible:
      if (is_ascii(element.content)) return std::string(element.content);
      break;
    case kBmp:
      if (auto text = from_bmp(element.content)) return *text;
      break;
    default:
      break;
  }
  return "#" + base::encode_hex(element.raw);
}

Result<NameAttribute> read_attribute(der::Reader& set, size_t rdn) {
  auto pair = set.enter(der::kSequence);
  if (!pair) return pair.error();
  auto oid = pair->oid();
  if (!oid) return oid.error();
  const auto value = pair->next();
  if (!value) return value.error();
  if (auto end = pair->end(); !end) return std::move(end).error();
  std::string name = short_name(*oid);
  return NameAttribute{std::move(*oid), std::move(name), text_of(*value), rdn};
}

}  // namespace

Result<std::vector<NameAttribute>> parse_name(std::string_view name) {
  auto sequence = der::enter_whole(name, der::kSequence);
  if (!sequence) return sequence.error();
  std::vector<NameAttribute> attributes;
  for (size_t rdn = 0; !sequence->at_end(); ++rdn) {
    auto set = sequence->enter(der::kSet);
    if (!set) return set.error();
    if (set->at_end()) return Error::refused("parse.der", "malformed DER: an empty part of a name");
    while (!set->at_end()) {
      if (attributes.size() == kMaxNameAttributes)
        return Error::refused("parse.limit", "a name of more than 64 attributes");
      auto attribute = read_attribute(*set, rdn);
      if (!attribute) return std::move(attribute).error();
      attributes.push_back(std::move(*attribute));
    }
  }
  return attributes;
}

std::string name_text(const std::vector<NameAttribute>& attributes) {
  std::string text;
  for (const NameAttribute& attribute : attributes) {
    if (!text.empty()) text += ",";
    text += attribute.short_name + "=" + attribute.value;
  }
  return base::printable(text, 300);
}

}  // namespace gridseal::crypto
