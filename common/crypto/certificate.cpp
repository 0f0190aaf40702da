#include "crypto/certificate.hpp"

#include "base/encoding.hpp"
#include "crypto/certificate_extensions.hpp"
#include "crypto/der.hpp"
#include "crypto/der_values.hpp"
#include "crypto/distinguished_name.hpp"
#include "crypto/pem.hpp"

namespace gridseal::crypto {

using base::Error;
using base::Result;

namespace {

constexpr std::string_view kLabel = "CERTIFICATE";

Error bad_certificate(const std::string& why) {
  return Error::refused("cert.parse", "malformed certificate: " + why);
}

}  // namespace

struct Certificate::State {
  explicit State(std::string_view bytes) : der(bytes), fingerprint(sha256(der)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() = default;

  Result<void> parse();
  Result<void> parse_tbs(der::Reader fields);
  Result<void> parse_version(der::Reader& fields);
  Result<void> parse_names_and_times(der::Reader& fields);
  Result<void> parse_extensions(der::Reader& fields);

  // Everything else points into `der`.
  std::string der;
  base::Digest fingerprint;
  int version = 1;
  std::string_view tbs;
  std::string_view serial;
  std::string_view inner_algorithm;
  std::string_view issuer_der;
  std::string_view subject_der;
  base::Time not_before;
  base::Time not_after;
  std::string_view spki;
  Result<PublicKey> public_key = Error::refused("key.invalid", "no key");
  std::string_view algorithm;
  std::string_view signature;
  std::vector<NameAttribute> subject;
  std::vector<NameAttribute> issuer;
  std::vector<Extension> extensions;
  StandardExtensions standard;
};

Result<void> Certificate::State::parse() {
  auto certificate = der::enter_whole(der, der::kSequence);
  if (!certificate) return certificate.error();
  const auto body = certificate->next(der::kSequence);
  if (!body) return body.error();
  tbs = body->raw;
  const auto stated = certificate->next(der::kSequence);
  if (!stated) return stated.error();
  algorithm = stated->raw;
  const auto bits = certificate->bit_string();
  if (!bits) return bits.error();
  signature = *bits;
  if (auto end = certificate->end(); !end) return end;
  auto fields = der::Reader(tbs).enter(der::kSequence);
  if (!fields) return fields.error();
  if (auto parsed = parse_tbs(*fields); !parsed) return parsed;
  if (inner_algorithm != algorithm)
    return bad_certificate("inner and outer signature algorithm are not the same");
  return {};
}

Result<void> Certificate::State::parse_tbs(der::Reader fields) {
  if (auto parsed = parse_version(fields); !parsed) return parsed;
  if (auto parsed = parse_names_and_times(fields); !parsed) return parsed;
  const auto key = fields.next(der::kSequence);
  if (!key) return key.error();
  spki = key->raw;
  public_key = PublicKey::from_spki(spki);
  if (version == 1) return fields.end();
  for (const uint8_t number : {uint8_t{1}, uint8_t{2}}) {  // unique identifiers, long out of use
    if (fields.peek() != der::context(number, false)) continue;
    if (const auto skipped = fields.next(); !skipped) return skipped.error();
  }
  if (auto parsed = parse_extensions(fields); !parsed) return parsed;
  return fields.end();
}

Result<void> Certificate::State::parse_version(der::Reader& fields) {
  if (fields.peek() != der::context(0)) return {};  // the default, version 1
  auto wrapped = fields.enter(der::context(0));
  if (!wrapped) return wrapped.error();
  const auto number = wrapped->small_integer();
  if (!number) return number.error();
  if (*number != 2) return bad_certificate("it is of neither version 1 nor 3");
  version = 3;
  return wrapped->end();
}

Result<void> Certificate::State::parse_names_and_times(der::Reader& fields) {
  constexpr size_t kMaxSerial = 21;  // 20 octets (RFC 5280 section 4.1.2.2) and one of sign
  const auto number = der::read_serial(fields);
  if (!number) return number.error();
  if (number->size() > kMaxSerial) return bad_certificate("a serial number of more than 20 bytes");
  serial = *number;
  const auto stated = fields.next(der::kSequence);
  if (!stated) return stated.error();
  inner_algorithm = stated->raw;
  const auto from = fields.next(der::kSequence);
  if (!from) return from.error();
  issuer_der = from->raw;
  auto validity = fields.enter(der::kSequence);
  if (!validity) return validity.error();
  const auto start = der::read_time(*validity);
  if (!start) return start.error();
  const auto stop = der::read_time(*validity);
  if (!stop) return stop.error();
  if (auto end = validity->end(); !end) return end;
  not_before = *start;
  not_after = *stop;
  const auto to = fields.next(der::kSequence);
  if (!to) return to.error();
  subject_der = to->raw;
  auto issuer_name = parse_name(issuer_der);
  if (!issuer_name) return std::move(issuer_name).error();
  issuer = std::move(*issuer_name);
  auto subject_name = parse_name(subject_der);
  if (!subject_name) return std::move(subject_name).error();
  subject = std::move(*subject_name);
  return {};
}

Result<void> Certificate::State::parse_extensions(der::Reader& fields) {
  if (fields.at_end()) return {};
  auto wrapped = fields.enter(der::context(3));
  if (!wrapped) return wrapped.error();
  auto list = der::read_extensions(*wrapped);
  if (!list) return std::move(list).error();
  if (auto end = wrapped->end(); !end) return end;
  extensions = std::move(*list);
  for (const Extension& extension : extensions) {
    if (auto decoded = standard.decode(extension); !decoded) {
      return Error::refused("cert.parse", "malformed certificate: the extension " + extension.oid +
                                              " cannot be read: " + decoded.error().message());
    }
  }
  return {};
}

Result<Certificate> Certificate::from_der(std::string_view der) {
  if (der.size() > kMaxSize) return Error::refused("parse.limit", "a certificate of more than 64 KiB");
  auto state = std::make_shared<State>(der);
  if (auto parsed = state->parse(); !parsed) return std::move(parsed).error();
  return Certificate(std::move(state));
}

Result<Certificate> Certificate::from_pem(std::string_view text) {
  const auto der = parse_single_pem(text, kLabel);
  if (!der) return der.error();
  return from_der(*der);
}

Result<std::vector<Certificate>> Certificate::from_pem_bundle(std::string_view text, size_t max) {
  const auto blocks = parse_pem(text, max);
  if (!blocks) return blocks.error();
  std::vector<Certificate> certificates;
  for (const PemBlock& block : *blocks) {
    if (block.label != kLabel) {
      return Error::refused("parse.pem", "a PEM block '" + base::printable(block.label, 40) +
                                             "' where certificates are expected");
    }
    auto certificate = from_der(block.bytes);
    if (!certificate) {
      return std::move(certificate)
          .error()
          .with_context("certificate " + std::to_string(certificates.size() + 1));
    }
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

const std::string& Certificate::der() const {
  return state_->der;
}

std::string Certificate::to_pem() const {
  return encode_pem(kLabel, state_->der);
}

const base::Digest& Certificate::fingerprint() const {
  return state_->fingerprint;
}

int Certificate::version() const {
  return state_->version;
}

std::string_view Certificate::tbs() const {
  return state_->tbs;
}

std::string_view Certificate::serial() const {
  return state_->serial;
}

std::string_view Certificate::issuer_der() const {
  return state_->issuer_der;
}

std::string_view Certificate::subject_der() const {
  return state_->subject_der;
}

base::Time Certificate::not_before() const {
  return state_->not_before;
}

base::Time Certificate::not_after() const {
  return state_->not_after;
}

bool Certificate::valid_at(base::Time time) const {
  return not_before() <= time && time <= not_after();
}

std::string_view Certificate::spki_der() const {
  return state_->spki;
}

const Result<PublicKey>& Certificate::public_key() const {
  return state_->public_key;
}

std::string_view Certificate::signature_algorithm_der() const {
  return state_->algorithm;
}

std::string_view Certificate::signature() const {
  return state_->signature;
}

const std::vector<NameAttribute>& Certificate::subject() const {
  return state_->subject;
}

const std::vector<NameAttribute>& Certificate::issuer() const {
  return state_->issuer;
}

std::string Certificate::subject_text() const {
  return name_text(state_->subject);
}

std::string Certificate::issuer_text() const {
  return name_text(state_->issuer);
}

bool Certificate::self_issued() const {
  return subject_der() == issuer_der();
}

const std::vector<Extension>& Certificate::extensions() const {
  return state_->extensions;
}

const Extension* Certificate::find_extension(std::string_view oid) const {
  for (const Extension& extension : state_->extensions) {
    if (extension.oid == oid) return &extension;
  }
  return nullptr;
}

const std::optional<BasicConstraints>& Certificate::basic_constraints() const {
  return state_->standard.basic_constraints;
}

const std::optional<KeyUsage>& Certificate::key_usage() const {
  return state_->standard.key_usage;
}

const std::optional<ExtendedKeyUsage>& Certificate::extended_key_usage() const {
  return state_->standard.extended_key_usage;
}

const std::optional<SubjectAltNames>& Certificate::subject_alt_names() const {
  return state_->standard.subject_alt_names;
}

const std::optional<std::string_view>& Certificate::subject_key_identifier() const {
  return state_->standard.subject_key_identifier;
}

const std::optional<std::string_view>& Certificate::authority_key_identifier() const {
  return state_->standard.authority_key_identifier;
}

bool Certificate::has_crl_distribution_points() const {
  return state_->standard.crl_distribution_points;
}

bool Certificate::has_ocsp() const {
  return state_->standard.ocsp;
}

bool Certificate::is_ca() const {
  return state_->standard.basic_constraints && state_->standard.basic_constraints->ca;
}

std::string Certificate::tbs_without_extension(std::string_view oid) const {
  if (find_extension(oid) == nullptr) return std::string(tbs());
  // Every step was checked when the certificate was parsed.
  der::Reader fields = *der::Reader(tbs()).enter(der::kSequence);
  std::string content;
  while (!fields.at_end()) {
    const der::Element field = *fields.next();
    if (field.tag != der::context(3)) {
      content += field.raw;
      continue;
    }
    der::Reader list = *der::Reader(field.content).enter(der::kSequence);
    std::string kept;
    while (!list.at_end()) {
      const der::Element entry = *list.next();
      if (*der::Reader(entry.content).oid() != oid) kept += entry.raw;
    }
    if (!kept.empty()) content += der::encode(der::context(3), der::encode(der::kSequence, kept));
  }
  return der::encode(der::kSequence, content);
}

Result<void> Certificate::check_signed_by(const Certificate& issuer) const {
  const Result<PublicKey>& key = issuer.public_key();
  if (!key) return key.error();
  return check_signed_by(*key);
}

Result<void> Certificate::check_signed_by(const PublicKey& key) const {
  const auto algorithm = SignatureAlgorithm::from_der(signature_algorithm_der());
  if (!algorithm) return algorithm.error();
  return algorithm->verify(key, tbs(), signature());
}

}  // namespace gridseal::crypto
