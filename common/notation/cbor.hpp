// CBOR (RFC 8949) as far as COSE_Sign1 needs it, strictly: definite lengths, shortest heads, UTF-8 text, no
// floating point, no duplicate map keys, nothing after the item, bounded size, depth and count. The reader
// never copies: values point into the bytes it was given, which must outlive them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gridseal::notation::cbor {

enum class Kind { unsigned_integer, negative_integer, bytes, text, array, map, tag, boolean, null };

struct Value {
  Kind kind = Kind::null;
  // unsigned_integer: the value. negative_integer: n of -1 - n. tag: its number. boolean: 0 or 1.
  uint64_t number = 0;
  std::string_view content{};  // of bytes and text
  // Of an array its elements; of a map key, value, key, value ...; of a tag the one tagged item.
  std::vector<Value> items{};
  std::string_view raw{};  // the whole encoding

  bool is(Kind wanted) const { return kind == wanted; }
};

struct Limits {
  size_t max_bytes = size_t{1} << 20U;
  int max_depth = 8;
  size_t max_items = 4096;  // of all levels together
};

// Exactly one item, the whole of `bytes`. Errors (refused): parse.cbor, parse.duplicate_key, parse.limit.
base::Result<Value> parse(std::string_view bytes, const Limits& limits = {});

// The value under a key of a map; nullptr when there is none or `map` is no map. `label` may be negative.
const Value* find(const Value& map, int64_t label);
const Value* find(const Value& map, std::string_view name);

// Writers, shortest form. A container is a head followed by its items.
std::string encode_head(Kind kind, uint64_t number);
std::string encode_integer(int64_t value);
std::string encode_bytes(std::string_view bytes);
std::string encode_text(std::string_view text);

}  // namespace gridseal::notation::cbor
