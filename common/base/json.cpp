#include "base/json.hpp"

#include <set>
#include <vector>

#include "base/encoding.hpp"

namespace gridseal::base {
namespace {

// Builds the value and refuses what nlohmann's own builder would let pass: duplicates, depth, count.
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(const JsonLimits& limits) : limits_(limits) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t& /*text*/) override { return add(v); }
  bool string(string_t& v) override { return add(std::move(v)); }
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
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_json_pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gridseal::base
