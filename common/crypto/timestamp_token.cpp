// Reading tokens: a strict subset of CMS (RFC 5652), enough for RFC 3161.
#include <array>
#include <map>

#include "crypto/certificate_extensions.hpp"
#include "crypto/der.hpp"
#include "crypto/der_values.hpp"
#include "crypto/timestamp.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;
using der::Element;
using der::Reader;

constexpr std::string_view kSignedData = "1.2.840.113549.1.7.2";
constexpr std::string_view kTstInfo = "1.2.840.113549.1.9.16.1.4";
constexpr std::string_view kContentType = "1.2.840.113549.1.9.3";
constexpr std::string_view kMessageDigest = "1.2.840.113549.1.9.4";
constexpr std::string_view kSigningCertificate = "1.2.840.113549.1.9.16.2.12";
constexpr std::string_view kSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";
constexpr size_t kMaxCertificates = 8;
constexpr size_t kMaxTokenAttributes = 32;

Error bad_token(const std::string& why) {
  return Error::refused("tsa.parse", "malformed timestamp: " + why);
}

Error bad_signature(const std::string& why) {
  return Error::refused("tsa.signature", "the timestamp's signature is not of the right form: " + why);
}

// ---- TSTInfo (RFC 3161 section 2.4.2)
// ----------------------------------------------------------------------

