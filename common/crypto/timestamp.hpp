// RFC 3161 timestamps (with RFC 5652 CMS and RFC 5816 ESSCertIDv2), verified without any clock or network.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::crypto {

// A parsed token. What it states is believed only after verify_timestamp.
struct TimestampToken {
  std::string der;  // the ContentInfo
  Hash imprint_hash = Hash::sha256;
  std::string imprint;
  base::Time time;                        // genTime, cut to milliseconds
  base::milliseconds accuracy{};          // rounded up; zero when absent
  std::string policy;                     // OID
  std::string serial;                     // content octets of the INTEGER, of either sign
  std::vector<Certificate> certificates;  // embedded, untrusted; those that do not parse are left out

  // Of the one SignerInfo.
  std::string signer_issuer;  // raw Name; empty when the signer is named by key identifier
  std::string signer_serial;  // content octets of the INTEGER
  std::string signer_key_identifier;
  Hash digest_hash = Hash::sha256;
  SignatureAlgorithm signature_algorithm;
  std::string signature;
  std::string signed_attributes;  // DER as signed: re-tagged SET OF
  std::string content;            // TSTInfo DER
  std::string message_digest;
  Hash ess_hash = Hash::sha256;  // of the signing certificate attribute
  bool ess_sha1 = false;         // version 1 of it: SHA-1 (RFC 2634), binds only, proves nothing by itself
  std::string ess_digest;
  std::string ess_issuer;  // its issuerSerial, where given: raw Name and serial
  std::string ess_serial;
};

inline constexpr size_t kMaxTimestampSize = 64 * 1024;

// TimeStampResp, the whole of `der`. Errors (refused): tsa.parse, tsa.status (not granted), parse.limit; what
// is missing or forbidden in the signature (no signed attributes, no signing certificate attribute, several
// signers): tsa.signature; SHA-1, MD5 or other imprints: tsa.imprint; sig.alg_unsupported.
base::Result<TimestampToken> parse_timestamp_response(std::string_view der);
// A bare TimeStampToken (ContentInfo). The same errors without tsa.status.
base::Result<TimestampToken> parse_timestamp_token(std::string_view der);

struct TimestampAuthority {
  // [leaf,] intermediates..., root: the last one is the trust anchor. When the first one is no CA, only it
  // signs.
  std::vector<Certificate> chain;
  // Closed interval that must contain genTime, when given.
  std::optional<base::Time> valid_from;
  std::optional<base::Time> valid_until;
};

struct VerifiedTimestamp {
  base::Time time;
  base::milliseconds accuracy{};
  size_t authority = 0;           // index in what was given
  std::vector<Certificate> path;  // signer .. anchor

  base::Time earliest() const { return time - accuracy; }
  base::Time latest() const { return time + accuracy; }
};

// What a timestamp is over: the bytes of a signature, or the digest of them that the token's imprint_hash
// asks for. The bytes must outlive it.
class Stamped {
 public:
  template <std::convertible_to<std::string_view> Bytes>
  Stamped(const Bytes& bytes) : bytes_(bytes) {}  // NOLINT(google-explicit-constructor): the plain case
  static Stamped by_digest(std::string digest) {
    Stamped stamped{std::string_view()};
    stamped.digest_ = std::move(digest);
    return stamped;
  }
  std::string digest(Hash hash) const { return digest_.empty() ? hash_of(hash, bytes_) : digest_; }

 private:
  std::string_view bytes_;
  std::string digest_;
};

// Errors (refused):
//   tsa.untrusted  the signer does not belong to this authority (a caller may ignore such a token; it gives
//   no
//                  time). With every other code the token is of this authority and wrong.
//   tsa.imprint    it stamps other bytes
//   tsa.signature  signature, message digest or signing certificate attribute do not match
//   tsa.cert       the signer or an issuer may not stamp (key usages, CA bits, critical extensions)
//   tsa.expired    genTime outside the validity of a certificate or of the authority
base::Result<VerifiedTimestamp> verify_timestamp(const TimestampToken& token, const Stamped& stamped,
                                                 const TimestampAuthority& authority);

// With the authorities of a trusted root: good when one of them accepts it; else the error of the first one
// that knows the signer; else tsa.untrusted.
base::Result<VerifiedTimestamp> verify_timestamp(const TimestampToken& token, const Stamped& stamped,
                                                 const std::vector<TimestampAuthority>& authorities);

// With trust anchors alone (the certificates of a tsa trust store); signer and intermediates come from the
// token. `authority` is zero. A caller that needs certainty uses earliest() and latest().
base::Result<VerifiedTimestamp> verify_timestamp_with_anchors(const TimestampToken& token,
                                                              const Stamped& stamped,
                                                              const std::vector<Certificate>& anchors);

}  // namespace gridseal::crypto
