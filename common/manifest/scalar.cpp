#include "manifest/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/encoding.hpp"

namespace gridseal::manifest {
namespace {

constexpr std::string_view kPrefix = "tag:yaml.org,2002:";

template <size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<Json> resolve_word(std::string_view text) {
  static constexpr std::array<std::string_view, 11> kTrue = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                                             "True", "TRUE", "on",  "On",  "ON"};
  static constexpr std::array<std::string_view, 11> kFalse = {"n",     "N",     "no",  "No",  "NO", "false",
                                                              "False", "FALSE", "off", "Off", "OFF"};
  static constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 3> kNan = {".nan", ".NaN", ".NAN"};
  static constexpr std::array<std::string_view, 6> kInf = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
  static constexpr std::array<std::string_view, 3> kMinusInf = {"-.inf", "-.Inf", "-.INF"};
  if (one_of(text, kTrue)) return Json(true);
  if (one_of(text, kFalse)) return Json(false);
  if (one_of(text, kNull)) return Json(nullptr);
  if (one_of(text, kNan)) return Json(std::numeric_limits<double>::quiet_NaN());
  if (one_of(text, kInf)) return Json(std::numeric_limits<double>::infinity());
  if (one_of(text, kMinusInf)) return Json(-std::numeric_limits<double>::infinity());
  return std::nullopt;
}

template <class T>
bool parse_whole(std::string_view digits, int base, T& value) {
  if (digits.empty() || digits.front() == '-' || digits.front() == '+') return false;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  return result.ec == std::errc{} && result.ptr == digits.data() + digits.size();
}

int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  int base = 8;
  size_t skip = 1;
  switch (digits[1]) {
    case 'x':
    case 'X':
      base = 16, skip = 2;
      break;
    case 'o':
    case 'O':
      base = 8, skip = 2;
      break;
    case 'b':
    case 'B':
      base = 2, skip = 2;
      break;
    default:
      break;
  }
  digits.remove_prefix(skip);
  return base;
}

// Signed first, then unsigned, which takes no sign: "+9223372036854775808" is no integer.
std::optional<Json> resolve_integer(std::string_view text) {
  const bool has_sign = text.front() == '-' || text.front() == '+';
  const bool minus = text.front() == '-';
  std::string_view digits = has_sign ? text.substr(1) : text;
  const int base = take_base(digits);
  uint64_t value = 0;
  if (!parse_whole(digits, base, value)) return std::nullopt;
  constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (minus && value <= kMax + 1) return Json(static_cast<int64_t>(0 - value));
  if (value <= kMax) return Json(static_cast<int64_t>(value));
  return has_sign ? std::nullopt : std::optional<Json>(Json(value));
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool is_float(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const size_t whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// True when a float that from_chars calls out of range is too large, not too small.
bool overflows(std::string_view text) {
  const size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return text.find_first_of("123456789") < text.find('.');
  return text.substr(e + 1, 1) != "-";
}

std::optional<Json> resolve_float(std::string_view text) {
  if (!is_float(text)) return std::nullopt;
  std::string_view number = text;
  if (number.front() == '+') number.remove_prefix(1);
  double value = 0;
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (overflows(text)) return std::nullopt;
    value = number.front() == '-' ? -0.0 : 0.0;
  } else if (result.ec != std::errc{}) {
    return std::nullopt;
  }
  return Json(value);
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

bool underscores_between_digits(std::string_view text) {
  for (size_t at = text.find('_'); at != std::string_view::npos; at = text.find('_', at + 1)) {
    if (at == 0 || at + 1 >= text.size() || !is_digit(text[at - 1]) || !is_digit(text[at + 1])) return false;
  }
  return true;
}

bool is_day(std::string_view year, std::string_view month, std::string_view day) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int y = 0;
  int m = 0;
  int d = 0;
  if (month.size() > 2 || day.size() > 2 || year.size() != 4) return false;
  if (!parse_whole(year, 10, y) || !parse_whole(month, 10, m) || !parse_whole(day, 10, d)) return false;
  if (m < 1 || m > 12 || d < 1) return false;
  const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  return d <= kDays.at(static_cast<size_t>(m) - 1) + (m == 2 && leap ? 1 : 0);
}

// Only asked for an explicit !!timestamp, whose text is kept: a date, with or without a time behind it.
bool is_timestamp(std::string_view text) {
  const size_t first = text.find('-');
  const size_t second = first == std::string_view::npos ? first : text.find('-', first + 1);
  if (second == std::string_view::npos) return false;
  size_t end = second + 1;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (!is_day(text.substr(0, first), text.substr(first + 1, second - first - 1),
              text.substr(second + 1, end - second - 1)))
    return false;
  if (end == text.size()) return true;
  const std::string_view time = text.substr(end + 1);
  const bool separated = text[end] == 'T' || text[end] == 't' || text[end] == ' ';
  return separated && time.find_first_not_of("0123456789:.+-Z") == std::string_view::npos &&
         std::count(time.begin(), time.end(), ':') >= 2;
}

Json resolve_number(std::string_view text) {
  if (text.front() == '.') {
    if (!underscores_between_digits(text)) return Json(text);
    auto value = resolve_float(without_underscores(text));
    return value ? *value : Json(text);
  }
  const std::string plain = without_underscores(text);
  if (auto value = resolve_integer(plain)) return *value;
  if (auto value = resolve_float(plain)) return *value;
  return Json(text);
}

Json resolve_plain(std::string_view text) {
  if (auto word = resolve_word(text)) return *word;
  const char first = text.front();
  if (is_digit(first) || first == '+' || first == '-' || first == '.') return resolve_number(text);
  return Json(text);
}

base::Error mismatch(std::string_view text, std::string_view tag) {
  return base::Error::refused("manifest.yaml", "\"" + base::printable(text, 40) + "\" cannot be read as !!" +
                                                   std::string(tag.substr(kPrefix.size())));
}

// As Go's JSON writer does it: every byte that is not UTF-8 becomes U+FFFD.
std::string repaired(std::string_view bytes) {
  if (base::is_utf8(bytes)) return std::string(bytes);
  std::string out;
  while (!bytes.empty()) {
    size_t length = 1;
    while (length <= 4 && !base::is_utf8(bytes.substr(0, length))) ++length;
    const bool valid = length <= 4;
    out += valid ? bytes.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    bytes.remove_prefix(valid ? length : 1);
  }
  return out;
}

// Go's base64.StdEncoding: line ends are skipped, padding is required.
base::Result<Json> resolve_binary(std::string_view text) {
  std::string packed(text);
  packed.erase(std::remove_if(packed.begin(), packed.end(), [](char c) { return c == '\n' || c == '\r'; }),
               packed.end());
  auto bytes = base::decode_base64(packed);
  if (!bytes) return base::Error::refused("manifest.yaml", "a !!binary value is not base64");
  return Json(repaired(*bytes));
}

bool matches(const Json& value, std::string_view kind) {
  if (kind == "bool") return value.is_boolean();
  if (kind == "int") return value.is_number_integer();
  if (kind == "null") return value.is_null();
  return kind == "float" && value.is_number() &&
         !(value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{1} << 63U);
}

}  // namespace

