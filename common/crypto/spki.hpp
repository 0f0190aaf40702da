// SubjectPublicKeyInfo taken apart (internal to crypto): RFC 5280, 5480 (EC), 8017 (RSA), 8410 (Ed25519).
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/public_key.hpp"

namespace gridseal::crypto {

struct Spki {
  KeyKind kind = KeyKind::ecdsa_p256;
  unsigned bits = 0;
  std::string_view key;  // EC point, RSAPublicKey or the 32 bytes of Ed25519
};

// Strict, the whole of `der`. Errors (refused): parse.der, sig.alg_unsupported, key.invalid.
base::Result<Spki> parse_spki(std::string_view der);

namespace oid {
inline constexpr std::string_view kEcPublicKey = "1.2.840.10045.2.1";
inline constexpr std::string_view kRsa = "1.2.840.113549.1.1.1";
inline constexpr std::string_view kEd25519 = "1.3.101.112";
}  // namespace oid

// The curve's object identifier; empty for kinds without a curve.
std::string_view curve_oid(KeyKind kind);

std::string encode_spki(KeyKind kind, std::string_view key);
// PKCS#8 around a SEC 1, PKCS#1 or Ed25519 private key (RFC 5958, RFC 8410).
std::string encode_pkcs8(KeyKind kind, std::string_view key);

}  // namespace gridseal::crypto
