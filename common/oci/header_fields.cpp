#include "oci/header_fields.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gridseal::oci {
namespace {

constexpr size_t kMaxField = 16 * 1024;
constexpr size_t kMaxParameters = 32;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// RFC 9110 section 5.6.2.
bool is_token_char(char c) {
  const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alnum || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  void skip_commas() {
    while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == ',')) rest_.remove_prefix(1);
  }
  bool eat(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool done() const { return rest_.empty(); }

  std::string_view token() {
    size_t n = 0;
    while (n < rest_.size() && is_token_char(rest_[n])) ++n;
    const auto text = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return text;
  }

  std::optional<std::string_view> until(char c) {
    const size_t at = rest_.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    const auto text = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return text;
  }

  // A token or a quoted string.
  std::optional<std::string> value() {
    if (!eat('"')) {
      const auto text = token();
      return text.empty() ? std::nullopt : std::optional<std::string>(text);
    }
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }

  // "name = value"; the position does not move when it is none.
  std::optional<std::pair<std::string, std::string>> parameter() {
    const auto before = rest_;
    const auto name = token();
    skip_space();
    if (!name.empty() && eat('=')) {
      skip_space();
      if (auto text = value()) return std::pair(base::ascii_lower(name), std::move(*text));
    }
    rest_ = before;
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

std::optional<int> month_number(std::string_view name) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const size_t at = name.size() == 3 ? kMonths.find(name) : std::string_view::npos;
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  return static_cast<int>(at / 3) + 1;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<base::Time> parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = month_number(text.substr(8, 3));
  if (!month) return std::nullopt;
  const std::string number = *month < 10 ? "0" + std::to_string(*month) : std::to_string(*month);
  const std::string rfc3339 = std::string(text.substr(12, 4)) + "-" + number + "-" +
                              std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z";
  auto time = base::parse_rfc3339(rfc3339);
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<Challenge> parse_challenges(std::string_view field) {
  std::vector<Challenge> challenges;
  if (field.size() > kMaxField) return challenges;
  Scanner scanner(field);
  for (size_t steps = 0; steps < kMaxParameters; ++steps) {
    scanner.skip_commas();
    if (scanner.done()) return challenges;
    if (!challenges.empty()) {
      if (auto parameter = scanner.parameter()) {
        challenges.back().parameters.insert(std::move(*parameter));
        continue;
      }
    }
    const auto scheme = scanner.token();
    scanner.skip_space();
    if (scheme.empty()) return challenges;
    challenges.push_back({base::ascii_lower(scheme), {}});
  }
  return challenges;
}

std::optional<std::string> next_link(std::string_view field) {
  if (field.size() > kMaxField) return std::nullopt;
  Scanner scanner(field);
  for (;;) {
    scanner.skip_commas();
    if (!scanner.eat('<')) return std::nullopt;
    const auto target = scanner.until('>');
    if (!target) return std::nullopt;
    bool next = false;
    for (;;) {
      scanner.skip_space();
      if (!scanner.eat(';')) break;
      scanner.skip_space();
      const auto parameter = scanner.parameter();
      if (!parameter) return std::nullopt;
      if (parameter->first == "rel") next = base::ascii_lower(parameter->second) == "next";
    }
    if (next) return std::string(*target);
  }
}

std::optional<ContentRange> parse_content_range(std::string_view field) {
  field = trim(field);
  if (!field.starts_with("bytes ")) return std::nullopt;
  field.remove_prefix(6);
  const size_t dash = field.find('-');
  const size_t slash = field.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = parse_number(field.substr(0, dash));
  const auto last = parse_number(field.substr(dash + 1, slash - dash - 1));
  const auto total_text = field.substr(slash + 1);
  const auto total = parse_number(total_text);
  if (!first || !last || *first > *last || (!total && total_text != "*")) return std::nullopt;
  if (total && *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, total};
}

std::optional<base::milliseconds> parse_retry_after(std::string_view field, base::Time now) {
  field = trim(field);
  constexpr uint64_t kLongest = 10ULL * 365 * 24 * 3600;
  if (const auto number = parse_number(field)) return base::seconds(std::min(*number, kLongest));
  const auto date = parse_http_date(field);
  if (!date) return std::nullopt;
  return std::max(base::milliseconds(0), *date - now);
}

std::string essence(std::string_view content_type) {
  return base::ascii_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

}  // namespace gridseal::oci
