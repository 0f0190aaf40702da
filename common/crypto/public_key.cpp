#include "crypto/public_key.hpp"

#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <sodium.h>

#include <mutex>
#include <optional>

#include "crypto/ecdsa.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/mbed.hpp"
#include "crypto/octets.hpp"
#include "crypto/pem.hpp"
#include "crypto/spki.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

Error invalid_signature() {
  return Error::refused("sig.invalid", "the signature is not by this key over these bytes");
}

Error malformed_signature(const std::string& why) {
  return Error::refused("sig.invalid", "the signature is malformed: " + why);
}

std::optional<Hash> hash_for(Scheme scheme) {
  switch (scheme) {
    case Scheme::sha256:
      return Hash::sha256;
    case Scheme::sha384:
      return Hash::sha384;
    case Scheme::sha512:
      return Hash::sha512;
    default:
      return std::nullopt;
  }
}

Scheme scheme_of(Hash hash) {
  if (hash == Hash::sha384) return Scheme::sha384;
  if (hash == Hash::sha512) return Scheme::sha512;
  return Scheme::sha256;
}

bool is_ecdsa(KeyKind kind) {
  return kind != KeyKind::rsa && kind != KeyKind::ed25519;
}

size_t digest_size(Hash hash) {
  if (hash == Hash::sha384) return 48;
  return hash == Hash::sha512 ? 64 : 32;
}

Error wrong_digest(Hash hash) {
  return Error::refused("sig.alg_mismatch",
                        "the digest does not have the length of " + std::string(to_string(hash)));
}

int check_pss(mbedtls_rsa_context* key, Hash hash, std::string_view digest, std::string_view signature) {
  const auto salt = static_cast<int>(digest.size());
  const auto size = static_cast<unsigned>(digest.size());
#if MBEDTLS_VERSION_MAJOR >= 3
  return mbedtls_rsa_rsassa_pss_verify_ext(key, md_type(hash), size, octets(digest), md_type(hash), salt,
                                           octets(signature));
#else
  return mbedtls_rsa_rsassa_pss_verify_ext(key, nullptr, nullptr, MBEDTLS_RSA_PUBLIC, md_type(hash), size,
                                           octets(digest), md_type(hash), salt, octets(signature));
#endif
}

}  // namespace

std::string_view to_string(KeyKind kind) {
  switch (kind) {
    case KeyKind::ecdsa_p256:
      return "ecdsa-p256";
    case KeyKind::ecdsa_p384:
      return "ecdsa-p384";
    case KeyKind::ecdsa_p521:
      return "ecdsa-p521";
    case KeyKind::rsa:
      return "rsa";
    case KeyKind::ed25519:
      return "ed25519";
  }
  return "";
}

std::string_view to_string(Scheme scheme) {
  switch (scheme) {
    case Scheme::sha256:
      return "sha256";
    case Scheme::sha384:
      return "sha384";
    case Scheme::sha512:
      return "sha512";
    case Scheme::ed25519:
      return "ed25519";
    case Scheme::ed25519ph:
      return "ed25519ph";
  }
  return "";
}

struct PublicKey::State {
  State(std::string_view spki, const Spki& parsed)
      : kind(parsed.kind), bits(parsed.bits), der(spki), key(parsed.key), fingerprint(sha256(spki)) {}

  Result<void> load() {
    if (kind == KeyKind::ed25519) {
      if (is_ed25519_key(key)) return {};
      return Error::refused("key.invalid", "the Ed25519 key is not a valid point");
    }
    if (is_ecdsa(kind)) {
      ecdsa = EcdsaKey::from_point(kind, key);
      if (ecdsa) return {};
    } else if (mbedtls_pk_parse_public_key(context.get(), octets(der), der.size()) == 0) {
      return {};
    }
    return Error::refused("key.invalid",
                          "the public key is not a valid " + std::string(to_string(kind)) + " key");
  }

  Result<void> verify_ecdsa(std::string_view digest, const Result<EcdsaSignature>& signature) const {
    if (!signature) return signature.error();
    if (ecdsa->verify(digest, signature->r, signature->s)) return {};
    return invalid_signature();
  }

  Result<void> verify_rsa(Hash hash, std::string_view digest, std::string_view signature, bool pss) const {
    if (signature.size() != (bits + 7) / 8)
      return malformed_signature("its length is not that of the RSA key");
    const std::lock_guard lock(mutex);
    const int result = pss ? check_pss(mbedtls_pk_rsa(*context.get()), hash, digest, signature)
                           : mbedtls_pk_verify(context.get(), md_type(hash), octets(digest), digest.size(),
                                               octets(signature), signature.size());
    if (result == 0) return {};
    return invalid_signature();
  }

