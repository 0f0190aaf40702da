#include "oci/semver_range.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"

namespace gridseal::oci {

using base::Error;
using base::Result;
using base::Semver;

namespace {

enum class Operator { equal, not_equal, greater, less, greater_equal, less_equal, tilde, caret };

// How much of the version was written: "1.x" leaves minor and patch open.
enum class Open { nothing, patch, minor, all };

constexpr size_t kMaxText = 512;
constexpr size_t kMaxComparators = 64;

Error bad(std::string_view text, const std::string& why) {
  return Error::refused("oci.semver_range",
                        "\"" + base::printable(text) + "\" is no version range: " + why +
                            "; write for example \">=1.2.0 <2.0.0\", \"1.x\" or \"^1.2.3\"");
}

}  // namespace

struct SemverRange::Comparator {
  Operator op = Operator::equal;
  Semver version;  // open parts are 0
  Open open = Open::nothing;

  bool matches(const Semver& v) const;

 private:
  bool differs(const Semver& v) const;
  bool is_greater(const Semver& v) const;
  bool is_less_or_equal(const Semver& v) const;
  bool in_tilde(const Semver& v) const;
  bool in_caret(const Semver& v) const;
};

bool SemverRange::Comparator::matches(const Semver& v) const {
  switch (op) {
    case Operator::equal:
      return open == Open::nothing ? v == version : in_tilde(v);
    case Operator::not_equal:
      return differs(v);
    case Operator::greater:
      return is_greater(v);
    case Operator::less:
      return v < version;
    case Operator::greater_equal:
      return v >= version;
    case Operator::less_equal:
      return is_less_or_equal(v);
    case Operator::tilde:
      return in_tilde(v);
    case Operator::caret:
      break;
  }
  return in_caret(v);
}

bool SemverRange::Comparator::differs(const Semver& v) const {
  switch (open) {
    case Open::nothing:
    case Open::all:
      return v != version;
    case Open::minor:
      return v.major() != version.major();
    case Open::patch:
      break;
  }
  return v.major() != version.major() || v.minor() != version.minor() ||
         v.prerelease() != version.prerelease();
}

bool SemverRange::Comparator::is_greater(const Semver& v) const {
  if (open == Open::nothing || open == Open::all || v.major() != version.major()) {
    return open == Open::nothing || open == Open::all ? v > version : v.major() > version.major();
  }
  return open == Open::patch && v.minor() > version.minor();  // ">1" means 2 or later
}

bool SemverRange::Comparator::is_less_or_equal(const Semver& v) const {
  if (open == Open::nothing) return v <= version;
  if (v.major() != version.major()) return v.major() < version.major();
  return open == Open::minor || v.minor() <= version.minor();
}

bool SemverRange::Comparator::in_tilde(const Semver& v) const {
  if (v < version) return false;
  const bool anything = version.major() == 0 && version.minor() == 0 && version.patch() == 0 &&
                        (open == Open::nothing || open == Open::all);
  if (anything) return true;
  return v.major() == version.major() && (open == Open::minor || v.minor() == version.minor());
}

bool SemverRange::Comparator::in_caret(const Semver& v) const {
  if (v < version) return false;
  if (open == Open::all) return true;
  if (v.major() != version.major()) return false;
  if (version.major() > 0 || open == Open::minor) return true;
  if (v.minor() != version.minor()) return false;
  return version.minor() > 0 || open == Open::patch || v.patch() == version.patch();
}

namespace {

using Comparator = SemverRange::Comparator;
using Alternative = std::vector<Comparator>;

class Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(text) {}

  Result<std::vector<Alternative>> parse() {
    std::vector<Alternative> alternatives(1);
    size_t count = 0;
    for (;;) {
      if (++count > kMaxComparators) return bad(whole_, "it is too long");
      auto comparators = comparator();
      if (!comparators) return std::move(comparators).error();
      for (auto& c : *comparators) alternatives.back().push_back(std::move(c));
      const bool space = skip_space();
      if (rest_.empty()) return alternatives;
      if (eat("||")) {
        alternatives.emplace_back();
        skip_space();
      } else if (eat(",")) {
        skip_space();
      } else if (!space) {
        return bad(whole_, "\"" + base::printable(rest_) + "\" is not understood");
      }
    }
  }

 private:
  bool skip_space() {
    const size_t before = rest_.size();
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    return rest_.size() != before;
  }

