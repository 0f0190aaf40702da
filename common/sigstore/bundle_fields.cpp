#include "sigstore/bundle_fields.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Json;

const Json& empty_object() {
  static const Json value = Json::object();
  return value;
}

const Json& empty_list() {
  static const Json value = Json::array();
  return value;
}

// A decimal string without sign and without leading zeros.
std::optional<int64_t> decimal(const std::string& text) {
  if (text.empty() || text.size() > 19 || (text.size() > 1 && text.front() == '0') || text.front() == '-')
    return std::nullopt;
  int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Fields::Fields(const Json& object, std::string path, std::initializer_list<std::string_view> known,
               Document document)
    : object_(object.is_object() ? object : empty_object()), path_(std::move(path)), document_(document) {
  if (!object.is_object()) {
    fail(Error::refused(std::string(document_.code),
                        (path_.empty() ? std::string(document_.name) : path_) + " is not an object"));
    return;
  }
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::count(known, name) == 0) {
      fail_field(base::printable(name, 40), "is not known");
      return;
    }
  }
}

std::string Fields::text(std::string_view name) {
  const std::string* value = base::find_string(object_, name);
  if (value != nullptr) return *value;
  fail_field(name, "is missing or not a string");
  return {};
}

std::string Fields::bytes(std::string_view name) {
  std::string value = optional_bytes(name);
  if (value.empty()) fail_field(name, "is missing");
  return value;
}

std::string Fields::optional_bytes(std::string_view name) {
  if (!has(name)) return {};
  auto decoded = base::decode_base64(text(name), base::Base64::lenient);
  if (decoded) return std::move(*decoded);
  fail(std::move(decoded).error().with_context(complaint(name)));
  return {};
}

void Fields::check_payload(const std::optional<base::Result<uint64_t>>& size) {
  if (has("payload")) (void)text("payload");
  if (size && !*size) fail(Error(size->error()).with_context(complaint("payload")));
  if (!size || size->value_or(0) == 0) fail_field("payload", "is missing");
}

int64_t Fields::integer(std::string_view name) {
  if (!has(name)) {
    fail_field(name, "is missing");
    return 0;
  }
  return optional_integer(name);
}

int64_t Fields::optional_integer(std::string_view name) {
  if (!has(name)) return 0;
  const std::string* written = base::find_string(object_, name);
  const auto value = written != nullptr ? decimal(*written) : base::find_integer(object_, name);
  if (value && *value >= 0) return *value;
  fail_field(name, "is not a non-negative 64-bit integer");
  return 0;
}

const Json& Fields::object(std::string_view name) {
  const Json* value = base::find_object(object_, name);
  if (value != nullptr) return *value;
  fail_field(name, "is missing or not an object");
  return empty_object();
}

const Json& Fields::list(std::string_view name, size_t most) {
  if (!has(name)) return empty_list();
  const Json* value = base::find_array(object_, name);
  if (value == nullptr) {
    fail_field(name, "is not a list");
    return empty_list();
  }
  if (value->size() > most) {
    fail(Error::refused("parse.limit",
                        complaint(name) + " has more than " + std::to_string(most) + " elements"));
    return empty_list();
  }
  return *value;
}

void Fields::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

void Fields::absorb(const Fields& part) {
  if (part.error_) fail(*part.error_);
}

base::Result<void> Fields::result() const {
  if (error_) return *error_;
  return {};
}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void Fields::fail_field(std::string_view name, const std::string& why) {
  fail(Error::refused(std::string(document_.code), complaint(name) + " " + why));
}

std::string Fields::complaint(std::string_view name) const {
  return std::string(document_.name) + "'s member " + path_of(name);
}

}  // namespace gridseal::sigstore
