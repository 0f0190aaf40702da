#include "crypto/der_values.hpp"

#include <algorithm>
#include <array>

namespace gridseal::crypto::der {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxExtensions = 64;

Error bad_value(const std::string& why) {
  return Error::refused("parse.der", "malformed DER: " + why);
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

// MMDDHHMMSS after the year.
Result<base::Time> point_in_time(int year, std::string_view rest) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), month(static_cast<unsigned>(number(rest.substr(0, 2)))),
                            day(static_cast<unsigned>(number(rest.substr(2, 2))))};
  const int hour = number(rest.substr(4, 2));
  const int minute = number(rest.substr(6, 2));
  const int second = number(rest.substr(8, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad_value("a time that does not exist");
  return base::Time(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

// ".123": DER has no trailing zeros (X.690 section 11.7.3).
Result<base::milliseconds> fraction_of(std::string_view text) {
  if (text.empty()) return base::milliseconds(0);
  const std::string_view digits = text.substr(1);
  if (text.front() != '.' || digits.empty() || digits.size() > 18 || !all_digits(digits) ||
      digits.back() == '0')
    return bad_value("a time with a malformed fraction");
  std::string first(digits.substr(0, 3));
  first.resize(3, '0');
  return base::milliseconds(number(first));
}

}  // namespace

Result<base::Time> parse_time(const Element& element, bool fraction) {
  std::string_view text = element.content;
  if (text.empty() || text.back() != 'Z') return bad_value("a time that is not in UTC");
  text.remove_suffix(1);
  if (element.tag == kUtcTime) {
    if (text.size() != 12 || !all_digits(text))
      return bad_value("a UTCTime of another form than YYMMDDhhmmssZ");
    const int year = number(text.substr(0, 2));
    return point_in_time(year + (year < 50 ? 2000 : 1900), text.substr(2));
  }
  if (element.tag != kGeneralizedTime) return bad_value("a time is expected");
  if (text.size() < 14 || !all_digits(text.substr(0, 14)) || (!fraction && text.size() != 14))
    return bad_value("a GeneralizedTime of another form than YYYYMMDDhhmmssZ");
  auto whole = point_in_time(number(text.substr(0, 4)), text.substr(4, 10));
  if (!whole) return whole;
  const auto part = fraction_of(text.substr(14));
  if (!part) return part.error();
  return *whole + *part;
}

Result<base::Time> read_time(Reader& reader) {
  const auto element = reader.next();
  if (!element) return element.error();
  return parse_time(*element);
}

Result<bool> read_boolean(Reader& reader) {
  const auto element = reader.next(kBoolean);
  if (!element) return element.error();
  if (element->content.size() == 1) {
    if (element->content.front() == '\0') return false;
    if (element->content.front() == '\xFF') return true;
  }
  return bad_value("a malformed BOOLEAN");
}

Result<std::string_view> read_serial(Reader& reader) {
  Reader copy = reader;
  if (const auto magnitude = copy.unsigned_integer(); !magnitude) return magnitude.error();
  const auto element = reader.next(kInteger);
  if (!element) return element.error();
  return element->content;
}

Result<std::vector<Extension>> read_extensions(Reader& reader) {
  auto list = reader.enter(kSequence);
  if (!list) return list.error();
  if (list->at_end()) return bad_value("an empty list of extensions");
  std::vector<Extension> extensions;
  while (!list->at_end()) {
    if (extensions.size() == kMaxExtensions)
      return Error::refused("parse.limit", "more than 64 extensions in one certificate or list");
    auto entry = list->enter(kSequence);
    if (!entry) return entry.error();
    auto oid = entry->oid();
    if (!oid) return oid.error();
    Extension extension{std::move(*oid), false, {}};
    if (entry->peek() == kBoolean) {
      const auto critical = read_boolean(*entry);
      if (!critical) return critical.error();
      if (!*critical) return bad_value("a default value is written out");
      extension.critical = true;
    }
    const auto value = entry->octet_string();
    if (!value) return value.error();
    if (auto end = entry->end(); !end) return end.error();
    extension.value = *value;
    for (const Extension& other : extensions) {
      if (other.oid == extension.oid)
        return Error::refused("cert.parse", "the extension " + extension.oid + " occurs twice");
    }
    extensions.push_back(std::move(extension));
  }
  return extensions;
}

Result<Reader> enter_whole(std::string_view bytes, uint8_t tag) {
  Reader outer(bytes);
  auto inner = outer.enter(tag);
  if (!inner) return inner;
  if (auto end = outer.end(); !end) return std::move(end).error();
  return inner;
}

std::optional<Hash> hash_of_oid(std::string_view oid) {
  if (oid == "2.16.840.1.101.3.4.2.1") return Hash::sha256;
  if (oid == "2.16.840.1.101.3.4.2.2") return Hash::sha384;
  if (oid == "2.16.840.1.101.3.4.2.3") return Hash::sha512;
  return std::nullopt;
}

Result<Hash> read_digest_algorithm(Reader& reader) {
  auto algorithm = reader.enter(kSequence);
  if (!algorithm) return algorithm.error();
  const auto oid = algorithm->oid();
  if (!oid) return oid.error();
  if (!algorithm->at_end()) {
    if (auto null = algorithm->null(); !null) return std::move(null).error();
  }
  if (auto end = algorithm->end(); !end) return std::move(end).error();
  const auto hash = hash_of_oid(*oid);
  if (hash) return *hash;
  const bool sha1 = *oid == "1.3.14.3.2.26";
  return Error::refused("sig.alg_unsupported", (sha1 ? "the hash SHA-1" : "the hash algorithm " + *oid) +
                                                   " is not accepted; use SHA-256, SHA-384 or SHA-512");
}

}  // namespace gridseal::crypto::der