  bool eat(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Operator read_operator(bool& written) {
    static constexpr std::pair<std::string_view, Operator> kOperators[] = {
        {">=", Operator::greater_equal}, {"=>", Operator::greater_equal}, {"<=", Operator::less_equal},
        {"=<", Operator::less_equal},    {"!=", Operator::not_equal},     {"~>", Operator::tilde},
        {">", Operator::greater},        {"<", Operator::less},           {"=", Operator::equal},
        {"~", Operator::tilde},          {"^", Operator::caret}};
    for (const auto& [text, op] : kOperators) {
      if (eat(text)) {
        written = true;
        return op;
      }
    }
    return Operator::equal;
  }

  // One comparator, or the two of "1.2 - 1.4.5".
  Result<Alternative> comparator() {
    skip_space();
    bool written = false;
    Comparator first;
    first.op = read_operator(written);
    skip_space();
    if (auto r = version(first); !r) return std::move(r).error();
    const std::string_view behind = rest_;
    const bool space = skip_space();
    if (!written && space && rest_.size() > 1 && rest_.front() == '-' && rest_[1] == ' ') {
      rest_.remove_prefix(1);
      skip_space();
      Comparator last;
      if (auto r = version(last); !r) return std::move(r).error();
      first.op = Operator::greater_equal;
      last.op = Operator::less_equal;
      return Alternative{std::move(first), std::move(last)};
    }
    rest_ = behind;
    return Alternative{std::move(first)};
  }

  // A number or a wildcard; nullopt is a wildcard.
  Result<std::optional<uint64_t>> number() {
    if (!rest_.empty() && (rest_.front() == 'x' || rest_.front() == 'X' || rest_.front() == '*')) {
      rest_.remove_prefix(1);
      return std::optional<uint64_t>();
    }
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (digits == 18) return bad(whole_, "a number is too large");
      value = value * 10 + static_cast<uint64_t>(rest_[digits++] - '0');
    }
    if (digits == 0) return bad(whole_, "a version is missing");
    if (digits > 1 && rest_.front() == '0') return bad(whole_, "a number begins with 0");
    rest_.remove_prefix(digits);
    return std::optional<uint64_t>(value);
  }

  static bool is_identifier(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  }

  Result<std::vector<std::string>> identifiers() {
    std::vector<std::string> list;
    do {
      size_t n = 0;
      while (n < rest_.size() && is_identifier(rest_[n])) ++n;
      if (n == 0) return bad(whole_, "a prerelease or build part is empty");
      list.emplace_back(rest_.substr(0, n));
      rest_.remove_prefix(n);
    } while (eat("."));
    return list;
  }

  Result<void> version(Comparator& out) {
    eat("v");
    std::optional<uint64_t> parts[3];
    size_t given = 0;
    for (; given < 3 && (given == 0 || eat(".")); ++given) {
      auto part = number();
      if (!part) return std::move(part).error();
      parts[given] = *part;
    }
    std::vector<std::string> prerelease;
    if (!rest_.empty() && rest_.front() == '-') {
      rest_.remove_prefix(1);
      auto list = identifiers();
      if (!list) return std::move(list).error();
      prerelease = std::move(*list);
    }
    if (eat("+")) {
      if (auto build = identifiers(); !build) return std::move(build).error();
    }
    if (!parts[0]) {
      out.open = Open::all;
      parts[1] = parts[2] = std::nullopt;
    } else if (!parts[1]) {
      out.open = Open::minor;
      parts[2] = std::nullopt;
    } else if (!parts[2]) {
      out.open = Open::patch;
    }
    out.version =
        Semver(parts[0].value_or(0), parts[1].value_or(0), parts[2].value_or(0), std::move(prerelease));
    return {};
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

Result<SemverRange> SemverRange::parse(std::string_view text) {
  if (text.size() > kMaxText) return bad(text, "it is too long");
  // Nothing written means any version, as a lone "*" does.
  const bool blank = text.find_first_not_of(" \t") == std::string_view::npos;
  auto alternatives = Parser(blank ? "*" : text).parse();
  if (!alternatives) return std::move(alternatives).error();
  SemverRange range;
  range.text_ = text;
  range.alternatives_ =
      std::make_shared<const std::vector<std::vector<Comparator>>>(std::move(*alternatives));
  return range;
}

bool SemverRange::matches(const Semver& version) const {
  return std::ranges::any_of(*alternatives_, [&](const Alternative& alternative) {
    const bool wants_prerelease =
        std::ranges::any_of(alternative, [](const Comparator& c) { return c.version.is_prerelease(); });
    if (version.is_prerelease() && !wants_prerelease) return false;
    return std::ranges::all_of(alternative, [&](const Comparator& c) { return c.matches(version); });
  });
}

struct TagFilter::Pattern {
  explicit Pattern(const std::string& text) : re(text, RE2::Quiet) {}
  RE2 re;
};

Result<TagFilter> TagFilter::parse(std::string_view pattern) {
  auto compiled = std::make_shared<const Pattern>(std::string(pattern));
  if (!compiled->re.ok()) {
    return Error::refused("oci.tag_filter", "the tag filter \"" + base::printable(pattern) +
                                                "\" is no RE2 expression: " + compiled->re.error());
  }
  TagFilter filter;
  filter.pattern_ = std::move(compiled);
  return filter;
}

bool TagFilter::matches(std::string_view tag) const {
  return RE2::PartialMatch(re2::StringPiece(tag.data(), tag.size()), pattern_->re);
}

std::optional<std::string> newest(const std::vector<std::string>& tags, const SemverRange& range,
                                  const TagFilter* filter) {
  const std::string* best = nullptr;
  Semver best_version;
  for (const std::string& tag : tags) {
    if (filter != nullptr && !filter->matches(tag)) continue;
    auto version = Semver::parse(tag);
    if (!version || !range.matches(*version)) continue;
    // "1.0.0" and "v1.0.0" are equal: the choice must not depend on the order of the list.
    const bool better =
        best == nullptr || *version > best_version || (*version == best_version && tag > *best);
    if (!better) continue;
    best = &tag;
    best_version = std::move(*version);
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

}  // namespace gridseal::oci
