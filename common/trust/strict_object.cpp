#include "trust/strict_object.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace gridseal::trust {

using base::Error;
using base::Json;
using base::Result;

Result<StrictObject> StrictObject::open(const Json& json, std::string where, const std::string& code,
                                        std::initializer_list<std::string_view> members) {
  StrictObject object(json, std::move(where), code);
  if (!json.is_object()) return Error::refused(code, object.where_ + " is not a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(members, std::string_view(name)) == members.end())
      return Error::refused(code, object.where_ + " has the member '" + base::printable(name, 60) +
                                      "', which has no meaning here");
    if (value.is_null()) return object.wrong(name, "is null; leave it out instead");
  }
  return object;
}

std::string StrictObject::place_of(std::string_view name) const {
  return where_ + "." + std::string(name);
}

Error StrictObject::wrong(std::string_view name, const std::string& why) const {
  return Error::refused(code_, place_of(name) + " " + why);
}

Result<std::string> StrictObject::text(std::string_view name, size_t max, bool lines) const {
  const std::string* found = base::find_string(*json_, name);
  if (found == nullptr || found->empty()) return wrong(name, "is not there, or is no text");
  if (found->size() > max) return wrong(name, "is longer than " + std::to_string(max) + " bytes");
  std::string plain = *found;
  if (lines) std::erase(plain, '\n');
  if (base::printable(plain, plain.size()) != plain) return wrong(name, "holds characters that are no text");
  return *found;
}

Result<std::string> StrictObject::text_or_empty(std::string_view name, size_t max) const {
  if (!has(name)) return std::string();
  return text(name, max);
}

Result<int64_t> StrictObject::integer(std::string_view name, int64_t least, int64_t most) const {
  const auto value = base::find_integer(*json_, name);
  if (value && *value >= least && *value <= most) return *value;
  return wrong(name, "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<base::Time> StrictObject::time(std::string_view name) const {
  const std::string* found = base::find_string(*json_, name);
  if (found != nullptr) {
    const auto parsed = base::parse_rfc3339(*found);
    if (parsed && base::format_rfc3339(*parsed) == *found) return *parsed;
  }
  return wrong(name, "is not a time in UTC such as 2026-11-23T10:00:00Z");
}

Result<std::optional<base::Time>> StrictObject::time_or_none(std::string_view name) const {
  if (!has(name)) return std::optional<base::Time>();
  const auto value = time(name);
  if (!value) return value.error();
  return std::optional<base::Time>(*value);
}

Result<base::Digest> StrictObject::digest(std::string_view name) const {
  const std::string* found = base::find_string(*json_, name);
  if (found != nullptr) {
    if (auto parsed = base::Digest::parse(*found)) return *parsed;
  }
  return wrong(name, "is not sha256: followed by 64 lower-case hexadecimal digits");
}

Result<const Json*> StrictObject::array(std::string_view name, size_t most) const {
  if (!has(name)) return static_cast<const Json*>(nullptr);
  const Json* found = base::find_array(*json_, name);
  if (found == nullptr || found->empty()) return wrong(name, "is not a list with something in it");
  if (found->size() > most)
    return Error::refused("parse.limit",
                          place_of(name) + " has more than " + std::to_string(most) + " items");
  return found;
}

Result<const Json*> StrictObject::object(std::string_view name) const {
  const Json* found = base::find_object(*json_, name);
  if (found == nullptr) return wrong(name, "is not there, or is no object");
  return found;
}

bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || text.size() > 64 || !plain(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace gridseal::trust
