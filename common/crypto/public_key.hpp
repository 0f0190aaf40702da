// Public keys that verify signatures: ECDSA on P-256, P-384, P-521 (FIPS 186-5), RSA 2048 to 4096 bits with
// PKCS#1 v1.5 or PSS (RFC 8017 section 8), Ed25519 and Ed25519ph (RFC 8032). Anything else is refused by
// name.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "crypto/hash.hpp"

namespace gridseal::crypto {

enum class KeyKind { ecdsa_p256, ecdsa_p384, ecdsa_p521, rsa, ed25519 };

std::string_view to_string(KeyKind kind);  // "ecdsa-p256", "rsa", ...

// How a message is signed. The first three: ECDSA or RSA over that hash of the message.
enum class Scheme { sha256, sha384, sha512, ed25519, ed25519ph };

std::string_view to_string(Scheme scheme);

// Immutable, cheap to copy. Thread safe.
class PublicKey {
 public:
  // Text with exactly one PUBLIC KEY block. Errors (refused): those of from_spki and parse_single_pem.
  static base::Result<PublicKey> from_pem(std::string_view text);

  // A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), the whole of `der`. EC points uncompressed and on the
  // curve. Errors (refused): parse.der, sig.alg_unsupported (kind, curve or size), key.invalid (no such key).
  static base::Result<PublicKey> from_spki(std::string_view der);

  // An RSAPublicKey (RFC 8017 appendix A.1.1), the whole of `der`. The same errors.
  static base::Result<PublicKey> from_pkcs1_rsa(std::string_view der);

  KeyKind kind() const;
  unsigned bits() const;  // of the modulus or the curve
  const std::string& spki_der() const;
  std::string to_pem() const;
  // "sha256:<hex>" of the SubjectPublicKeyInfo.
  std::string key_id() const;
  const base::Digest& fingerprint() const;

  // The hash of the key's own strength: P-384 SHA-384, P-521 and Ed25519 SHA-512, else SHA-256.
  Hash natural_hash() const;
  // That hash as scheme; Ed25519: ed25519.
  Scheme natural_scheme() const;
  bool supports(Scheme scheme) const;

  // ECDSA signatures are strict DER. Errors (refused): sig.alg_mismatch (scheme does not fit the key),
  // sig.invalid (not of this key over this message, or not the encoding of any signature).
  base::Result<void> verify(Scheme scheme, std::string_view message, std::string_view signature) const;

  // The same over a digest that is known already. Ed25519: Ed25519ph, with a SHA-512 digest only. Errors
  // also: sig.alg_mismatch when `digest` does not have the hash's length.
  base::Result<void> verify_digest(Hash hash, std::string_view digest, std::string_view signature) const;

  // RSASSA-PSS (RFC 8017 section 8.1), MGF1 with the same hash, salt of the hash's length. The same errors.
  base::Result<void> verify_pss(Hash hash, std::string_view message, std::string_view signature) const;

  // ECDSA with r and s of fixed width side by side (IEEE P1363, RFC 7518 section 3.4). The same errors.
  base::Result<void> verify_p1363(Hash hash, std::string_view message, std::string_view signature) const;
  base::Result<void> verify_p1363_digest(Hash hash, std::string_view digest,
                                         std::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.spki_der() == b.spki_der(); }

 private:
  struct State;
  base::Error mismatch(std::string_view scheme) const;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace gridseal::crypto
