// Certificate revocation lists (RFC 5280 section 5): complete lists of one issuer. Delta and indirect lists
// and lists of only some reasons or kinds of certificates are refused, as they answer another question.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"

namespace gridseal::crypto {

// CRLReason (RFC 5280 section 5.3.1).
enum class RevocationReason {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  privilege_withdrawn = 9,
  aa_compromise = 10,
};

std::string_view to_string(RevocationReason reason);  // "keyCompromise"

struct Revocation {
  base::Time revoked_at;
  std::optional<base::Time> invalid_since;  // invalidityDate
  RevocationReason reason = RevocationReason::unspecified;

  // From when on signatures are not believed: the earlier of both times.
  base::Time effective() const;
};

// Immutable, cheap to copy. Thread safe.
class RevocationList {
 public:
  static constexpr size_t kMaxSize = 16 * 1024 * 1024;

  // The whole of `der`. Errors (refused): parse.der, parse.limit, crl.parse, crl.critical_ext (an unknown
  // critical extension of the list or of an entry), crl.unsupported (delta, indirect, partial).
  static base::Result<RevocationList> from_der(std::string_view der);
  // Text with exactly one X509 CRL block.
  static base::Result<RevocationList> from_pem(std::string_view text);

  const std::string& der() const;
  std::string_view issuer_der() const;
  base::Time this_update() const;
  base::Time next_update() const;   // required here: a list without an end is never fresh
  std::string_view number() const;  // magnitude of cRLNumber, empty when absent
  size_t size() const;

  // That `issuer` signed it: name, authority key identifier, cRLSign where it has a key usage, signature.
  // Errors (refused): crl.issuer, sig.alg_unsupported, sig.alg_mismatch, sig.invalid.
  base::Result<void> check_signed_by(const Certificate& issuer) const;

  // thisUpdate <= at <= nextUpdate. Errors: crl.not_yet_valid (refused), crl.expired (refused).
  base::Result<void> check_current(base::Time at) const;

  // `serial` as Certificate::serial() gives it; the certificate must be of this list's issuer.
  std::optional<Revocation> find(std::string_view serial) const;

  struct State;  // internal to crypto

 private:
  explicit RevocationList(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace gridseal::crypto
