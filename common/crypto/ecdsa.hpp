// ECDSA verification (FIPS 186-5 section 6.4) over nettle's hogweed (internal to crypto).
#pragma once

#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "crypto/public_key.hpp"

namespace gridseal::crypto {

// Immutable; thread safe.
class EcdsaKey {
 public:
  // `point`: uncompressed, with its leading 4. Null when it is not on the curve.
  static std::shared_ptr<const EcdsaKey> from_point(KeyKind curve, std::string_view point);

  // r and s as magnitudes; false also when they are out of range.
  bool verify(std::string_view digest, std::string_view r, std::string_view s) const;

  EcdsaKey(const EcdsaKey&) = delete;
  EcdsaKey& operator=(const EcdsaKey&) = delete;
  ~EcdsaKey();

 private:
  struct Point;
  explicit EcdsaKey(std::unique_ptr<Point> point);
  std::unique_ptr<Point> point_;
};

struct EcdsaSignature {
  std::string_view r;  // magnitudes
  std::string_view s;
};

// Strict DER (RFC 3279 section 2.2.3): SEQUENCE { r, s }, both positive and of the curve's size, nothing
// after it; or r || s of fixed width. Errors (refused): sig.invalid.
base::Result<EcdsaSignature> parse_ecdsa_der(std::string_view signature, unsigned bits);
base::Result<EcdsaSignature> parse_ecdsa_p1363(std::string_view signature, unsigned bits);

}  // namespace gridseal::crypto
