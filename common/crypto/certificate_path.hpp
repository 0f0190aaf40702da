// Certification paths at a given time (RFC 5280 section 6, "hybrid" model: every certificate of the path is
// valid at that time). No clock is read; name constraints and policies are not processed, so a certificate
// that makes them critical is refused.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::crypto {

enum class Purpose {
  // EKU present with codeSigning and without anyExtendedKeyUsage, not a CA, keyUsage with digitalSignature.
  code_signing,
  // EKU critical and exactly timeStamping (RFC 3161 section 2.3), not a CA, keyUsage, if present, for
  // signing.
  time_stamping,
};

inline constexpr size_t kMaxUntrustedCertificates = 16;
inline constexpr size_t kMaxPathLength = 8;

// Finds leaf .. anchor. `intermediates` are candidates in any order and believed in nothing; the path ends at
// the first certificate of `anchors` (which may be intermediates themselves, and are held to the same rules).
// Names match byte for byte, authority and subject key identifiers agree where both are present. Work is
// linear in pairs of certificates with matching names. Errors (refused), the most telling one:
//   cert.not_valid_at_signing_time     the leaf is not valid at `at`
//   cert.ca_not_valid_at_signing_time  an issuer on the way is not
//   cert.critical_ext                  a critical extension that is not understood
//   cert.eku                           extended key usage of leaf or issuer does not allow `purpose`
//   cert.key_usage                     key usage, or the leaf is a CA
//   cert.untrusted_chain               no path: unknown issuer, wrong signature, not a CA, path length
//   parse.limit                        more than kMaxUntrustedCertificates
base::Result<std::vector<Certificate>> validate_path(const Certificate& leaf,
                                                     const std::vector<Certificate>& intermediates,
                                                     const std::vector<Certificate>& anchors, Purpose purpose,
                                                     base::Time at);

// The same for one authority as sigstore lists it: [intermediates..., anchor], the anchor last.
base::Result<std::vector<Certificate>> validate_path(const Certificate& leaf,
                                                     const std::vector<Certificate>& authority_chain,
                                                     Purpose purpose, base::Time at);

// That `issuer` issued `certificate`: names, key identifiers, signature. Nothing about rights or times.
// Errors (refused): cert.untrusted_chain.
base::Result<void> check_issued_by(const Certificate& certificate, const Certificate& issuer);

// That `issuer` may sign certificates: CA:TRUE, keyCertSign, path length with `cas_below` CA certificates
// (the self-issued ones not counted) between it and the leaf. Errors (refused): cert.untrusted_chain,
// cert.key_usage.
base::Result<void> check_may_issue(const Certificate& issuer, size_t cas_below);

// That each certificate of an ordered chain [first, ..., last] was issued by the next one, which may issue.
// No times. Errors (refused): those of the two above; cert.untrusted_chain when empty.
base::Result<void> check_ordered_chain(const std::vector<Certificate>& chain);

// Errors (refused): cert.critical_ext.
base::Result<void> check_critical_extensions(const Certificate& certificate);

}  // namespace gridseal::crypto
