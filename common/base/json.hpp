// Strict JSON (RFC 8259) for untrusted input: UTF-8 only, one value, no duplicate names after unescaping,
// bounded size and depth, integers stay integers.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"

// Compiled once, in json.cpp, instead of in every source.
extern template class nlohmann::basic_json<>;

namespace gridseal::base {

using Json = nlohmann::json;

struct JsonLimits {
  size_t max_bytes = size_t{8} << 20U;
  size_t max_depth = 64;
  size_t max_values = 2'000'000;
};

// Errors (refused): parse.json, parse.duplicate_key, parse.limit.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Members of an object by name, typed; never throw. Absent, null or of another type: nullptr / empty
// optional.
const Json* find_member(const Json& object, std::string_view name);
const std::string* find_string(const Json& object, std::string_view name);
std::optional<int64_t> find_integer(const Json& object, std::string_view name);
const Json* find_object(const Json& object, std::string_view name);
const Json* find_array(const Json& object, std::string_view name);

// Compact text, keys sorted, invalid UTF-8 replaced; never throws. What YAML 1.1 does not take as it is in a
// quoted text (DEL, C1 controls, line and paragraph separator, U+FFFE, U+FFFF) is escaped: Kubernetes reads
// JSON with a YAML parser.
std::string dump_json(const Json& value);
std::string dump_json_pretty(const Json& value);

}  // namespace gridseal::base
