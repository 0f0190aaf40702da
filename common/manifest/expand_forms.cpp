#include "manifest/expand_forms.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace gridseal::manifest::forms {
namespace {

base::Error refuse_form(std::string what) {
  return base::Error::refused("manifest.substitution", std::move(what));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

// Code points; a byte that is not UTF-8 stands for itself, beyond all of them.
std::vector<char32_t> characters(std::string_view text) {
  constexpr char32_t kByte = 0x200000;
  std::vector<char32_t> out;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    size_t length = first < 0x80 ? 1 : (first & 0xE0U) == 0xC0U ? 2 : (first & 0xF0U) == 0xE0U ? 3 : 4;
    char32_t c = first < 0x80 ? first : first & (0x7FU >> length);
    bool good = first < 0x80 || (first >= 0xC0U && first < 0xF8U && length <= text.size());
    for (size_t i = 1; good && i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      good = (next & 0xC0U) == 0x80U;
      c = (c << 6U) | (next & 0x3FU);
    }
    if (!good) c = kByte + first, length = 1;
    out.push_back(c);
    text.remove_prefix(length);
  }
  return out;
}

size_t bytes_of(char32_t c) {
  return c < 0x80 || c >= 0x200000 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

struct Token {
  enum class Kind { star, any, set } kind = Kind::set;
  bool negated = false;
  std::vector<std::pair<char32_t, char32_t>> ranges{};

  bool takes(char32_t c) const {
    if (kind == Kind::any) return true;
    const bool in = std::any_of(ranges.begin(), ranges.end(),
                                [c](const auto& range) { return range.first <= c && c <= range.second; });
    return in != negated;
  }
};

// A character of a set, maybe behind '\'; nothing where the set is malformed.
std::optional<char32_t> set_character(const std::vector<char32_t>& pattern, size_t& at) {
  if (at < pattern.size() && (pattern[at] == U'-' || pattern[at] == U']')) return std::nullopt;
  if (at < pattern.size() && pattern[at] == U'\\') ++at;
  if (at + 1 >= pattern.size()) return std::nullopt;
  return pattern[at++];
}

// `at` is behind the '['.
std::optional<Token> read_set(const std::vector<char32_t>& pattern, size_t& at) {
  Token token;
  if (at < pattern.size() && pattern[at] == U'^') token.negated = true, ++at;
  while (at < pattern.size() && (pattern[at] != U']' || token.ranges.empty())) {
    const auto low = set_character(pattern, at);
    if (!low) return std::nullopt;
    auto high = low;
    if (pattern[at] == U'-') high = set_character(pattern, ++at);
    if (!high) return std::nullopt;
    token.ranges.emplace_back(*low, *high);
  }
  if (at >= pattern.size()) return std::nullopt;
  ++at;
  return token;
}

std::optional<std::vector<Token>> read_pattern(const std::vector<char32_t>& pattern) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < pattern.size();) {
    char32_t c = pattern[at++];
    if (c == U'[') {
      auto set = read_set(pattern, at);
      if (!set) return std::nullopt;
      tokens.push_back(std::move(*set));
      continue;
    }
    if (c == U'*' || c == U'?') {
      tokens.push_back({c == U'*' ? Token::Kind::star : Token::Kind::any});
      continue;
    }
    if (c == U'\\') {
      if (at >= pattern.size()) return std::nullopt;
      c = pattern[at++];
    }
    tokens.push_back({Token::Kind::set, false, {{c, c}}});
  }
  return tokens;
}

// The tokens that may come next, as a set of their places: all lengths of a match in one pass.
class Places {
 public:
  explicit Places(const std::vector<Token>& tokens) : tokens_(tokens), now_(tokens.size() + 1, false) {
    now_[0] = true;
    skip_stars();
  }
  void take(char32_t c) {
    std::vector<bool> next(now_.size(), false);
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (!now_[i]) continue;
      const bool star = tokens_[i].kind == Token::Kind::star;
      if (star || tokens_[i].takes(c)) next[star ? i : i + 1] = true;
    }
    now_ = std::move(next);
    skip_stars();
  }
  bool matched() const { return now_.back(); }

 private:
  void skip_stars() {
    for (size_t i = 0; i < tokens_.size(); ++i)
      if (now_[i] && tokens_[i].kind == Token::Kind::star) now_[i + 1] = true;
  }
  const std::vector<Token>& tokens_;
  std::vector<bool> now_;
};

}  // namespace

base::Result<std::string> change_case(std::string_view form, std::string_view value) {
  const bool all = form.size() == 2;
  if (!is_ascii(all ? value : value.substr(0, 1)))
    return refuse_form("upper and lower case are known of ASCII letters only");
  std::string out(value);
  const size_t count = all ? out.size() : std::min<size_t>(1, out.size());
  const auto change = form.front() == '^' ? upper : lower;
  std::transform(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.begin(), change);
  return out;
}

base::Result<std::string> part_of(std::string_view value, std::string_view position,
                                  const std::string* length) {
  const auto size = static_cast<int64_t>(value.size());
  auto from = whole_number(position);
  if (!from) return std::string(value);
  if (*from < 0) *from = *from < -size ? 0 : size + *from;
  if (length == nullptr) return std::string(value.substr(static_cast<size_t>(std::min(*from, size))));
  const auto count = whole_number(*length);
  if (!count) return std::string(value);
  if (*count < 0) return refuse_form("the length of a part is below zero");
  return std::string(value.substr(static_cast<size_t>(std::min(*from, size)), static_cast<size_t>(*count)));
}

base::Result<std::string> replace(std::string_view form, std::string_view value, std::string_view what,
                                  const std::string* by) {
  if (what.empty()) return refuse_form("what is to be replaced is empty");
  std::string out(value);
  if (form == "/#" || form == "/%") {
    // envsubst changes nothing where the new text is empty.
    if (by == nullptr) return out;
    if (form == "/#" && value.starts_with(what)) out.replace(0, what.size(), *by);
    if (form == "/%" && value.ends_with(what)) out.replace(value.size() - what.size(), what.size(), *by);
    return out;
  }
  const std::string_view with = by == nullptr ? std::string_view() : std::string_view(*by);
  out.clear();
  while (true) {
    const size_t found = value.find(what);
    if (found == std::string_view::npos) break;
    out.append(value.substr(0, found)).append(with);
    value.remove_prefix(found + what.size());
    if (form == "/") break;
  }
  return out.append(value);
}

base::Result<std::string> without_match(std::string_view form, std::string_view value,
                                        std::string_view pattern, uint64_t& work, uint64_t max_work) {
  auto text = characters(value);
  auto wanted = characters(pattern);
  const bool at_end = form.front() == '%';
  // As envsubst does it: an end is the start of the reversed text, so a set in its pattern is none.
  if (at_end) {
    std::reverse(text.begin(), text.end());
    std::reverse(wanted.begin(), wanted.end());
  }
  const auto tokens = read_pattern(wanted);
  if (!tokens) return std::string(value);
  Places places(*tokens);
  size_t bytes = 0;
  size_t matched = 0;
  for (const char32_t c : text) {
    work += tokens->size() + 1;
    if (work > max_work)
      return base::Error::refused("manifest.limit", "patterns of variables take too much work");
    places.take(c);
    bytes += bytes_of(c);
    if (!places.matched()) continue;
    matched = bytes;
    if (form.size() == 1) break;
  }
  return std::string(at_end ? value.substr(0, value.size() - matched) : value.substr(matched));
}

}  // namespace gridseal::manifest::forms
