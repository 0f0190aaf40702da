#include "kubesim/yaml.hpp"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <memory>

namespace gridseal::kubesim {

namespace {

constexpr const char* kPrefix = "error decoding YAML: error converting YAML to JSON: yaml: ";

Failure yaml_error(const std::string& what) {
  return bad_request(kPrefix + what);
}

// Plain scalars as YAML 1.1 reads them: yes and on are booleans, 010 is eight, 1_000 a number (026).
Json plain_number(const std::string& text) {
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;
  }
  const bool negative = digits.starts_with('-');
  std::string body = negative || digits.starts_with('+') ? digits.substr(1) : digits;
  if (body.empty()) return nullptr;
  int base = 10;
  std::size_t skip = 0;
  if (body.starts_with("0x"))
    base = 16, skip = 2;
  else if (body.starts_with("0b"))
    base = 2, skip = 2;
  else if (body.starts_with("0o"))
    base = 8, skip = 2;
  else if (body.size() > 1 && body[0] == '0' && std::all_of(body.begin(), body.end(), [](char c) {
             return std::isdigit(static_cast<unsigned char>(c)) != 0;
           }))
    base = 8, skip = 1;
  std::size_t used = 0;
  try {
    const long long value = std::stoll(body.substr(skip), &used, base);
    if (used + skip == body.size() && body[skip] != '-' && body[skip] != '+')
      return negative ? -value : value;
  } catch (const std::exception&) {
    used = 0;
  }
  if (std::isdigit(static_cast<unsigned char>(body[0])) == 0 && body[0] != '.') return nullptr;
  if (body.find_first_not_of("0123456789.eE+-") != std::string::npos) return nullptr;
  try {
    const double value = std::stod(body, &used);
    if (used == body.size()) {
      const double signed_value = negative ? -value : value;
      if (std::floor(signed_value) == signed_value && std::fabs(signed_value) < 9e15 &&
          body.find_first_of("eE.") != std::string::npos) {
        return static_cast<std::int64_t>(signed_value);
      }
      return signed_value;
    }
  } catch (const std::exception&) {
    return nullptr;
  }
  return nullptr;
}

Json plain_scalar(const std::string& text) {
  static const std::array<const char*, 11> kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES",
                                                    "on",   "On",   "ON",   "y",   "Y"};
  static const std::array<const char*, 11> kFalse = {"false", "False", "FALSE", "no", "No", "NO",
                                                     "off",   "Off",   "OFF",   "n",  "N"};
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) return false;
  Json value = plain_number(text);
  return value.is_null() ? Json(text) : value;
}

struct Closer {
  void operator()(yaml_parser_t* parser) const {
    yaml_parser_delete(parser);
    delete parser;
  }
};

class Reader {
 public:
  explicit Reader(const std::string& body) : parser_(new yaml_parser_t) {
    yaml_parser_initialize(parser_.get());
    yaml_parser_set_input_string(parser_.get(), reinterpret_cast<const unsigned char*>(body.data()),
                                 body.size());
  }

