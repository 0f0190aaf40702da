#include "crypto/revocation_list.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/certificate_extensions.hpp"
#include "crypto/der.hpp"
#include "crypto/der_values.hpp"
#include "crypto/distinguished_name.hpp"
#include "crypto/pem.hpp"

namespace gridseal::crypto {

using base::Error;
using base::Result;
using der::Reader;

namespace {

constexpr std::string_view kCrlNumber = "2.5.29.20";
constexpr std::string_view kReasonCode = "2.5.29.21";
constexpr std::string_view kInvalidityDate = "2.5.29.24";
constexpr std::string_view kDeltaIndicator = "2.5.29.27";
constexpr std::string_view kIssuingDistributionPoint = "2.5.29.28";
constexpr std::string_view kCertificateIssuer = "2.5.29.29";

Error bad_list(const std::string& why) {
  return Error::refused("crl.parse", "malformed revocation list: " + why);
}

Error unsupported_list(const std::string& what) {
  return Error::refused("crl.unsupported", what + " is not accepted; give the complete list of the CA");
}

Error critical(const std::string& oid) {
  return Error::refused("crl.critical_ext", "the revocation list has the critical extension " + oid +
                                                ", which is not understood");
}

Result<RevocationReason> parse_reason(std::string_view value) {
  Reader reader(value);
  const auto element = reader.next(der::kEnumerated);
  if (!element) return element.error();
  if (auto end = reader.end(); !end) return std::move(end).error();
  if (element->content.size() != 1) return bad_list("an unusable reason");
  const int number = static_cast<uint8_t>(element->content.front());
  // 7 is not used; 8 takes an entry back, which only a delta list can.
  if (number > 10 || number == 7 || number == 8)
    return bad_list("the unknown reason " + std::to_string(number));
  return static_cast<RevocationReason>(number);
}

Result<base::Time> parse_invalidity(std::string_view value) {
  Reader reader(value);
  const auto element = reader.next(der::kGeneralizedTime);
  if (!element) return element.error();
  if (auto end = reader.end(); !end) return std::move(end).error();
  return der::parse_time(*element);
}

Result<void> apply_entry_extension(const Extension& extension, Revocation& revocation) {
  if (extension.oid == kCertificateIssuer) return unsupported_list("an indirect revocation list");
  if (extension.oid == kReasonCode) {
    const auto reason = parse_reason(extension.value);
    if (!reason) return reason.error();
    revocation.reason = *reason;
    return {};
  }
  if (extension.oid == kInvalidityDate) {
    const auto time = parse_invalidity(extension.value);
    if (!time) return time.error();
    revocation.invalid_since = *time;
    return {};
  }
  if (extension.critical) return critical(extension.oid);
  return {};
}

struct Entry {
  std::string_view serial;
  Revocation revocation;
};

Result<Entry> read_entry(Reader& list) {
  auto fields = list.enter(der::kSequence);
  if (!fields) return fields.error();
  const auto serial = der::read_serial(*fields);
  if (!serial) return serial.error();
  const auto time = der::read_time(*fields);
  if (!time) return time.error();
  Entry entry{*serial, {*time, {}, RevocationReason::unspecified}};
  if (!fields->at_end()) {
    const auto extensions = der::read_extensions(*fields);
    if (!extensions) return extensions.error();
    for (const Extension& extension : *extensions) {
      if (auto applied = apply_entry_extension(extension, entry.revocation); !applied)
        return std::move(applied).error();
    }
  }
  if (auto end = fields->end(); !end) return std::move(end).error();
  return entry;
}

// RFC 5280 has no other two elements of these tags here.
bool is_time(std::optional<uint8_t> tag) {
  constexpr std::array kTags = {der::kUtcTime, der::kGeneralizedTime};
  return tag && std::find(kTags.begin(), kTags.end(), *tag) != kTags.end();
}

}  // namespace

struct RevocationList::State {
  explicit State(std::string_view bytes) : der(bytes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() = default;

  Result<void> parse();
  Result<void> parse_tbs(Reader fields);
  Result<void> parse_head(Reader& fields);
  Result<void> parse_entries(Reader& fields);
  Result<void> parse_extensions(Reader& fields);

  // Everything else points into `der`.
  std::string der;
  int version = 1;
  std::string_view tbs;
  std::string_view inner_algorithm;
  std::string_view algorithm;
  std::string_view signature;
  std::string_view issuer_der;
  std::string issuer_text;
  base::Time this_update;
  base::Time next_update;
  std::string_view number;
  std::optional<std::string_view> authority_key_identifier;
  std::vector<Entry> entries;  // by serial
};

Result<void> RevocationList::State::parse() {
  auto list = der::enter_whole(der, der::kSequence);
  if (!list) return list.error();
  const auto body = list->next(der::kSequence);
  if (!body) return body.error();
  tbs = body->raw;
  const auto stated = list->next(der::kSequence);
  if (!stated) return stated.error();
  algorithm = stated->raw;
  const auto bits = list->bit_string();
  if (!bits) return bits.error();
  signature = *bits;
  if (auto end = list->end(); !end) return end;
  if (auto parsed = parse_tbs(Reader(body->content)); !parsed) return parsed;
  if (inner_algorithm != algorithm) return bad_list("inner and outer signature algorithm are not the same");
  return {};
}

Result<void> RevocationList::State::parse_tbs(Reader fields) {
  if (auto parsed = parse_head(fields); !parsed) return parsed;
  if (auto parsed = parse_entries(fields); !parsed) return parsed;
  if (auto parsed = parse_extensions(fields); !parsed) return parsed;
  return fields.end();
}

Result<void> RevocationList::State::parse_head(Reader& fields) {
  if (fields.peek() == der::kInteger) {
    const auto stated = fields.small_integer();
    if (!stated) return stated.error();
    if (*stated != 1) return bad_list("it is of neither version 1 nor 2");
    version = 2;
  }
  const auto inner = fields.next(der::kSequence);
  if (!inner) return inner.error();
  inner_algorithm = inner->raw;
  const auto name = fields.next(der::kSequence);
  if (!name) return name.error();
  issuer_der = name->raw;
  const auto attributes = parse_name(issuer_der);
  if (!attributes) return attributes.error();
  issuer_text = name_text(*attributes);
  const auto from = der::read_time(fields);
  if (!from) return from.error();
  if (!is_time(fields.peek())) return unsupported_list("a revocation list without nextUpdate");
  const auto until = der::read_time(fields);
  if (!until) return until.error();
  this_update = *from;
  next_update = *until;
  return {};
}

Result<void> RevocationList::State::parse_entries(Reader& fields) {
  if (fields.peek() != der::kSequence) return {};
  auto list = fields.enter(der::kSequence);
  if (!list) return list.error();
  while (!list->at_end()) {
    auto entry = read_entry(*list);
    if (!entry) return std::move(entry).error();
    entries.push_back(*entry);
  }
  const auto less = [](const Entry& a, const Entry& b) { return a.serial < b.serial; };
  std::sort(entries.begin(), entries.end(), less);
  const auto same = [](const Entry& a, const Entry& b) { return a.serial == b.serial; };
  if (std::adjacent_find(entries.begin(), entries.end(), same) != entries.end())
    return bad_list("a serial number occurs twice");
  return {};
}

Result<void> RevocationList::State::parse_extensions(Reader& fields) {
  if (fields.peek() != der::context(0)) return {};
  if (version != 2) return bad_list("extensions in a list of version 1");
  auto wrapped = fields.enter(der::context(0));
  if (!wrapped) return wrapped.error();
  const auto extensions = der::read_extensions(*wrapped);
  if (!extensions) return extensions.error();
  for (const Extension& extension : *extensions) {
    if (extension.oid == kDeltaIndicator) return unsupported_list("a delta revocation list");
    if (extension.oid == kIssuingDistributionPoint)
      return unsupported_list("a partial or indirect revocation list");
    if (extension.oid == kCrlNumber) {
      Reader value(extension.value);
      const auto magnitude = value.unsigned_integer();
      if (!magnitude) return magnitude.error();
      if (auto end = value.end(); !end) return end;
      number = *magnitude;
    } else if (extension.oid == oid::kAuthorityKeyIdentifier) {
      const auto identifier = parse_authority_key_identifier(extension.value);
      if (!identifier) return identifier.error();
      authority_key_identifier = *identifier;
    } else if (extension.critical) {
      return critical(extension.oid);
    }
  }
  return wrapped->end();
}

std::string_view to_string(RevocationReason reason) {
  constexpr std::array<std::string_view, 11> kNames = {"unspecified",
                                                       "keyCompromise",
                                                       "cACompromise",
                                                       "affiliationChanged",
                                                       "superseded",
                                                       "cessationOfOperation",
                                                       "certificateHold",
                                                       "",
                                                       "",
                                                       "privilegeWithdrawn",
                                                       "aACompromise"};
  return kNames.at(static_cast<size_t>(reason));
}

base::Time Revocation::effective() const {
  return invalid_since ? std::min(revoked_at, *invalid_since) : revoked_at;
}

Result<RevocationList> RevocationList::from_der(std::string_view der) {
  if (der.size() > kMaxSize) return Error::refused("parse.limit", "a revocation list of more than 16 MiB");
  auto state = std::make_shared<State>(der);
  if (auto parsed = state->parse(); !parsed) {
    if (parsed.error().code() == "cert.parse") return bad_list(parsed.error().message());
    return std::move(parsed).error();
  }
  return RevocationList(std::move(state));
}

Result<RevocationList> RevocationList::from_pem(std::string_view text) {
  const auto der = parse_single_pem(text, "X509 CRL");
  if (!der) return der.error();
  return from_der(*der);
}

const std::string& RevocationList::der() const {
  return state_->der;
}

std::string_view RevocationList::issuer_der() const {
  return state_->issuer_der;
}

base::Time RevocationList::this_update() const {
  return state_->this_update;
}

base::Time RevocationList::next_update() const {
  return state_->next_update;
}

std::string_view RevocationList::number() const {
  return state_->number;
}

size_t RevocationList::size() const {
  return state_->entries.size();
}

Result<void> RevocationList::check_signed_by(const Certificate& issuer) const {
  const auto& wanted = state_->authority_key_identifier;
  const auto& found = issuer.subject_key_identifier();
  if (issuer_der() != issuer.subject_der() || (wanted && found && *wanted != *found))
    return Error::refused("crl.issuer", "the revocation list of '" + state_->issuer_text +
                                            "' is not of the certificate '" + issuer.subject_text() + "'");
  if (issuer.key_usage() && !issuer.key_usage()->crl_sign)
    return Error::refused("crl.issuer", "the certificate '" + issuer.subject_text() +
                                            "' may not sign revocation lists: its key usage lacks cRLSign");
  const auto algorithm = SignatureAlgorithm::from_der(state_->algorithm);
  if (!algorithm) return algorithm.error();
  const auto& key = issuer.public_key();
  if (!key) return key.error();
  return algorithm->verify(*key, state_->tbs, state_->signature);
}

Result<void> RevocationList::check_current(base::Time at) const {
  if (at < this_update())
    return Error::refused("crl.not_yet_valid", "the revocation list of '" + state_->issuer_text + "' is of " +
                                                   base::format_rfc3339(this_update()) + ", later than " +
                                                   base::format_rfc3339(at));
  if (at > next_update())
    return Error::refused("crl.expired", "the revocation list of '" + state_->issuer_text + "' ended at " +
                                             base::format_rfc3339(next_update()) + "; a newer one is needed");
  return {};
}

std::optional<Revocation> RevocationList::find(std::string_view serial) const {
  const auto& entries = state_->entries;
  const auto less = [](const Entry& entry, std::string_view wanted) { return entry.serial < wanted; };
  const auto found = std::lower_bound(entries.begin(), entries.end(), serial, less);
  if (found == entries.end() || found->serial != serial) return std::nullopt;
  return found->revocation;
}

}  // namespace gridseal::crypto
