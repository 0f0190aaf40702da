#include "base/encoding.hpp"

#include <array>
#include <cstdint>

namespace gridseal::base {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

using Table = std::array<int8_t, 256>;

constexpr Table make_table(std::string_view alphabet) {
  Table table{};
  for (auto& entry : table) entry = -1;
  for (size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return table;
}

// Length of the UTF-8 sequence at `at`, 0 when malformed (RFC 3629).
size_t utf8_length(std::string_view s, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto tail = [&](size_t i) { return i < s.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned char c = byte(at);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!tail(at + 1) || !tail(at + 2)) return 0;
    if (c == 0xE0 && byte(at + 1) < 0xA0) return 0;
    if (c == 0xED && byte(at + 1) > 0x9F) return 0;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (c == 0xF0 && byte(at + 1) < 0x90) return 0;
    if (c == 0xF4 && byte(at + 1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::string encode_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out += kHex[b >> 4U];
    out += kHex[b & 15U];
  }
  return out;
}

Result<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return Error::refused("base.hex", "odd number of hex digits");
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int hi = hex_value(text[i]);
    const int lo = hex_value(text[i + 1]);
    if (hi < 0 || lo < 0) return Error::refused("base.hex", "a character is not a hex digit");
    out += static_cast<char>(hi * 16 + lo);
  }
  return out;
}

std::string encode_base64(std::string_view bytes, Base64 form) {
  const std::string_view alphabet = form == Base64::url ? kUrl : kStandard;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k)
      word = (word << 8U) | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < n + 1; ++k) out += alphabet[(word >> (18U - 6U * k)) & 63U];
    if (form != Base64::url) out.append(3 - n, '=');
  }
  return out;
}

bool Base64Decoder::feed(std::string_view text, std::string& out) {
  static constexpr Table kTables[] = {make_table(kStandard), make_table(kUrl), make_table(kStandard)};
  const Table& table = kTables[static_cast<size_t>(form_)];
  const bool lenient = form_ == Base64::lenient;
  for (char c : text) {
    if (c == '=' && form_ != Base64::url && padding_ < 2) {
      ++padding_;
      continue;
    }
    if (lenient && (c == '-' || c == '_')) {
      url_ = true;
      c = c == '-' ? '+' : '/';
    } else if (c == '+' || c == '/') {
      standard_ = true;
    }
    const int value = table[static_cast<unsigned char>(c)];
    if (value < 0 || padding_ > 0) return fail("a character outside the alphabet");
    ++characters_;
    word_ = (word_ << 6U) | static_cast<uint32_t>(value);
    bits_ += 6;
    if (bits_ >= 8) {
      bits_ -= 8;
      out += static_cast<char>((word_ >> bits_) & 0xFFU);
    }
  }
  return true;
}

bool Base64Decoder::fail(const char* why) {
  wrong_ = why;
  return false;
}

Result<void> Base64Decoder::finish() {
  const bool padding_fits = (characters_ + padding_) % 4 == 0;
  if (wrong_ == nullptr && url_ && standard_) wrong_ = "a character outside the alphabet";
  if (wrong_ == nullptr &&
      (characters_ % 4 == 1 || (!padding_fits && (form_ == Base64::standard || padding_ != 0))))
    wrong_ = "wrong length";
  if (wrong_ == nullptr && (word_ & ((1U << bits_) - 1U)) != 0) wrong_ = "trailing bits are not zero";
  if (wrong_ == nullptr) return {};
  return Error::refused("parse.base64", std::string("malformed base64: ") + wrong_);
}

Result<std::string> decode_base64(std::string_view text, Base64 form) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  Base64Decoder decoder(form);
  decoder.feed(text, out);
  if (auto whole = decoder.finish(); !whole) return std::move(whole).error();
  return out;
}

bool is_utf8(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t n = utf8_length(bytes, at);
    if (n == 0) return false;
    at += n;
  }
  return true;
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string printable(std::string_view untrusted, size_t max) {
  std::string out;
  for (size_t at = 0; at < untrusted.size();) {
    if (out.size() >= max) return out + "…";
    const size_t n = utf8_length(untrusted, at);
    const auto c = static_cast<unsigned char>(untrusted[at]);
    const bool c1_control = n == 2 && c == 0xC2 && static_cast<unsigned char>(untrusted[at + 1]) < 0xA0;
    if (n == 0 || c < 0x20 || c == 0x7F || c1_control) {
      out += c == '\n' || c == '\t' ? ' ' : '?';
    } else {
      out += untrusted.substr(at, n);
    }
    at += n == 0 ? 1 : n;
  }
  return out;
}

}  // namespace gridseal::base
