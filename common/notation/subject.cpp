#include "notation/subject.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/encoding.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;

struct NamedType {
  std::string_view name;
  std::string_view oid;
};

constexpr std::string_view kCountry = "2.5.4.6";
constexpr std::string_view kState = "2.5.4.8";
constexpr std::string_view kOrganization = "2.5.4.10";

constexpr std::array<NamedType, 12> kTypes = {{{"C", kCountry},
                                               {"ST", kState},
                                               {"S", kState},
                                               {"L", "2.5.4.7"},
                                               {"O", kOrganization},
                                               {"OU", "2.5.4.11"},
                                               {"CN", "2.5.4.3"},
                                               {"STREET", "2.5.4.9"},
                                               {"POSTALCODE", "2.5.4.17"},
                                               {"SERIALNUMBER", "2.5.4.5"},
                                               {"DC", "0.9.2342.19200300.100.1.25"},
                                               {"UID", "0.9.2342.19200300.100.1.1"}}};

constexpr std::string_view kEscapable = "\\,;+\"<>=# ";

Error identity_error(std::string_view identity, std::string_view what) {
  return Error::refused("notary.policy", "the trusted identity '" + base::printable(identity) +
                                             "' is refused: " + std::string(what));
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::toupper(x) == std::toupper(y); });
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_dotted(std::string_view text) {
  bool last_was_digit = false;
  bool dot = false;
  for (const char c : text) {
    if (c != '.' && !is_digit(c)) return false;
    if (c == '.' && !last_was_digit) return false;
    last_was_digit = c != '.';
    dot = dot || c == '.';
  }
  return dot && last_was_digit;
}

std::optional<std::string> oid_of(std::string_view type) {
  if (is_dotted(type)) return std::string(type);
  for (const NamedType& known : kTypes)
    if (equal_ignoring_case(known.name, type)) return std::string(known.oid);
  return std::nullopt;
}

// RFC 4514 section 3, one attribute after the other.
class NameParser {
 public:
  explicit NameParser(std::string_view text) : text_(text), rest_(text) {}

  Result<std::vector<SubjectAttribute>> attributes() {
    std::vector<SubjectAttribute> all;
    while (true) {
      auto type = read_type();
      if (!type) return std::move(type).error();
      auto value = read_value();
      if (!value) return std::move(value).error();
      for (const SubjectAttribute& other : all)
        if (other.type == *type) return identity_error(text_, "an attribute stands there twice");
      all.push_back({std::move(*type), std::move(*value)});
      if (rest_.empty()) return all;
      rest_.remove_prefix(1);  // the comma
    }
  }

 private:
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }

  Result<std::string> read_type() {
    skip_spaces();
    const size_t equals = rest_.find('=');
    if (equals == std::string_view::npos)
      return identity_error(text_, "it is not a comma-separated list of type=value");
    std::string_view type = rest_.substr(0, equals);
    while (type.ends_with(' ')) type.remove_suffix(1);
    rest_.remove_prefix(equals + 1);
    auto oid = oid_of(type);
    if (!oid) {
      return identity_error(
          text_, "the attribute type '" + base::printable(type, 40) +
                     "' is not known; known are C, ST, L, O, OU, CN, STREET, POSTALCODE, SERIALNUMBER, DC, "
                     "UID and dotted object identifiers");
    }
    return std::move(*oid);
  }

  // Up to the next comma that is not escaped. Spaces around a value do not belong to it unless escaped.
  Result<std::string> read_value() {
    skip_spaces();
    if (rest_.starts_with('#')) return identity_error(text_, "values in hexadecimal form are not supported");
    std::string value;
    size_t kept = 0;  // bytes that may not be trimmed
    while (!rest_.empty() && rest_.front() != ',') {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        auto unescaped = read_escape();
        if (!unescaped) return std::move(unescaped).error();
        value.push_back(*unescaped);
        kept = value.size();
        continue;
      }
      if (c == '+') return identity_error(text_, "several attributes joined by '+' are not supported");
      if (c == ';' || c == '"' || c == '<' || c == '>' || static_cast<unsigned char>(c) < 0x20)
        return identity_error(text_, "a character stands there that must be escaped with '\\'");
      value.push_back(c);
      if (c != ' ') kept = value.size();
    }
    value.resize(kept);
    if (value.empty()) return identity_error(text_, "a value is empty");
    if (!base::is_utf8(value)) return identity_error(text_, "a value is not UTF-8");
    return value;
  }

  Result<char> read_escape() {
    if (!rest_.empty() && kEscapable.find(rest_.front()) != std::string_view::npos) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      return c;
    }
    const auto byte = base::decode_hex(rest_.substr(0, 2));
    if (rest_.size() < 2 || !byte || *byte == std::string(1, '\0'))
      return identity_error(text_, "a '\\' escapes nothing");
    rest_.remove_prefix(2);
    return byte->front();
  }

  std::string_view text_;
  std::string_view rest_;
};

bool has_all(const std::vector<SubjectAttribute>& all, const std::vector<SubjectAttribute>& some) {
  return std::ranges::all_of(
      some, [&](const SubjectAttribute& one) { return std::ranges::find(all, one) != all.end(); });
}

}  // namespace

Result<SubjectPattern> parse_subject_pattern(std::string_view text) {
  SubjectPattern pattern;
  pattern.text = text;
  auto attributes = NameParser(text).attributes();
  if (!attributes) return std::move(attributes).error();
  pattern.attributes = std::move(*attributes);
  for (const std::string_view type : {kCountry, kState, kOrganization}) {
    if (std::ranges::find(pattern.attributes, type, &SubjectAttribute::type) == pattern.attributes.end())
      return identity_error(text, "C, ST and O must all be named");
  }
  return pattern;
}

bool matches(const SubjectPattern& pattern, const std::vector<SubjectAttribute>& subject) {
  return std::ranges::all_of(pattern.attributes, [&](const SubjectAttribute& wanted) {
    return std::ranges::count(subject, wanted.type, &SubjectAttribute::type) == 1 &&
           std::ranges::find(subject, wanted) != subject.end();
  });
}

bool overlap(const SubjectPattern& a, const SubjectPattern& b) {
  return has_all(a.attributes, b.attributes) || has_all(b.attributes, a.attributes);
}

}  // namespace gridseal::notation
