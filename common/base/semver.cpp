#include "base/semver.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace gridseal::base {
namespace {

constexpr size_t kMaxLength = 128;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_numeric(std::string_view identifier) {
  return std::ranges::all_of(identifier, is_digit);
}

bool is_identifier(std::string_view text) {
  const auto allowed = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool has_leading_zero(std::string_view digits) {
  return digits.size() > 1 && digits.front() == '0';
}

// One of the three numbers at the front of `text`, taken off it.
bool take_number(std::string_view& text, uint64_t& value) {
  size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  const std::string_view digits = text.substr(0, length);
  if (digits.empty() || has_leading_zero(digits)) return false;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  text.remove_prefix(length);
  return parsed.ec == std::errc();
}

bool take_dot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

std::vector<std::string> split_at_dots(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t dot = text.find('.');
    parts.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

std::strong_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_numeric = is_numeric(a);
  if (a_numeric != is_numeric(b))
    return a_numeric ? std::strong_ordering::less : std::strong_ordering::greater;
  // Without leading zeros the longer number is the greater one.
  if (a_numeric && a.size() != b.size()) return a.size() <=> b.size();
  const int order = a.compare(b);
  return order < 0   ? std::strong_ordering::less
         : order > 0 ? std::strong_ordering::greater
                     : std::strong_ordering::equal;
}

}  // namespace

Result<Semver> Semver::parse(std::string_view text) {
  const auto bad = [&] {
    return Error::refused("base.semver",
                          "'" + printable(text, 64) + "' is not a semantic version such as 1.4.2");
  };
  if (text.size() > kMaxLength) return bad();
  std::string_view rest = text;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  Semver version;
  if (!take_number(rest, version.major_) || !take_dot(rest) || !take_number(rest, version.minor_) ||
      !take_dot(rest) || !take_number(rest, version.patch_)) {
    return bad();
  }
  if (const size_t plus = rest.find('+'); plus != std::string_view::npos) {
    version.build_ = rest.substr(plus + 1);
    rest = rest.substr(0, plus);
    if (!std::ranges::all_of(split_at_dots(version.build_), is_identifier)) return bad();
  }
  if (rest.empty()) return version;
  if (!rest.starts_with('-')) return bad();
  version.prerelease_ = split_at_dots(rest.substr(1));
  const auto well_formed = [](const std::string& part) {
    return is_identifier(part) && !(is_numeric(part) && has_leading_zero(part));
  };
  if (!std::ranges::all_of(version.prerelease_, well_formed)) return bad();
  return version;
}

std::string Semver::to_string() const {
  std::string text = std::to_string(major_) + "." + std::to_string(minor_) + "." + std::to_string(patch_);
  for (size_t i = 0; i < prerelease_.size(); ++i) text += (i == 0 ? "-" : ".") + prerelease_[i];
  if (!build_.empty()) text += "+" + build_;
  return text;
}

std::strong_ordering operator<=>(const Semver& a, const Semver& b) {
  if (const auto order = a.major_ <=> b.major_; std::is_neq(order)) return order;
  if (const auto order = a.minor_ <=> b.minor_; std::is_neq(order)) return order;
  if (const auto order = a.patch_ <=> b.patch_; std::is_neq(order)) return order;
  // A version without prerelease comes after all its prereleases.
  if (a.is_prerelease() != b.is_prerelease())
    return a.is_prerelease() ? std::strong_ordering::less : std::strong_ordering::greater;
  const size_t common = std::min(a.prerelease_.size(), b.prerelease_.size());
  for (size_t i = 0; i < common; ++i) {
    if (const auto order = compare_identifiers(a.prerelease_[i], b.prerelease_[i]); std::is_neq(order))
      return order;
  }
  return a.prerelease_.size() <=> b.prerelease_.size();
}

}  // namespace gridseal::base