  KeyKind kind;
  unsigned bits;
  std::string der;
  std::string key;
  base::Digest fingerprint;
  std::shared_ptr<const EcdsaKey> ecdsa;
  // RSA. mbedTLS caches inside the key context while it verifies, so one at a time.
  mutable std::mutex mutex;
  mutable PkContext context;
};

Result<PublicKey> PublicKey::from_pem(std::string_view text) {
  const auto der = parse_single_pem(text, "PUBLIC KEY");
  if (!der) return der.error();
  return from_spki(*der);
}

Result<PublicKey> PublicKey::from_spki(std::string_view der) {
  const auto parsed = parse_spki(der);
  if (!parsed) return parsed.error();
  auto state = std::make_shared<State>(der, *parsed);
  if (auto loaded = state->load(); !loaded) return std::move(loaded).error();
  return PublicKey(std::move(state));
}

Result<PublicKey> PublicKey::from_pkcs1_rsa(std::string_view der) {
  return from_spki(encode_spki(KeyKind::rsa, der));
}

KeyKind PublicKey::kind() const {
  return state_->kind;
}

unsigned PublicKey::bits() const {
  return state_->bits;
}

const std::string& PublicKey::spki_der() const {
  return state_->der;
}

std::string PublicKey::to_pem() const {
  return encode_pem("PUBLIC KEY", state_->der);
}

std::string PublicKey::key_id() const {
  return state_->fingerprint.to_string();
}

const base::Digest& PublicKey::fingerprint() const {
  return state_->fingerprint;
}

Hash PublicKey::natural_hash() const {
  switch (state_->kind) {
    case KeyKind::ecdsa_p384:
      return Hash::sha384;
    case KeyKind::ecdsa_p521:
    case KeyKind::ed25519:
      return Hash::sha512;
    default:
      return Hash::sha256;
  }
}

Scheme PublicKey::natural_scheme() const {
  if (state_->kind == KeyKind::ed25519) return Scheme::ed25519;
  if (state_->kind == KeyKind::ecdsa_p384) return Scheme::sha384;
  if (state_->kind == KeyKind::ecdsa_p521) return Scheme::sha512;
  return Scheme::sha256;
}

bool PublicKey::supports(Scheme scheme) const {
  const bool hashed = hash_for(scheme).has_value();
  return hashed != (state_->kind == KeyKind::ed25519);
}

Error PublicKey::mismatch(std::string_view scheme) const {
  return Error::refused("sig.alg_mismatch", "a key of kind " + std::string(to_string(kind())) +
                                                " does not sign as " + std::string(scheme));
}

Result<void> PublicKey::verify(Scheme scheme, std::string_view message, std::string_view signature) const {
  if (!supports(scheme)) return mismatch(to_string(scheme));
  if (const auto hash = hash_for(scheme)) return verify_digest(*hash, hash_of(*hash, message), signature);
  if (signature.size() != crypto_sign_BYTES) return malformed_signature("an Ed25519 signature has 64 bytes");
  const bool good = scheme == Scheme::ed25519 ? verify_ed25519(state_->key, message, signature)
                                              : verify_ed25519ph(state_->key, message, signature);
  if (good) return {};
  return invalid_signature();
}

Result<void> PublicKey::verify_digest(Hash hash, std::string_view digest, std::string_view signature) const {
  if (digest.size() != digest_size(hash)) return wrong_digest(hash);
  if (is_ecdsa(kind())) return state_->verify_ecdsa(digest, parse_ecdsa_der(signature, bits()));
  if (kind() == KeyKind::rsa) return state_->verify_rsa(hash, digest, signature, false);
  if (hash != Hash::sha512) return mismatch(to_string(scheme_of(hash)));
  if (signature.size() != crypto_sign_BYTES) return malformed_signature("an Ed25519 signature has 64 bytes");
  if (verify_ed25519ph_digest(state_->key, digest, signature)) return {};
  return invalid_signature();
}

Result<void> PublicKey::verify_pss(Hash hash, std::string_view message, std::string_view signature) const {
  if (kind() != KeyKind::rsa) return mismatch("RSASSA-PSS");
  return state_->verify_rsa(hash, hash_of(hash, message), signature, true);
}

Result<void> PublicKey::verify_p1363(Hash hash, std::string_view message, std::string_view signature) const {
  return verify_p1363_digest(hash, hash_of(hash, message), signature);
}

Result<void> PublicKey::verify_p1363_digest(Hash hash, std::string_view digest,
                                            std::string_view signature) const {
  if (!is_ecdsa(kind())) return mismatch("ECDSA");
  if (digest.size() != digest_size(hash)) return wrong_digest(hash);
  return state_->verify_ecdsa(digest, parse_ecdsa_p1363(signature, bits()));
}

}  // namespace gridseal::crypto
