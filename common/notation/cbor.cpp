#include "notation/cbor.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::notation::cbor {
namespace {

using base::Error;
using base::Result;

// Major types of RFC 8949 section 3.1.
constexpr unsigned kMajorSimple = 7;
constexpr uint8_t kFalse = 20;
constexpr uint8_t kTrue = 21;
constexpr uint8_t kNull = 22;

// Arguments of the head: up to 23 in the first byte, then 1, 2, 4 or 8 bytes.
constexpr uint8_t kOneByte = 24;
constexpr uint8_t kEightBytes = 27;

constexpr unsigned major_of(Kind kind) {
  switch (kind) {
    case Kind::unsigned_integer:
      return 0;
    case Kind::negative_integer:
      return 1;
    case Kind::bytes:
      return 2;
    case Kind::text:
      return 3;
    case Kind::array:
      return 4;
    case Kind::map:
      return 5;
    case Kind::tag:
      return 6;
    case Kind::boolean:
    case Kind::null:
      break;
  }
  return kMajorSimple;
}

constexpr Kind kKinds[] = {Kind::unsigned_integer,
                           Kind::negative_integer,
                           Kind::bytes,
                           Kind::text,
                           Kind::array,
                           Kind::map,
                           Kind::tag};

Error malformed(const std::string& what) {
  return Error::refused("parse.cbor", "the CBOR is refused: " + what);
}

class CborParser {
 public:
  CborParser(std::string_view bytes, const Limits& limits) : rest_(bytes), limits_(limits) {}

  bool at_end() const { return rest_.empty(); }

  Result<Value> item(int depth) {
    if (depth > limits_.max_depth || ++items_ > limits_.max_items)
      return Error::refused("parse.limit", "the CBOR is nested too deeply or has too many items");
    const std::string_view start = rest_;
    auto value = Value{};
    if (auto read = head(value); !read) return std::move(read).error();
    if (auto read = content(value, depth); !read) return std::move(read).error();
    value.raw = start.substr(0, start.size() - rest_.size());
    return value;
  }

 private:
  Result<void> head(Value& value) {
    if (rest_.empty()) return malformed("it ends within an item");
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    const unsigned major = first >> 5U;
    const uint8_t low = first & 0x1FU;
    if (major == kMajorSimple) return simple(low, value);
    value.kind = kKinds[major];
    return argument(low, value.number);
  }

  static Result<void> simple(uint8_t low, Value& value) {
    if (low != kFalse && low != kTrue && low != kNull)
      return malformed("only false, true and null are accepted as simple values, no floating point");
    value.kind = low == kNull ? Kind::null : Kind::boolean;
    value.number = low == kTrue ? 1 : 0;
    return {};
  }

  Result<void> argument(uint8_t low, uint64_t& number) {
    if (low < kOneByte) {
      number = low;
      return {};
    }
    if (low > kEightBytes) return malformed("an item of indefinite or reserved length");
    const size_t width = size_t{1} << (low - kOneByte);
    if (rest_.size() < width) return malformed("it ends within an item");
    number = 0;
    for (const char byte : rest_.substr(0, width)) number = (number << 8U) | static_cast<uint8_t>(byte);
    rest_.remove_prefix(width);
    const uint64_t smallest = width == 1 ? kOneByte : uint64_t{1} << (8U * (width / 2));
    if (number < smallest) return malformed("a number or length is not written in its shortest form");
    return {};
  }

  Result<void> content(Value& value, int depth) {
    switch (value.kind) {
      case Kind::bytes:
      case Kind::text:
        return string(value);
      case Kind::array:
        return elements(value, value.number, depth);
      case Kind::map:
        return map(value, depth);
      case Kind::tag:
        return elements(value, 1, depth);
      case Kind::unsigned_integer:
      case Kind::negative_integer:
      case Kind::boolean:
      case Kind::null:
        break;
    }
    return {};
  }

  Result<void> string(Value& value) {
    if (value.number > rest_.size()) return malformed("a string is longer than what is there");
    value.content = rest_.substr(0, value.number);
    rest_.remove_prefix(value.number);
    if (value.kind == Kind::text && !base::is_utf8(value.content)) return malformed("a text is not UTF-8");
    return {};
  }

  Result<void> elements(Value& value, uint64_t count, int depth) {
    // Every item takes a byte at least, so a count above that cannot be true.
    if (count > rest_.size()) return malformed("it ends within an item");
    for (uint64_t i = 0; i < count; ++i) {
      auto element = item(depth + 1);
      if (!element) return std::move(element).error();
      value.items.push_back(std::move(*element));
    }
    return {};
  }

  Result<void> map(Value& value, int depth) {
    if (value.number > rest_.size()) return malformed("it ends within an item");
    if (auto read = elements(value, value.number * 2, depth); !read) return read;
    std::vector<std::string_view> keys;
    for (size_t i = 0; i < value.items.size(); i += 2) {
      const Value& key = value.items[i];
      if (!key.is(Kind::unsigned_integer) && !key.is(Kind::negative_integer) && !key.is(Kind::text))
        return malformed("a map key is neither an integer nor a text");
      keys.push_back(key.raw);
    }
    // Equal keys have equal encodings, because only the shortest form is accepted.
    std::ranges::sort(keys);
    if (std::ranges::adjacent_find(keys) != keys.end())
      return Error::refused("parse.duplicate_key", "a CBOR map has the same key twice");
    return {};
  }

  std::string_view rest_;
  Limits limits_;
  size_t items_ = 0;
};

const Value* find_key(const Value& map, std::string_view encoded_key) {
  if (!map.is(Kind::map)) return nullptr;
  for (size_t i = 0; i + 1 < map.items.size(); i += 2)
    if (map.items[i].raw == encoded_key) return &map.items[i + 1];
  return nullptr;
}

}  // namespace

Result<Value> parse(std::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.max_bytes)
    return Error::refused("parse.limit",
                          "the CBOR is larger than " + std::to_string(limits.max_bytes) + " bytes");
  CborParser parser(bytes, limits);
  auto value = parser.item(1);
  if (value && !parser.at_end()) return malformed("bytes follow the item");
  return value;
}

const Value* find(const Value& map, int64_t label) {
  return find_key(map, encode_integer(label));
}

const Value* find(const Value& map, std::string_view name) {
  return find_key(map, encode_text(name));
}

std::string encode_head(Kind kind, uint64_t number) {
  const unsigned major = major_of(kind) << 5U;
  if (kind == Kind::null) return {static_cast<char>(major | kNull)};
  if (kind == Kind::boolean) return {static_cast<char>(major | (number != 0 ? kTrue : kFalse))};
  if (number < kOneByte) return {static_cast<char>(major | number)};
  unsigned power = 0;
  while (power < 3 && (number >> (8U << power)) != 0) ++power;
  std::string out{static_cast<char>(major | (kOneByte + power))};
  for (unsigned shift = 8U << power; shift != 0; shift -= 8U)
    out.push_back(static_cast<char>((number >> (shift - 8U)) & 0xFFU));
  return out;
}

std::string encode_integer(int64_t value) {
  if (value < 0) return encode_head(Kind::negative_integer, static_cast<uint64_t>(-(value + 1)));
  return encode_head(Kind::unsigned_integer, static_cast<uint64_t>(value));
}

std::string encode_bytes(std::string_view bytes) {
  return encode_head(Kind::bytes, bytes.size()).append(bytes);
}

std::string encode_text(std::string_view text) {
  return encode_head(Kind::text, text.size()).append(text);
}

}  // namespace gridseal::notation::cbor
