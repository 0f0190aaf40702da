#include "crypto/certificate_path.hpp"
#include "crypto/sha1_identifier.hpp"
#include "crypto/timestamp.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

Error unknown_signer(const std::string& why) {
  return Error::refused("tsa.untrusted", "the timestamp is not of a known authority: " + why);
}

Error wrong_signature(const std::string& why) {
  return Error::refused("tsa.signature", "the timestamp's signature is not good: " + why);
}

bool named_by(const TimestampToken& token, const Certificate& certificate) {
  if (token.signer_issuer.empty())
    return certificate.subject_key_identifier() == std::string_view(token.signer_key_identifier);
  return token.signer_issuer == certificate.issuer_der() && token.signer_serial == certificate.serial();
}

std::string ess_digest_of(const TimestampToken& token, const Certificate& certificate) {
  return token.ess_sha1 ? sha1_identifier(certificate.der()) : hash_of(token.ess_hash, certificate.der());
}

// What the signing certificate attribute says of this certificate.
bool bound_to(const TimestampToken& token, const Certificate& certificate) {
  if (token.ess_digest != ess_digest_of(token, certificate)) return false;
  return token.ess_issuer.empty() ||
         (token.ess_issuer == certificate.issuer_der() && token.ess_serial == certificate.serial());
}

// Of several that bear the name, the one the attribute means.
const Certificate* embedded_signer(const TimestampToken& token) {
  const Certificate* named = nullptr;
  for (const Certificate& certificate : token.certificates) {
    if (!named_by(token, certificate)) continue;
    if (bound_to(token, certificate)) return &certificate;
    if (named == nullptr) named = &certificate;
  }
  return named;
}

Error path_error(const Error& error) {
  const std::string& code = error.code();
  if (code == "cert.untrusted_chain") return unknown_signer(error.message());
  const bool expired =
      code == "cert.not_valid_at_signing_time" || code == "cert.ca_not_valid_at_signing_time";
  if (code == "parse.limit") return error;
  return Error::refused(expired ? "tsa.expired" : "tsa.cert",
                        "the timestamp authority may not stamp this: " + error.message());
}

Result<void> check_signature(const TimestampToken& token, const Certificate& signer) {
  if (!bound_to(token, signer))
    return wrong_signature("its signing certificate attribute names another certificate");
  if (hash_of(token.digest_hash, token.content) != token.message_digest)
    return wrong_signature("its message digest is not that of its content");
  const auto& key = signer.public_key();
  if (!key) return wrong_signature(key.error().message());
  auto good = token.signature_algorithm.verify(*key, token.signed_attributes, token.signature);
  if (!good) return wrong_signature(good.error().message());
  return {};
}

Result<VerifiedTimestamp> verify_with_signer(const TimestampToken& token, const Stamped& stamped,
                                             const Certificate& signer,
                                             const std::vector<Certificate>& intermediates,
                                             const std::vector<Certificate>& anchors) {
  auto path = validate_path(signer, intermediates, anchors, Purpose::time_stamping, token.time);
  if (!path) return path_error(path.error());
  if (auto good = check_signature(token, signer); !good) return std::move(good).error();
  if (stamped.digest(token.imprint_hash) != token.imprint)
    return Error::refused("tsa.imprint", "the timestamp is of another signature");
  return VerifiedTimestamp{token.time, token.accuracy, 0, std::move(*path)};
}

Result<void> check_validity(const TimestampToken& token, const TimestampAuthority& authority) {
  const bool early = authority.valid_from && token.time < *authority.valid_from;
  const bool late = authority.valid_until && token.time > *authority.valid_until;
  if (!early && !late) return {};
  return Error::refused("tsa.expired", "the timestamp's time " + base::format_rfc3339(token.time) +
                                           " lies outside the time its authority is trusted for");
}

}  // namespace

Result<VerifiedTimestamp> verify_timestamp(const TimestampToken& token, const Stamped& stamped,
                                           const TimestampAuthority& authority) {
  const auto& chain = authority.chain;
  if (chain.empty()) return unknown_signer("the authority has no certificate");
  const bool leaf_listed = !chain.front().is_ca();
  if (leaf_listed && chain.size() == 1) return unknown_signer("the authority has no root");
  if (leaf_listed && !named_by(token, chain.front())) {
    // Under the signature it names its signer as well: altered then, and no stranger's.
    if (bound_to(token, chain.front()))
      return wrong_signature("its signer is named otherwise than in its signing certificate attribute");
    return unknown_signer("somebody else signed it");
  }
  const Certificate* const signer = leaf_listed ? &chain.front() : embedded_signer(token);
  if (signer == nullptr) return unknown_signer("it does not hold its signer's certificate");
  std::vector<Certificate> intermediates(chain.begin() + (leaf_listed ? 1 : 0), chain.end() - 1);
  intermediates.insert(intermediates.end(), token.certificates.begin(), token.certificates.end());
  auto verified = verify_with_signer(token, stamped, *signer, intermediates, {chain.back()});
  if (!verified) return verified;
  if (auto valid = check_validity(token, authority); !valid) return std::move(valid).error();
  return verified;
}

Result<VerifiedTimestamp> verify_timestamp(const TimestampToken& token, const Stamped& stamped,
                                           const std::vector<TimestampAuthority>& authorities) {
  Error failure = unknown_signer("no authority is configured");
  for (size_t i = 0; i < authorities.size(); ++i) {
    auto verified = verify_timestamp(token, stamped, authorities[i]);
    if (verified) {
      verified->authority = i;
      return verified;
    }
    if (failure.code() == "tsa.untrusted") failure = std::move(verified).error();
  }
  return failure;
}

Result<VerifiedTimestamp> verify_timestamp_with_anchors(const TimestampToken& token, const Stamped& stamped,
                                                        const std::vector<Certificate>& anchors) {
  const Certificate* const signer = embedded_signer(token);
  if (signer == nullptr) return unknown_signer("it does not hold its signer's certificate");
  return verify_with_signer(token, stamped, *signer, token.certificates, anchors);
}

}  // namespace gridseal::crypto
