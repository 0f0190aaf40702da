// JSON values and small readers over them. The simulator has its own: it shares nothing with the code under
// test.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace gridseal::kubesim {

using Json = nlohmann::json;

// The value at a path of object keys, or nullptr.
const Json* find(const Json& root, std::initializer_list<const char*> path);
// Same, for writing: missing objects on the way are created.
Json& make(Json& root, std::initializer_list<const char*> path);
// The string at a path; empty if absent or of another type.
std::string text(const Json& root, std::initializer_list<const char*> path);
// The integer at a path; `fallback` if absent or no number.
std::int64_t number(const Json& root, std::initializer_list<const char*> path, std::int64_t fallback = 0);
bool flag(const Json& root, std::initializer_list<const char*> path, bool fallback = false);
// `a.b["x"]`-free rendering as Go's encoder writes it (keys in the given order do not matter to the tests).
std::string compact(const Json& value);
// True for null, "", [] and {}.
bool is_blank(const Json& value);

}  // namespace gridseal::kubesim
