// Private keys, for the side that publishes. A host that only verifies never holds one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/public_key.hpp"
#include "crypto/secret.hpp"

namespace gridseal::crypto {

// Moves, never copies; its memory is wiped. Thread safe.
class PrivateKey {
 public:
  // One PEM block:
  //   PRIVATE KEY (PKCS#8, RFC 5958), EC PRIVATE KEY (SEC 1, RFC 5915), RSA PRIVATE KEY (PKCS#1, RFC 8017)
  //   ENCRYPTED SIGSTORE PRIVATE KEY, ENCRYPTED COSIGN PRIVATE KEY: what `cosign generate-key-pair` writes,
  //     JSON with scrypt and nacl/secretbox around PKCS#8, opened with `password`.
  // Kinds as PublicKey. Errors (refused): parse.pem, parse.der, parse.json, parse.base64, parse.limit (scrypt
  // cost), sig.alg_unsupported, key.invalid, key.password (wrong or missing password).
  static base::Result<PrivateKey> from_pem(std::string_view text, std::string_view password = {});

  // A new ECDSA P-256 key. Error (blocked): key.generate.
  static base::Result<PrivateKey> generate();

  const PublicKey& public_key() const;

  // PRIVATE KEY (PKCS#8), not encrypted: to be written with mode 0600 only.
  base::Result<Secret> to_pem() const;
  // ENCRYPTED SIGSTORE PRIVATE KEY, readable by cosign.
  base::Result<std::string> to_encrypted_pem(std::string_view password) const;

  // ECDSA: DER; RSA: PKCS#1 v1.5. Errors: sig.alg_mismatch (refused), sig.failed (blocked).
  base::Result<std::string> sign(Scheme scheme, std::string_view message) const;

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey();

 private:
  struct State;
  explicit PrivateKey(std::unique_ptr<State> state);
  static base::Result<PrivateKey> from_pkcs8(std::string_view der);
  static base::Result<PrivateKey> from_traditional(std::string_view der);
  base::Result<Secret> to_pkcs8() const;
  std::unique_ptr<State> state_;
};

}  // namespace gridseal::crypto
