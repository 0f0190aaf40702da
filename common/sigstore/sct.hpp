// Signed certificate timestamps that a certificate carries (RFC 6962 sections 3.2 and 3.3): the promise of a
// certificate transparency log that the certificate was shown to the public.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"

namespace gridseal::sigstore {

struct TrustedRoot;

// The extension that carries them, and the one that marks a precertificate.
inline constexpr std::string_view kSctListOid = "1.3.6.1.4.1.11129.2.4.2";

struct Sct {
  std::string log_id;      // 32 bytes
  uint64_t timestamp = 0;  // milliseconds since 1970
  std::string extensions;  // not empty for logs of the static kind; part of what is signed
  std::string signature;
  bool ecdsa = true;  // else RSA PKCS#1 v1.5; the hash is SHA-256
};

// `list` is the SignedCertificateTimestampList itself, the content of both OCTET STRINGs. Entries of another
// version or algorithm are left out, as their rules are unknown. Errors (refused): sct.invalid, parse.limit.
base::Result<std::vector<Sct>> parse_sct_list(std::string_view list);

// The certificate's TBSCertificate without the extension of the timestamps; every other element is copied
// byte for byte. `certificate` is DER. Errors (refused): sct.missing (no such extension), parse.der.
struct PrecertificateTbs {
  std::string tbs;
  std::string sct_list;
};
base::Result<PrecertificateTbs> precertificate_tbs(std::string_view certificate);

struct VerifiedSct {
  std::string log;  // host of the log's URL
  base::Time time;
};

// Those of `certificate` (DER) by logs of `root`, from distinct logs; never none. `issuer_spki` is the
// SubjectPublicKeyInfo of the certificate that issued it. Timestamps of unknown logs are passed over; one of
// a known log must verify. Errors (refused): sct.missing, sct.unknown_log, sct.invalid, sct.log_expired,
// parse.der, parse.limit.
base::Result<std::vector<VerifiedSct>> verify_scts(std::string_view certificate, std::string_view issuer_spki,
                                                   const TrustedRoot& root);

}  // namespace gridseal::sigstore