  Outcome<ParsedYaml> run() {
    yaml_event_t event;
    if (!next(event)) return tl::unexpected(failed());
    yaml_event_delete(&event);  // stream start
    if (!next(event)) return tl::unexpected(failed());
    const bool empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);  // document start
    ParsedYaml out;
    if (empty) return out;
    if (!next(event)) return tl::unexpected(failed());
    if (!node(event, out.value)) return tl::unexpected(failed());
    if (next(event))
      yaml_event_delete(&event);
    else
      return tl::unexpected(failed());
    out.duplicates = std::move(duplicates_);
    return out;
  }

 private:
  bool next(yaml_event_t& event) { return yaml_parser_parse(parser_.get(), &event) == 1; }

  Failure failed() const {
    if (!problem_.empty()) return yaml_error(problem_);
    const yaml_parser_t& p = *parser_;
    std::string what = p.problem != nullptr ? p.problem : "unknown problem parsing YAML content";
    if (what == "did not find expected ',' or '}'" || what == "found unexpected end of stream") what = what;
    const bool reader = p.error == YAML_READER_ERROR;
    if (reader) return yaml_error(what);
    if (what.find("Unicode character escape") != std::string::npos) return yaml_error(what);
    std::size_t line = p.problem_mark.line;
    if (p.error == YAML_SCANNER_ERROR) ++line;
    if (line == 0) line = 1;
    return yaml_error("line " + std::to_string(line) + ": " + what);
  }

  bool node(yaml_event_t& event, Json& out) {
    const yaml_event_type_t type = event.type;
    if (type == YAML_SCALAR_EVENT) {
      const std::string text(reinterpret_cast<char*>(event.data.scalar.value), event.data.scalar.length);
      const bool plain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
      const std::string tag = word(event.data.scalar.tag);
      out = plain && tag != "tag:yaml.org,2002:str" ? plain_scalar(text) : Json(text);
      remember(word(event.data.scalar.anchor), out);
      yaml_event_delete(&event);
      return true;
    }
    std::string anchor;
    if (type == YAML_ALIAS_EVENT) anchor = word(event.data.alias.anchor);
    if (type == YAML_MAPPING_START_EVENT) anchor = word(event.data.mapping_start.anchor);
    if (type == YAML_SEQUENCE_START_EVENT) anchor = word(event.data.sequence_start.anchor);
    yaml_event_delete(&event);
    if (type == YAML_ALIAS_EVENT) return alias(anchor, out);
    if (++depth_ > 100) {
      problem_ = "exceeded max depth";
      return false;
    }
    const bool ok = type == YAML_SEQUENCE_START_EVENT ? sequence(out) : mapping(out);
    if (ok) remember(anchor, out);
    --depth_;
    return ok;
  }

  static std::string word(const yaml_char_t* text) {
    return text == nullptr ? "" : reinterpret_cast<const char*>(text);
  }

  void remember(const std::string& anchor, const Json& value) {
    if (!anchor.empty()) anchors_[anchor] = value;
  }

  bool alias(const std::string& anchor, Json& out) {
    auto it = anchors_.find(anchor);
    if (it == anchors_.end() || ++aliases_ > 100) {
      problem_ = "unknown anchor '" + anchor + "' referenced";
      return false;
    }
    out = it->second;
    return true;
  }

  bool sequence(Json& out) {
    out = Json::array();
    yaml_event_t event;
    while (next(event)) {
      if (event.type == YAML_SEQUENCE_END_EVENT) {
        yaml_event_delete(&event);
        return true;
      }
      Json item;
      if (!node(event, item)) return false;
      out.push_back(std::move(item));
    }
    return false;
  }

  bool mapping(Json& out) {
    out = Json::object();
    yaml_event_t event;
    while (next(event)) {
      if (event.type == YAML_MAPPING_END_EVENT) {
        yaml_event_delete(&event);
        return true;
      }
      const std::size_t line = event.start_mark.line + 1;
      Json key;
      if (!node(event, key)) return false;
      const std::string name = key.is_string() ? key.get<std::string>() : compact(key);
      if (out.contains(name))
        duplicates_.push_back("line " + std::to_string(line) + ": key \"" + name + "\" already set in map");
      Json value;
      if (!next(event) || !node(event, value)) return false;
      out[name] = std::move(value);
    }
    return false;
  }

  std::unique_ptr<yaml_parser_t, Closer> parser_;
  std::vector<std::string> duplicates_;
  std::string problem_;
  std::map<std::string, Json> anchors_;
  int aliases_ = 0;
  int depth_ = 0;
};

// 026: `\/` is JSON but no YAML for the server's reader.
bool has_slash_escape(const std::string& body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || body[first] != '{') return false;
  bool quoted = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '"') quoted = !quoted;
    if (body[i] != '\\' || !quoted) continue;
    if (i + 1 < body.size() && body[i + 1] == '/') return true;
    ++i;
  }
  return false;
}

}  // namespace

Outcome<ParsedYaml> parse_yaml(const std::string& sent) {
  // 026: a byte order mark is no part of it.
  const std::string body = sent.starts_with("\xef\xbb\xbf") ? sent.substr(3) : sent;
  if (has_slash_escape(body)) return tl::unexpected(yaml_error("found unknown escape character"));
  auto parsed = Reader(body).run();
  if (!parsed) return parsed;
  if (!parsed->value.is_object() && !parsed->value.is_null()) {
    const char* what = parsed->value.is_array()     ? "array"
                       : parsed->value.is_string()  ? "string"
                       : parsed->value.is_boolean() ? "bool"
                                                    : "number";
    return tl::unexpected(bad_request(
        std::string(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ") +
        what + " into Go value of type map[string]interface {}"));
  }
  return parsed;
}

}  // namespace gridseal::kubesim
