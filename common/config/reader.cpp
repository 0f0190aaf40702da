#include "config/reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "base/encoding.hpp"
#include "config/checks.hpp"

namespace gridseal::config {

namespace {

constexpr std::string_view kCredential = "credential:";
constexpr size_t kMaxListItems = 1000;
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kFirstFailures{"remove", "leave"};
constexpr std::array<std::string_view, 3> kOnUntrusted{"hold", "keep", "stop"};  // as the enum
constexpr std::array<std::string_view, 3> kDrift{"correct", "report", "off"};    // as the enum

std::string wrong_kind(std::string_view wanted, const Value& value) {
  return "must be " + std::string(wanted) + ", not " + std::string(to_string(value.kind));
}

std::string in_quotes(std::string_view text) {
  return "\"" + base::printable(text, 60) + "\"";
}

// The index of one of a few words.
std::string read_word(const Value& value, std::span<const std::string_view> words, size_t& index) {
  if (value.kind != Value::Kind::string) return wrong_kind("a string", value);
  const auto found = std::find(words.begin(), words.end(), value.text);
  if (found == words.end()) {
    std::string list;
    for (const auto word : words) list.append(list.empty() ? "" : ", ").append(in_quotes(word));
    return in_quotes(value.text) + " is not one of " + list;
  }
  index = static_cast<size_t>(found - words.begin());
  return {};
}

bool is_bare_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// A TOML basic string.
std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append("\\u00").append(base::encode_hex(std::string_view(&c, 1)));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

// --- reading ----------------------------------------------------------------------------------------------

std::string Reader::read(const Value& value, const Rule& rule, std::string& out) {
  if (value.kind != Value::Kind::string) return wrong_kind("a string", value);
  if (value.text.find('\0') != std::string::npos) return "must not hold a zero byte";
  if (rule.check != nullptr && !rule.is_default) {
    // A text with '@' may hold a password, and is not repeated.
    const bool secret = value.text.find('@') != std::string::npos;
    if (auto wrong = rule.check(value.text); !wrong.empty()) {
      return secret ? wrong : in_quotes(value.text) + " " + wrong;
    }
  }
  out = value.text;
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, bool& out) {
  if (value.kind != Value::Kind::boolean) return wrong_kind("true or false", value);
  out = value.boolean;
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, int64_t& out) {
  if (value.kind != Value::Kind::integer) return wrong_kind("an integer", value);
  if (value.integer < rule.range.least || value.integer > rule.range.most) {
    return "must be from " + std::to_string(rule.range.least) + " to " + std::to_string(rule.range.most);
  }
  out = value.integer;
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, uint64_t& out) {
  if (value.kind != Value::Kind::string) return wrong_kind("a size such as \"256MiB\"", value);
  auto size = parse_size(value.text);
  if (!size) return in_quotes(value.text) + " is not a size such as \"256MiB\"";
  if (*size < static_cast<uint64_t>(rule.range.least) || *size > static_cast<uint64_t>(rule.range.most)) {
    return "must be from " + std::to_string(rule.range.least) + " to " + std::to_string(rule.range.most) +
           " bytes";
  }
  out = *size;
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, base::milliseconds& out) {
  if (value.kind != Value::Kind::string) return wrong_kind("a duration such as \"5m\"", value);
  auto duration = base::parse_duration(value.text);
  if (!duration) return in_quotes(value.text) + " is not a duration such as \"30s\", \"5m\" or \"1h30m\"";
  if (duration->count() < rule.range.least || duration->count() > rule.range.most) {
    return "must be from " + base::format_duration(base::milliseconds(rule.range.least)) + " to " +
           base::format_duration(base::milliseconds(rule.range.most));
  }
  out = *duration;
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, TextList& out) {
  // One string is a list of one.
  const std::vector<Value> single(value.kind == Value::Kind::string ? 1 : 0, value);
  const auto& items = single.empty() ? value.items : single;
  if (single.empty() && value.kind != Value::Kind::array) return wrong_kind("a list of strings", value);
  if (items.size() > kMaxListItems) return "has more than 1000 items";
  if (items.empty() && rule.required) return "must not be empty";
  TextList list;
  for (const auto& item : items) {
    std::string text;
    if (auto wrong = read(item, rule, text); !wrong.empty()) return wrong;
    list.push_back(std::move(text));
  }
  out = std::move(list);
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, TextMap& out) {
  if (value.kind != Value::Kind::table) return wrong_kind("a table of strings", value);
  if (value.members.size() > kMaxListItems) return "has more than 1000 entries";
  TextMap map;
  for (const auto& member : value.members) {
    if (auto wrong = rule.check != nullptr ? rule.check(member.name) : ""; !wrong.empty()) {
      return in_quotes(member.name) + " " + wrong;
    }
    if (member.value.kind != Value::Kind::string) {
      return in_quotes(member.name) + " " + wrong_kind("a string", member.value);
    }
    map[member.name] = member.value.text;
  }
  out = std::move(map);
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, FirstFailure& out) {
  size_t index = 0;
  if (auto wrong = read_word(value, kFirstFailures, index); !wrong.empty()) return wrong;
  out = index == 0 ? FirstFailure::remove : FirstFailure::leave;
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, OnUntrusted& out) {
  size_t index = 0;
  if (auto wrong = read_word(value, kOnUntrusted, index); !wrong.empty()) return wrong;
  out = static_cast<OnUntrusted>(index);
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, Drift& out) {
  size_t index = 0;
  if (auto wrong = read_word(value, kDrift, index); !wrong.empty()) return wrong;
  out = static_cast<Drift>(index);
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, base::Level& out) {
  static constexpr std::array kValues{base::Level::debug, base::Level::info, base::Level::warning,
                                      base::Level::error};
  size_t index = 0;
  if (auto wrong = read_word(value, kLevels, index); !wrong.empty()) return wrong;
  out = kValues.at(index);
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, std::optional<bool>& out) {
  bool flag = false;
  if (auto wrong = read(value, rule, flag); !wrong.empty()) return wrong;
  out = flag;
  return {};
}

std::string Reader::read(const Value& value, const Rule& /*rule*/, std::optional<Scalar>& out) {
  switch (value.kind) {
    case Value::Kind::string:
      out = value.text;
      return {};
    case Value::Kind::integer:
      out = value.integer;
      return {};
    case Value::Kind::boolean:
      out = value.boolean;
      return {};
    case Value::Kind::number:
      if (!std::isfinite(value.number)) return "must be a number";
      out = value.number;
      return {};
    default:
      return wrong_kind("a string, a number, true or false", value);
  }
}

std::string Reader::read(const Value& value, const Rule& rule, ScalarList& out) {
  if (value.kind != Value::Kind::array) return wrong_kind("a list", value);
  if (value.items.size() > kMaxListItems) return "has more than 1000 items";
  ScalarList list;
  for (const auto& item : value.items) {
    std::optional<Scalar> one;
    if (auto wrong = read(item, rule, one); !wrong.empty()) return "each item " + wrong;
    list.push_back(std::move(*one));
  }
  out = std::move(list);
  return {};
}

std::string Reader::read(const Value& value, const Rule& rule, SecretSource& out) const {
  std::string text;
  if (auto wrong = read(value, rule, text); !wrong.empty()) return wrong;
  if (text.empty()) {
    out = {};
  } else if (text.starts_with(kCredential)) {
    const std::string name = text.substr(kCredential.size());
    if (name.empty() || name.find('/') != std::string::npos) return "names no systemd credential";
    out = {SecretSource::Kind::credential, name};
  } else {
    // The text itself is not repeated: it may be the secret.
    if (text.find('/') == std::string::npos && text.find(':') != std::string::npos) {
      return "must be a file or \"credential:NAME\", not the secret itself";
    }
    out = {SecretSource::Kind::file, absolute(text)};
  }
  return {};
}

Value Reader::default_value(std::string_view toml) {
  if (toml.empty()) return {};
  auto document = parse_document("v = " + std::string(toml), "");
  return document && document->find("v") != nullptr ? document->find("v")->value : Value();
}

std::string Reader::absolute(const std::string& path) const {
  if (path.empty() || path.front() == '/') return path;
  return directory_ + "/" + path;
}

// --- writing ----------------------------------------------------------------------------------------------

std::string Reader::toml(const std::string& value) {
  return toml_text(value);
}
std::string Reader::toml(bool value) {
  return value ? "true" : "false";
}
std::string Reader::toml(int64_t value) {
  return std::to_string(value);
}

std::string Reader::toml(uint64_t value) {
  static constexpr std::array<std::string_view, 5> kUnits{"", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (value != 0 && value % 1024 == 0 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return toml_text(std::to_string(value).append(kUnits.at(unit)));
}

// As format_duration, but in Go's syntax, which has no days.
std::string Reader::toml(base::milliseconds value) {
  const auto all = value.count();
  std::string text;
  if (all >= 3600000) text += std::to_string(all / 3600000) + "h";
  if (all / 60000 % 60 != 0) text += std::to_string(all / 60000 % 60) + "m";
  if (all / 1000 % 60 != 0) text += std::to_string(all / 1000 % 60) + "s";
  if (all % 1000 != 0) text += std::to_string(all % 1000) + "ms";
  return toml_text(text.empty() ? "0s" : text);
}

std::string Reader::toml(const TextList& value) {
  std::string out = "[";
  for (const auto& item : value) out.append(out.size() > 1 ? ", " : "").append(toml_text(item));
  return out + "]";
}

std::string Reader::toml(const TextMap& value) {
  std::string out = "{";
  for (const auto& [name, text] : value) {
    out.append(out.size() > 1 ? ", " : " ").append(is_bare_key(name) ? name : toml_text(name));
    out.append(" = ").append(toml_text(text));
  }
  return out + (value.empty() ? "}" : " }");
}

std::string Reader::toml(const SecretSource& value) {
  if (value.kind == SecretSource::Kind::credential) return toml_text(std::string(kCredential) + value.name);
  return toml_text(value.name);
}

std::string Reader::toml(FirstFailure value) {
  return toml_text(kFirstFailures.at(value == FirstFailure::remove ? 0 : 1));
}

std::string Reader::toml(OnUntrusted value) {
  return toml_text(kOnUntrusted.at(static_cast<size_t>(value)));
}

std::string Reader::toml(Drift value) {
  return toml_text(kDrift.at(static_cast<size_t>(value)));
}

std::string Reader::toml(base::Level value) {
  return toml_text(kLevels.at(static_cast<size_t>(value)));
}

std::string Reader::toml(const Scalar& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return toml_text(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return toml(*flag);
  if (const auto* integer = std::get_if<int64_t>(&value)) return toml(*integer);
  std::ostringstream out;
  out << std::setprecision(17) << std::get<double>(value);
  const std::string text = out.str();
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string Reader::toml(const std::optional<bool>& value) {
  return value ? toml(*value) : toml_text("");
}

std::string Reader::toml(const std::optional<Scalar>& value) {
  return value ? toml(*value) : toml_text("");
}

std::string Reader::toml(const ScalarList& value) {
  std::string out = "[";
  for (const auto& item : value) out.append(out.size() > 1 ? ", " : "").append(toml(item));
  return out + "]";
}

// --- the rest ---------------------------------------------------------------------------------------------

void Reader::problem(const Place& place, std::string key, std::string message) {
  problems.push_back({place, std::move(key), std::move(message)});
}

void Reader::missing(const Place& place, std::string key, const std::string& more) {
  problems.push_back({place, std::move(key), "is missing" + more, true});
}

void Reader::note(const std::string& path, std::string_view key, const Member* found, std::string value) {
  Effective effective_value{path, std::string(key), std::move(value), std::nullopt};
  if (found != nullptr) effective_value.place = found->place;
  effective.push_back(std::move(effective_value));
}

void Reader::derive(const std::string& section, std::string_view key, const std::string& value) {
  for (auto& entry : effective) {
    if (entry.section == section && entry.key == key) entry.value = value;
  }
}

Place Reader::place_of(const std::string& section, std::string_view key, const Member* table) const {
  for (const auto& entry : effective) {
    if (entry.section == section && entry.key == key && entry.place) return *entry.place;
  }
  return table != nullptr ? table->place : Place();
}

void Reader::refuse_unknown(const std::string& path, const Member* table,
                            const std::vector<std::string>& known) {
  if (table == nullptr) return;
  for (const auto& member : table->value.members) {
    if (std::find(known.begin(), known.end(), member.name) != known.end()) continue;
    const std::string near = nearest(member.name, known);
    const std::string name = base::printable(member.name, 80);
    problem(member.place, path.empty() ? name : std::string(path).append(".").append(name),
            near.empty() ? "unknown key" : "unknown key; did you mean \"" + near + "\"?");
  }
}

const Member* Reader::as_table(const std::string& path, const Member* member) {
  if (member == nullptr || member->value.kind == Value::Kind::table) return member;
  problem(member->place, path, wrong_kind("a table", member->value));
  return nullptr;
}

std::vector<Member> Reader::as_tables(const std::string& path, const Member* member) {
  std::vector<Member> tables;
  if (member == nullptr) return tables;
  const Value& list = member->value;
  const auto is_table = [](const Value& item) { return item.kind == Value::Kind::table; };
  if (list.kind != Value::Kind::array || !std::all_of(list.items.begin(), list.items.end(), is_table)) {
    problem(member->place, path, "must be a list of tables, written [[" + path + "]]");
  } else if (list.items.empty()) {
    problem(member->place, path, "must not be empty");
  } else if (list.items.size() > kMaxListItems) {
    problem(member->place, path, "has more than 1000 entries");
  } else {
    for (size_t i = 0; i < list.items.size(); ++i) {
      tables.push_back({path + "[" + std::to_string(i + 1) + "]", list.places[i], list.items[i]});
    }
  }
  return tables;
}

}  // namespace gridseal::config
