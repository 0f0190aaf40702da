#include "config/document.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"

namespace gridseal::config {

namespace {

Place place_of(const toml::source_region& region, const std::string& file) {
  return {file, region.begin.line, region.begin.column};
}

Value convert(const toml::node& node, const std::string& file);

Value convert_table(const toml::table& table, const std::string& file) {
  Value value;
  value.kind = Value::Kind::table;
  for (const auto& [key, node] : table) {
    value.members.push_back({std::string(key.str()), place_of(key.source(), file), convert(node, file)});
  }
  return value;
}

// toml++ bounds the depth (TOML_MAX_NESTED_VALUES), so the recursion is bounded too.
Value convert(const toml::node& node, const std::string& file) {
  Value value;
  if (const auto* table = node.as_table()) return convert_table(*table, file);
  if (const auto* array = node.as_array()) {
    value.kind = Value::Kind::array;
    for (const auto& item : *array) value.items.push_back(convert(item, file));
  } else if (const auto* text = node.as_string()) {
    value.kind = Value::Kind::string;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Value::Kind::integer;
    value.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Value::Kind::boolean;
    value.boolean = boolean->get();
  } else {
    value.kind = node.is_floating_point() ? Value::Kind::number : Value::Kind::time;
  }
  return value;
}

}  // namespace

const Member* Value::find(std::string_view name) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

std::string_view to_string(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::string:
      return "a string";
    case Value::Kind::integer:
      return "an integer";
    case Value::Kind::number:
      return "a number with a fraction";
    case Value::Kind::boolean:
      return "true or false";
    case Value::Kind::time:
      return "a date or time";
    case Value::Kind::array:
      return "a list";
    case Value::Kind::table:
      return "a table";
  }
  return "";
}

tl::expected<Value, Problem> parse_document(std::string_view text, const std::string& file) {
  if (text.size() > kMaxFileBytes) {
    return tl::unexpected(Problem{{file, 0, 0}, "", "is larger than 1 MiB"});
  }
  const toml::parse_result result = toml::parse(text);
  if (!result) {
    const auto& error = result.error();
    return tl::unexpected(Problem{place_of(error.source(), file), "",
                                  "not valid TOML: " + base::printable(error.description())});
  }
  return convert_table(result.table(), file);
}

void merge(Value& into, Value&& from, const std::string& path, std::vector<Problem>& problems) {
  for (auto& member : from.members) {
    const auto found = std::find_if(into.members.begin(), into.members.end(),
                                    [&](const Member& m) { return m.name == member.name; });
    if (found == into.members.end()) {
      into.members.push_back(std::move(member));
      continue;
    }
    const std::string key = path.empty() ? member.name : path + "." + member.name;
    if (found->value.kind == Value::Kind::table && member.value.kind == Value::Kind::table) {
      merge(found->value, std::move(member.value), key, problems);
    } else {
      problems.push_back(
          {member.place, key, "is set twice: it is set at " + found->place.to_string() + " already"});
    }
  }
  std::sort(into.members.begin(), into.members.end(),
            [](const Member& a, const Member& b) { return a.name < b.name; });
}

}  // namespace gridseal::config
