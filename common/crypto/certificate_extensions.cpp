#include "crypto/certificate_extensions.hpp"

#include <algorithm>
#include <array>

#include "crypto/der_values.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

constexpr size_t kMaxNames = 256;
constexpr size_t kMaxPurposes = 64;

Error bad_extension(const std::string& why) {
  return Error::refused("cert.parse", "malformed certificate: " + why);
}

Result<BasicConstraints> parse_basic_constraints(const Extension& extension) {
  auto sequence = der::enter_whole(extension.value, der::kSequence);
  if (!sequence) return sequence.error();
  BasicConstraints constraints{extension.critical, false, {}};
  if (sequence->peek() == der::kBoolean) {
    const auto ca = der::read_boolean(*sequence);
    if (!ca) return ca.error();
    if (!*ca) return bad_extension("basicConstraints writes a default value out");
    constraints.ca = true;
  }
  if (!sequence->at_end()) {
    const auto length = sequence->small_integer();
    if (!length) return length.error();
    if (!constraints.ca) return bad_extension("a path length without CA:TRUE");
    constraints.path_length = *length;
  }
  if (auto end = sequence->end(); !end) return std::move(end).error();
  return constraints;
}

// A named BIT STRING: the last bit written is set, unused ones are zero (X.690 section 11.2).
Result<KeyUsage> parse_key_usage(const Extension& extension) {
  der::Reader outer(extension.value);
  const auto element = outer.next(der::kBitString);
  if (!element) return element.error();
  if (auto end = outer.end(); !end) return std::move(end).error();
  const std::string_view content = element->content;
  if (content.size() < 2 || content.size() > 3) return bad_extension("keyUsage of an unusable length");
  const auto unused = static_cast<uint8_t>(content[0]);
  const auto last = static_cast<uint8_t>(content.back());
  if (unused > 7 || (last & ((1U << unused) - 1U)) != 0 || (last & (1U << unused)) == 0)
    return bad_extension("keyUsage is not DER");
  const auto bit = [&](size_t number) {
    const size_t byte = 1 + number / 8;
    return byte < content.size() && (static_cast<uint8_t>(content[byte]) & (0x80U >> (number % 8))) != 0;
  };
  return KeyUsage{extension.critical, bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7), bit(8)};
}

Result<ExtendedKeyUsage> parse_extended_key_usage(const Extension& extension) {
  auto sequence = der::enter_whole(extension.value, der::kSequence);
  if (!sequence) return sequence.error();
  ExtendedKeyUsage usage{extension.critical, {}};
  while (!sequence->at_end()) {
    if (usage.purposes.size() == kMaxPurposes)
      return Error::refused("parse.limit", "more than 64 extended key usages");
    auto purpose = sequence->oid();
    if (!purpose) return purpose.error();
    usage.purposes.push_back(std::move(*purpose));
  }
  if (usage.purposes.empty()) return bad_extension("an empty extendedKeyUsage");
  return usage;
}

Result<SubjectAltNames> parse_subject_alt_names(const Extension& extension) {
  auto sequence = der::enter_whole(extension.value, der::kSequence);
  if (!sequence) return sequence.error();
  SubjectAltNames names{extension.critical, {}};
  while (!sequence->at_end()) {
    if (names.names.size() == kMaxNames)
      return Error::refused("parse.limit", "more than 256 subject alternative names");
    const auto element = sequence->next();
    if (!element) return element.error();
    auto name = parse_general_name(*element);
    if (!name) return std::move(name).error();
    names.names.push_back(std::move(*name));
  }
  if (names.names.empty()) return bad_extension("an empty subjectAltName");
  return names;
}

Result<std::string_view> parse_subject_key_identifier(std::string_view value) {
  der::Reader reader(value);
  const auto identifier = reader.octet_string();
  if (!identifier) return identifier.error();
  if (auto end = reader.end(); !end) return std::move(end).error();
  return *identifier;
}

Result<bool> offers_ocsp(std::string_view value) {
  auto sequence = der::enter_whole(value, der::kSequence);
  if (!sequence) return sequence.error();
  bool found = false;
  while (!sequence->at_end()) {
    auto description = sequence->enter(der::kSequence);
    if (!description) return description.error();
    const auto method = description->oid();
    if (!method) return method.error();
    if (const auto location = description->next(); !location) return location.error();
    if (auto end = description->end(); !end) return std::move(end).error();
    found = found || *method == "1.3.6.1.5.5.7.48.1";
  }
  return found;
}

