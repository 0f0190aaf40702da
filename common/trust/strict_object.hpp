// One JSON object of a format of our own: every member is known, typed and bounded (internal to trust).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace gridseal::trust {

inline constexpr size_t kMaxReason = 200;

class StrictObject {
 public:
  // `where` names it in errors, which carry `code` (refused). `json` must outlive this. A member that is
  // null, or not one of `members`, is an error.
  static base::Result<StrictObject> open(const base::Json& json, std::string where, const std::string& code,
                                         std::initializer_list<std::string_view> members);

  bool has(std::string_view name) const { return json_->contains(name); }
  // Not empty, at most `max` bytes, nothing in it that a terminal would not print; line breaks only where
  // `lines` says so.
  base::Result<std::string> text(std::string_view name, size_t max, bool lines = false) const;
  base::Result<std::string> text_or_empty(std::string_view name, size_t max) const;
  base::Result<int64_t> integer(std::string_view name, int64_t least, int64_t most) const;
  base::Result<base::Time> time(std::string_view name) const;
  base::Result<std::optional<base::Time>> time_or_none(std::string_view name) const;
  base::Result<base::Digest> digest(std::string_view name) const;
  // The array, nullptr when absent; an empty one is an error, so is one of more than `most` items
  // (parse.limit).
  base::Result<const base::Json*> array(std::string_view name, size_t most) const;
  base::Result<const base::Json*> object(std::string_view name) const;  // must be there

  base::Error wrong(std::string_view name, const std::string& why) const;
  std::string place_of(std::string_view name) const;

 private:
  StrictObject(const base::Json& json, std::string where, std::string code)
      : json_(&json), where_(std::move(where)), code_(std::move(code)) {}

  const base::Json* json_;
  std::string where_;
  std::string code_;
};

// Letters, digits, '.', '_' and '-'; at most 64 bytes, beginning with a letter or digit.
bool is_name(std::string_view text);

}  // namespace gridseal::trust