base::Result<Json> resolve_scalar(std::string_view tag, std::string_view text) {
  if (tag.empty()) return resolve_plain(text);
  if (tag.substr(0, kPrefix.size()) != kPrefix) return Json(text);
  const std::string_view kind = tag.substr(kPrefix.size());
  if (kind == "binary") return resolve_binary(text);
  if (kind == "timestamp") return is_timestamp(text) ? base::Result<Json>(Json(text)) : mismatch(text, tag);
  if (kind != "bool" && kind != "int" && kind != "float" && kind != "null") return Json(text);
  Json value = resolve_plain(text);
  if (!matches(value, kind)) return mismatch(text, tag);
  return value;
}

namespace {

// A float as key, as Go prints it: strconv.FormatFloat(f, 'g', -1, 32).
std::string float_key(double number) {
  const auto value = static_cast<float>(number);
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value < 0 ? "-.inf" : ".inf";
  std::array<char, 64> buffer{};
  char* const end = buffer.data() + buffer.size();
  std::string text(buffer.data(),
                   std::to_chars(buffer.data(), end, value, std::chars_format::scientific).ptr);
  int exponent = 0;
  const char* digits = text.data() + text.find('e') + 1;
  std::from_chars(*digits == '+' ? digits + 1 : digits, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 6) return text;
  return {buffer.data(), std::to_chars(buffer.data(), end, value, std::chars_format::fixed).ptr};
}

}  // namespace

Json as_value(Json value) {
  if (!value.is_number_float()) return value;
  constexpr double kLimit = 9223372036854775808.0;
  const double number = value.get<double>();
  const bool minus_zero = number == 0 && std::signbit(number);
  if (number > -kLimit && number < kLimit && std::trunc(number) == number && !minus_zero)
    return static_cast<int64_t>(number);
  return value;
}

base::Result<std::string> key_text(const Json& key) {
  if (key.is_string()) return key.get<std::string>();
  if (key.is_boolean()) return std::string(key.get<bool>() ? "true" : "false");
  if (key.is_number_float()) return float_key(key.get<double>());
  if (key.is_number_integer()) {
    if (key.is_number_unsigned() &&
        key.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return base::Error::refused("manifest.yaml", "a number this large cannot be a key");
    return key.dump();
  }
  return base::Error::refused("manifest.yaml", "a key must be a string, a number or a bool");
}

}  // namespace gridseal::manifest
