#include "base/json.hpp"

#include <array>
#include <cstdio>
#include <set>
#include <utility>
#include <vector>

#include "base/encoding.hpp"

template class nlohmann::basic_json<>;

namespace gridseal::base {
namespace {

constexpr size_t kSpare = 4096;

// Builds the value and refuses what nlohmann's own builder would let pass: duplicates, depth, count.
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t& /*text*/) override { return add(v); }
  bool string(string_t& v) override {
    if (v.capacity() - v.size() > kSpare) v.shrink_to_fit();  // the reader's buffer doubles as it grows
    return add(std::move(v));
  }
  bool binary(binary_t& /*v*/) override { return fail("parse.json", "binary value"); }
  bool start_object(size_t /*n*/) override { return open(Json::object()); }
  bool start_array(size_t /*n*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Json& object = *stack_.back();
    if (object.contains(name))
      return fail("parse.duplicate_key", "the name '" + printable(name, 60) + "' occurs twice in one object");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*e*/) override {
    return fail("parse.json", "not well-formed JSON at byte " + std::to_string(position));
  }

  Json take() { return std::move(root_); }
  Error take_error() { return Error::refused(code_.empty() ? "parse.json" : code_, why_); }

 private:
  bool fail(std::string code, std::string why) {
    if (code_.empty()) {
      code_ = std::move(code);
      why_ = std::move(why);
    }
    return false;
  }

  Json* place(Json&& value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[key_] = std::move(value));
  }

  bool count() {
    if (++values_ > limits_.max_values)
      return fail("parse.limit", "more than " + std::to_string(limits_.max_values) + " JSON values");
    return true;
  }

  bool add(Json&& value) {
    if (!count()) return false;
    place(std::move(value));
    return true;
  }

  bool open(Json&& value) {
    if (!count()) return false;
    if (stack_.size() >= limits_.max_depth)
      return fail("parse.limit", "JSON nested deeper than " + std::to_string(limits_.max_depth));
    stack_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  Json root_;
  std::vector<Json*> stack_;
  std::string key_;
  size_t values_ = 0;
  std::string code_;
  std::string why_;
};

// The escape of the character that begins `rest`, and its length there; 0 when it needs none. `rest` is valid
// UTF-8.
std::pair<std::string_view, size_t> yaml_escape(std::string_view rest, std::array<char, 7>& buffer) {
  uint32_t character = 0;
  size_t length = 0;
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(rest[at]); };
  if (byte(0) == 0x7F) {
    character = 0x7F;
    length = 1;
  } else if (byte(0) == 0xC2 && byte(1) < 0xA0) {
    character = byte(1);
    length = 2;
  } else if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
    character = 0x2000U | (byte(2) & 0x3FU);
    length = 3;
  } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
    character = 0xFFC0U | (byte(2) & 0x3FU);
    length = 3;
  }
  if (length == 0) return {};
  (void)std::snprintf(buffer.data(), buffer.size(), "\\u%04x", character);
  return {buffer.data(), length};
}

// Such characters stand in strings only, where an escape means the same.
std::string escape_for_yaml(std::string text) {
  constexpr std::string_view kLeads = "\x7F\xC2\xE2\xEF";
  size_t at = text.find_first_of(kLeads);
  if (at == std::string::npos) return text;
  std::string out;
  std::array<char, 7> buffer{};
  size_t copied = 0;
  for (; at != std::string::npos; at = text.find_first_of(kLeads, at)) {
    const auto [escape, length] = yaml_escape(std::string_view(text).substr(at), buffer);
    if (length == 0) {
      ++at;
      continue;
    }
    out.append(text, copied, at - copied).append(escape);
    at += length;
    copied = at;
  }
  if (copied == 0) return text;
  return out.append(text, copied);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return Error::refused("parse.limit", "JSON text of " + std::to_string(text.size()) + " bytes; at most " +
                                             std::to_string(limits.max_bytes) + " are read");
  }
  if (!is_utf8(text)) return Error::refused("parse.json", "the JSON text is not valid UTF-8");
  // The parser below takes a NUL for the end and would not see what follows it.
  if (text.find('\0') != std::string_view::npos)
    return Error::refused("parse.json", "the JSON text contains a NUL byte");
  if (text.starts_with("\xEF\xBB\xBF"))
    return Error::refused("parse.json", "the JSON text begins with a byte order mark");
  StrictBuilder builder(limits);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return builder.take_error();
  return builder.take();
}

const Json* find_member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

const std::string* find_string(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member == nullptr ? nullptr : member->get_ptr<const std::string*>();
}

std::optional<int64_t> find_integer(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  if (member == nullptr || !member->is_number_integer()) return std::nullopt;
  if (member->is_number_unsigned() && member->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  return member->get<int64_t>();
}

const Json* find_object(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_object() ? member : nullptr;
}

const Json* find_array(const Json& object, std::string_view name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_array() ? member : nullptr;
}

std::string dump_json(const Json& value) {
  return escape_for_yaml(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string dump_json_pretty(const Json& value) {
  return escape_for_yaml(value.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace gridseal::base
