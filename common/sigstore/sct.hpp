// Signed certificate timestamps that a certificate carries (RFC 6962 sections 3.2 and 3.3): the promise of a
// certificate transparency log that the certificate was shown to the public.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "sigstore/trusted_root.hpp"

namespace gridseal::sigstore {

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

struct VerifiedSct {
  std::string log;  // host of the log's URL
  base::Time time;
};

// Those of `leaf` by logs of `root`, one for each log; never none. `issuer` issued the leaf. Timestamps of
// logs that are unknown or cannot be used are passed over; one of a known log must verify. Errors (refused):
// sct.missing, sct.unknown_log, sct.invalid, sct.log_expired, parse.limit.
base::Result<std::vector<VerifiedSct>> verify_scts(const crypto::Certificate& leaf,
                                                   const crypto::Certificate& issuer,
                                                   const TrustedRoot& root);

}  // namespace gridseal::sigstore
