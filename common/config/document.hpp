// A TOML text as a tree of plain values that know their place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace gridseal::config {

struct Member;

struct Value {
  enum class Kind { string, integer, number, boolean, time, array, table };

  Kind kind = Kind::table;
  std::string text{};  // string
  int64_t integer = 0;
  double number = 0;
  bool boolean = false;
  std::vector<Value> items{};   // array
  std::vector<Place> places{};  // of items that are tables
  std::vector<Member> members;  // table, sorted by name

  const Member* find(std::string_view name) const;
};

struct Member {
  std::string name;
  Place place;  // of the key
  Value value;
};

std::string_view to_string(Value::Kind kind);  // "an integer"

// TOML 1.0. The parser stops at the first mistake in the text. Never throws.
tl::expected<Value, Problem> parse_document(std::string_view text, const std::string& file);

// Adds the members of `from`; tables are joined, anything else that is there already is a problem.
void merge(Value& into, Value&& from, const std::string& path, std::vector<Problem>& problems);

}  // namespace gridseal::config