Result<base::milliseconds> read_accuracy(Reader& info) {
  auto fields = info.enter(der::kSequence);
  if (!fields) return fields.error();
  int64_t seconds = 0;
  if (fields->peek() == der::kInteger) {
    const auto whole = fields->small_integer();
    if (!whole) return whole.error();
    if (*whole > 1'000'000'000) return bad_token("an accuracy of many years");
    seconds = *whole;
  }
  std::array<int64_t, 2> parts{};  // milliseconds and microseconds, 1 to 999
  for (uint8_t i = 0; i < 2; ++i) {
    if (fields->peek() != der::context(i, false)) continue;
    const auto element = fields->next();
    if (!element) return element.error();
    const std::string integer = der::encode(der::kInteger, element->content);
    const auto value = Reader(integer).small_integer();
    if (!value || *value < 1 || *value > 999) return bad_token("a malformed accuracy");
    parts.at(i) = *value;
  }
  if (auto end = fields->end(); !end) return std::move(end).error();
  return base::milliseconds(seconds * 1000 + parts[0] + (parts[1] > 0 ? 1 : 0));
}

Result<void> read_imprint(Reader& info, TimestampToken& token) {
  auto imprint = info.enter(der::kSequence);
  if (!imprint) return imprint.error();
  const auto hash = der::read_digest_algorithm(*imprint);
  if (!hash) {
    if (hash.error().code() == "sig.alg_unsupported")
      return Error::refused("tsa.imprint",
                            "the timestamp's imprint is not usable: " + hash.error().message());
    return hash.error();
  }
  const auto value = imprint->octet_string();
  if (!value) return value.error();
  if (auto end = imprint->end(); !end) return end;
  if (value->size() != hash_of(*hash, "").size()) return bad_token("an imprint of the wrong length");
  token.imprint_hash = *hash;
  token.imprint = *value;
  return {};
}

// accuracy, ordering, nonce, tsa and extensions, all optional.
Result<void> read_tst_rest(Reader& info, TimestampToken& token) {
  if (info.peek() == der::kSequence) {
    const auto accuracy = read_accuracy(info);
    if (!accuracy) return accuracy.error();
    token.accuracy = *accuracy;
  }
  if (info.peek() == der::kBoolean) {
    if (const auto ordering = der::read_boolean(info); !ordering) return ordering.error();
  }
  if (info.peek() == der::kInteger) {
    if (const auto nonce = info.next(); !nonce) return nonce.error();
  }
  if (info.peek() == der::context(0)) {
    if (const auto tsa = info.next(); !tsa) return tsa.error();
  }
  if (info.peek() == der::context(1)) {
    const auto tagged = info.next();
    if (!tagged) return tagged.error();
    const std::string list = der::encode(der::kSequence, tagged->content);
    Reader reader(list);
    const auto extensions = der::read_extensions(reader);
    if (!extensions) return extensions.error();
    for (const Extension& extension : *extensions) {
      if (extension.critical) return bad_token("the unknown critical extension " + extension.oid);
    }
  }
  return info.end();
}

Result<void> read_tst_info(std::string_view content, TimestampToken& token) {
  auto info = der::enter_whole(content, der::kSequence);
  if (!info) return info.error();
  const auto version = info->small_integer();
  if (!version) return version.error();
  if (*version != 1) return bad_token("TSTInfo is not of version 1");
  auto policy = info->oid();
  if (!policy) return policy.error();
  token.policy = std::move(*policy);
  if (auto imprint = read_imprint(*info, token); !imprint) return imprint;
  // Nothing depends on the number; real authorities also write negative ones.
  const auto serial = info->next(der::kInteger);
  if (!serial) return serial.error();
  if (serial->content.empty()) return bad_token("an empty serial number");
  token.serial = serial->content;
  const auto time = info->next(der::kGeneralizedTime);
  if (!time) return time.error();
  const auto parsed = der::parse_time(*time, true);
  if (!parsed) return parsed.error();
  token.time = *parsed;
  return read_tst_rest(*info, token);
}

// ---- Signed attributes
// -------------------------------------------------------------------------------------

// IssuerSerial: GeneralNames with one directoryName, and the serial number.
Result<void> read_issuer_serial(Reader& certificate, TimestampToken& token) {
  auto fields = certificate.enter(der::kSequence);
  if (!fields) return fields.error();
  auto names = fields->enter(der::kSequence);
  if (!names) return names.error();
  auto directory = names->enter(der::context(4));
  if (!directory) return directory.error();
  const auto name = directory->next(der::kSequence);
  if (!name) return name.error();
  if (auto end = directory->end(); !end) return end;
  if (auto end = names->end(); !end) return end;
  const auto serial = der::read_serial(*fields);
  if (!serial) return serial.error();
  token.ess_issuer = name->raw;
  token.ess_serial = *serial;
  return fields->end();
}

// SigningCertificate (RFC 2634 section 5.4) or SigningCertificateV2 (RFC 5035 section 3): the first
// identifier is the signer's.
Result<void> read_signing_certificate(Reader value, bool version1, TimestampToken& token) {
  auto attribute = value.enter(der::kSequence);
  if (!attribute) return attribute.error();
  if (auto end = value.end(); !end) return end;
  auto identifiers = attribute->enter(der::kSequence);
  if (!identifiers) return identifiers.error();
  auto first = identifiers->enter(der::kSequence);
  if (!first) return first.error();
  token.ess_sha1 = version1;
  token.ess_hash = Hash::sha256;
  if (!version1 && first->peek() == der::kSequence) {
    const auto hash = der::read_digest_algorithm(*first);
    if (!hash) return hash.error();
    token.ess_hash = *hash;
  }
  const auto digest = first->octet_string();
  if (!digest) return digest.error();
  token.ess_digest = *digest;
  if (!first->at_end()) {
    if (auto serial = read_issuer_serial(*first, token); !serial) return serial;
  }
  return first->end();
}

// Attribute type to the one value of its set.
Result<std::map<std::string, std::string_view>> read_attributes(std::string_view content) {
  std::map<std::string, std::string_view> attributes;
  Reader list(content);
  while (!list.at_end()) {
    if (attributes.size() == kMaxTokenAttributes) return Error::refused("parse.limit", "too many attributes");
    auto attribute = list.enter(der::kSequence);
    if (!attribute) return attribute.error();
    auto type = attribute->oid();
    if (!type) return type.error();
    const auto values = attribute->next(der::kSet);
    if (!values) return values.error();
    if (auto end = attribute->end(); !end) return std::move(end).error();
    if (!attributes.emplace(std::move(*type), values->content).second)
      return bad_signature("a signed attribute occurs twice");
  }
  return attributes;
}

Result<void> read_signed_attributes(std::string_view content, TimestampToken& token) {
  const auto attributes = read_attributes(content);
  if (!attributes) return attributes.error();
  const auto value = [&](std::string_view oid) -> std::string_view {
    const auto found = attributes->find(std::string(oid));
    return found == attributes->end() ? std::string_view() : found->second;
  };
  Reader type(value(kContentType));
  const auto oid = type.oid();
  if (!oid || !type.end() || *oid != kTstInfo)
    return bad_signature("the attribute contentType is missing or of another type");
  Reader digest(value(kMessageDigest));
  const auto octets = digest.octet_string();
  if (!octets || !digest.end()) return bad_signature("the attribute messageDigest is missing or malformed");
  token.message_digest = *octets;
  const bool version2 = !value(kSigningCertificateV2).empty();
  const std::string_view ess = version2 ? value(kSigningCertificateV2) : value(kSigningCertificate);
  if (ess.empty()) return bad_signature("the attribute signingCertificate is missing (RFC 3161 2.4.2)");
  if (auto read = read_signing_certificate(Reader(ess), !version2, token); !read) {
    if (read.error().code() == "sig.alg_unsupported") return read;
    return bad_signature("the attribute signingCertificate is malformed: " + read.error().message());
  }
  token.signed_attributes = der::encode(der::kSet, content);
  return {};
}

// ---- SignerInfo (RFC 5652 section 5.3)
// ---------------------------------------------------------------------

Result<void> read_signer_identifier(Reader& signer, TimestampToken& token) {
  const auto version = signer.small_integer();
  if (!version) return version.error();
  if (signer.peek() == der::context(0, false)) {
    if (*version != 3) return bad_token("the version of the signer does not fit its identifier");
    const auto identifier = signer.next();
    if (!identifier) return identifier.error();
    token.signer_key_identifier = identifier->content;
    return {};
  }
  if (*version != 1) return bad_token("the version of the signer does not fit its identifier");
  auto identifier = signer.enter(der::kSequence);
  if (!identifier) return identifier.error();
  const auto issuer = identifier->next(der::kSequence);
  if (!issuer) return issuer.error();
  const auto serial = der::read_serial(*identifier);
  if (!serial) return serial.error();
  token.signer_issuer = issuer->raw;
  token.signer_serial = *serial;
  return identifier->end();
}

// A plain rsaEncryption stands for PKCS#1 v1.5 with the digest algorithm (RFC 3370 section 3.2).
Result<SignatureAlgorithm> signature_algorithm(const Element& element, Hash digest) {
  Reader fields(element.content);
  const auto id = fields.oid();
  if (!id) return id.error();
  if (*id != "1.2.840.113549.1.1.1") return SignatureAlgorithm::from_der(element.raw);
  if (!fields.at_end()) {
    if (auto null = fields.null(); !null) return std::move(null).error();
  }
  if (auto end = fields.end(); !end) return std::move(end).error();
  return SignatureAlgorithm{SignatureAlgorithm::Form::rsa_pkcs1, digest};
}

Result<void> read_signer(Reader& signer, TimestampToken& token) {
  if (auto identifier = read_signer_identifier(signer, token); !identifier) return identifier;
  const auto digest = der::read_digest_algorithm(signer);
  if (!digest) return digest.error();
  token.digest_hash = *digest;
  if (signer.peek() != der::context(0)) return bad_signature("it has no signed attributes");
  const auto attributes = signer.next();
  if (!attributes) return attributes.error();
  if (auto read = read_signed_attributes(attributes->content, token); !read) return read;
  const auto element = signer.next(der::kSequence);
  if (!element) return element.error();
  const auto algorithm = signature_algorithm(*element, *digest);
  if (!algorithm) return algorithm.error();
  token.signature_algorithm = *algorithm;
  const auto signature = signer.octet_string();
  if (!signature) return signature.error();
  token.signature = *signature;
  if (signer.peek() == der::context(1)) {  // unsigned attributes prove nothing
    if (const auto skipped = signer.next(); !skipped) return skipped.error();
  }
  return signer.end();
}

// ---- SignedData (RFC 5652 section 5.1)
// ---------------------------------------------------------------------

Result<void> read_certificates(const Element& set, TimestampToken& token) {
  Reader list(set.content);
  for (size_t count = 0; !list.at_end(); ++count) {
    if (count == kMaxCertificates)
      return Error::refused("parse.limit", "more than 8 certificates in a timestamp");
    const auto element = list.next();
    if (!element) return element.error();
    if (auto certificate = Certificate::from_der(element->raw))
      token.certificates.push_back(std::move(*certificate));
  }
  return {};
}

Result<void> read_content(Reader& data, TimestampToken& token) {
  auto content = data.enter(der::kSequence);
  if (!content) return content.error();
  const auto type = content->oid();
  if (!type) return type.error();
  if (*type != kTstInfo) return bad_token("it does not hold a TSTInfo but content of type " + *type);
  auto wrapped = content->enter(der::context(0));
  if (!wrapped) return wrapped.error();
  const auto octets = wrapped->octet_string();
  if (!octets) return octets.error();
  if (auto end = wrapped->end(); !end) return end;
  if (auto end = content->end(); !end) return end;
  token.content = *octets;
  return read_tst_info(token.content, token);
}

// digestAlgorithms, which the signer's must be among.
Result<void> check_listed(Reader digests, Hash used) {
  while (!digests.at_end()) {
    const auto element = digests.next();
    if (!element) return element.error();
    Reader algorithm(element->raw);
    const auto hash = der::read_digest_algorithm(algorithm);
    if (hash && *hash == used) return {};
  }
  return bad_signature("its digest algorithm is not among those listed");
}

Result<void> read_signed_data(Reader data, TimestampToken& token) {
  const auto version = data.small_integer();
  if (!version) return version.error();
  if (*version != 3) return bad_token("signed data of a timestamp is of version 3");
  const auto digests = data.next(der::kSet);
  if (!digests) return digests.error();
  if (auto content = read_content(data, token); !content) return content;
  if (data.peek() == der::context(0)) {
    const auto set = data.next();
    if (!set) return set.error();
    if (auto read = read_certificates(*set, token); !read) return read;
  }
  if (data.peek() == der::context(1)) {
    if (const auto lists = data.next(); !lists) return lists.error();
  }
  auto signers = data.enter(der::kSet);
  if (!signers) return signers.error();
  if (auto end = data.end(); !end) return end;
  if (signers->at_end()) return bad_signature("nobody signed it");
  auto signer = signers->enter(der::kSequence);
  if (!signer) return signer.error();
  if (!signers->at_end()) return bad_signature("more than one signer");
  if (auto read = read_signer(*signer, token); !read) return read;
  return check_listed(Reader(digests->content), token.digest_hash);
}

Result<void> read_token(std::string_view der, TimestampToken& token) {
  auto info = der::enter_whole(der, der::kSequence);
  if (!info) return info.error();
  const auto type = info->oid();
  if (!type) return type.error();
  if (*type != kSignedData) return bad_token("it is not CMS signed data");
  auto wrapped = info->enter(der::context(0));
  if (!wrapped) return wrapped.error();
  if (auto end = info->end(); !end) return end;
  auto data = wrapped->enter(der::kSequence);
  if (!data) return data.error();
  if (auto end = wrapped->end(); !end) return end;
  return read_signed_data(*data, token);
}

// Plain DER errors are about the timestamp here.
Error as_timestamp_error(Error error) {
  if (error.code() != "parse.der" && error.code() != "cert.parse") return error;
  return bad_token(error.message());
}

Result<void> check_size(std::string_view der) {
  if (der.size() <= kMaxTimestampSize) return {};
  return Error::refused("parse.limit", "a timestamp of more than 64 KiB");
}

// PKIStatusInfo; gives back whether the answer was granted.
Result<int64_t> read_status(Reader& response) {
  auto info = response.enter(der::kSequence);
  if (!info) return info.error();
  const auto status = info->small_integer();
  if (!status) return status.error();
  if (info->peek() == der::kSequence) {
    if (const auto text = info->next(); !text) return text.error();
  }
  if (info->peek() == der::kBitString) {
    if (const auto failure = info->next(); !failure) return failure.error();
  }
  if (auto end = info->end(); !end) return std::move(end).error();
  return *status;
}

Result<std::string_view> token_of_response(std::string_view der) {
  auto response = der::enter_whole(der, der::kSequence);
  if (!response) return response.error();
  const auto status = read_status(*response);
  if (!status) return status.error();
  if (*status > 1) {
    return Error::refused("tsa.status", "the timestamp authority did not grant the timestamp (status " +
                                            std::to_string(*status) + ")");
  }
  const auto token = response->next(der::kSequence);
  if (!token) return token.error();
  if (auto end = response->end(); !end) return std::move(end).error();
  return token->raw;
}

}  // namespace

Result<TimestampToken> parse_timestamp_response(std::string_view der) {
  if (auto fits = check_size(der); !fits) return std::move(fits).error();
  auto token = token_of_response(der);
  if (!token) return as_timestamp_error(std::move(token).error());
  return parse_timestamp_token(*token);
}

Result<TimestampToken> parse_timestamp_token(std::string_view der) {
  if (auto fits = check_size(der); !fits) return std::move(fits).error();
  TimestampToken token;
  token.der = der;
  if (auto read = read_token(token.der, token); !read) return as_timestamp_error(std::move(read).error());
  return token;
}

}  // namespace gridseal::crypto