// [0] EXPLICIT ANY DEFINED BY type-id; `content` is of the implicitly tagged OtherName.
Result<GeneralName> parse_other_name(const der::Element& element) {
  GeneralName name{GeneralName::Kind::other_name, element.content, {}, 0, {}};
  der::Reader content(element.content);
  auto type = content.oid();
  if (!type) return type.error();
  auto wrapped = content.enter(der::context(0));
  if (!wrapped) return wrapped.error();
  if (auto end = content.end(); !end) return std::move(end).error();
  const auto value = wrapped->next();
  if (!value) return value.error();
  if (auto end = wrapped->end(); !end) return std::move(end).error();
  name.other_type = std::move(*type);
  name.other_tag = value->tag;
  name.other_value = value->content;
  return name;
}

// Puts what a parser made where it belongs.
template <class Target, class Value>
Result<void> keep(Target& target, Result<Value> parsed) {
  if (!parsed) return std::move(parsed).error();
  target = std::move(*parsed);
  return {};
}

}  // namespace

Result<GeneralName> parse_general_name(const der::Element& element) {
  using Kind = GeneralName::Kind;
  const uint8_t number = element.tag & 0x1FU;
  if ((element.tag & 0xC0U) != 0x80 || number > 8) return bad_extension("an unknown kind of general name");
  const auto kind = static_cast<Kind>(number);
  const bool constructed = kind == Kind::other_name || kind == Kind::x400_address ||
                           kind == Kind::directory_name || kind == Kind::edi_party_name;
  if (constructed != ((element.tag & 0x20U) != 0)) return bad_extension("a general name of the wrong form");
  if (kind == Kind::other_name) return parse_other_name(element);
  const bool text = kind == Kind::rfc822_name || kind == Kind::dns_name || kind == Kind::uri;
  const auto ascii = [](char c) { return static_cast<uint8_t>(c) < 0x80; };
  if (text && !std::all_of(element.content.begin(), element.content.end(), ascii))
    return bad_extension("a general name that is not ASCII");
  return GeneralName{kind, element.content, {}, 0, {}};
}

Result<std::optional<std::string_view>> parse_authority_key_identifier(std::string_view value) {
  auto sequence = der::enter_whole(value, der::kSequence);
  if (!sequence) return sequence.error();
  std::optional<std::string_view> identifier;
  int before = -1;
  while (!sequence->at_end()) {
    const auto element = sequence->next();
    if (!element) return element.error();
    constexpr std::array<uint8_t, 3> kTags = {0x80, 0xA1, 0x82};
    const auto* const found = std::find(kTags.begin(), kTags.end(), element->tag);
    const int position = static_cast<int>(found - kTags.begin());
    if (found == kTags.end() || position <= before) return bad_extension("malformed authorityKeyIdentifier");
    before = position;
    if (position == 0) identifier = element->content;
  }
  return identifier;
}

Result<void> StandardExtensions::decode(const Extension& extension) {
  const std::string_view id = extension.oid;
  if (id == oid::kBasicConstraints) return keep(basic_constraints, parse_basic_constraints(extension));
  if (id == oid::kKeyUsage) return keep(key_usage, parse_key_usage(extension));
  if (id == oid::kExtendedKeyUsage) return keep(extended_key_usage, parse_extended_key_usage(extension));
  if (id == oid::kSubjectAltName) return keep(subject_alt_names, parse_subject_alt_names(extension));
  if (id == oid::kSubjectKeyIdentifier)
    return keep(subject_key_identifier, parse_subject_key_identifier(extension.value));
  if (id == oid::kAuthorityKeyIdentifier)
    return keep(authority_key_identifier, parse_authority_key_identifier(extension.value));
  if (id == oid::kAuthorityInfoAccess) return keep(ocsp, offers_ocsp(extension.value));
  if (id == oid::kCrlDistributionPoints) crl_distribution_points = true;
  return {};
}

bool ExtendedKeyUsage::contains(std::string_view oid) const {
  return std::find(purposes.begin(), purposes.end(), oid) != purposes.end();
}

}  // namespace gridseal::crypto
