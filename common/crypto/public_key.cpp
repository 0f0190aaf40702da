#include "crypto/public_key.hpp"

#include <sodium.h>

#include <mutex>
#include <optional>

#include "crypto/der.hpp"
#include "crypto/mbed.hpp"
#include "crypto/pem.hpp"
#include "crypto/sodium_ready.hpp"
#include "crypto/spki.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

Error invalid_signature() {
  return Error::refused("sig.invalid", "the signature is not by this key over these bytes");
}

Error malformed_signature(const std::string& why) {
  return Error::refused("sig.malformed", "the signature is malformed: " + why);
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

// SEQUENCE { r INTEGER, s INTEGER }, both positive, nothing after it (RFC 3279 section 2.2.3); the range
// below the group's order is checked with the signature.
Result<void> check_ecdsa_encoding(std::string_view signature, unsigned bits) {
  der::Reader outer(signature);
  auto pair = outer.enter(der::kSequence);
  if (!pair) return malformed_signature("not a DER sequence of two integers");
  for (const char* name : {"r", "s"}) {
    const auto number = pair->unsigned_integer();
    if (!number) return malformed_signature(std::string(name) + " is not a minimal positive DER integer");
    if (number->empty()) return malformed_signature(std::string(name) + " is zero");
    if (number->size() > (bits + 7) / 8) return malformed_signature(std::string(name) + " is too large");
  }
  if (!pair->end() || !outer.end()) return malformed_signature("bytes after the two integers");
  return {};
}

// libsodium refuses S >= L, non-canonical R and keys of small order (RFC 8032 section 5.1.7).
bool verify_ed25519(std::string_view key, std::string_view message, std::string_view signature) {
  return crypto_sign_verify_detached(octets(signature), octets(message), message.size(), octets(key)) == 0;
}

bool verify_ed25519ph(std::string_view key, std::string_view message, std::string_view signature) {
  crypto_sign_state state;
  crypto_sign_init(&state);
  crypto_sign_update(&state, octets(message), message.size());
  return crypto_sign_final_verify(&state, octets(signature), octets(key)) == 0;
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
      sodium_ready();
      if (crypto_core_ed25519_is_valid_point(octets(key)) == 1) return {};
      return Error::refused("key.invalid", "the Ed25519 key is not a valid point");
    }
    if (mbedtls_pk_parse_public_key(context.get(), octets(der), der.size()) == 0) return {};
    return Error::refused("key.invalid",
                          "the public key is not a valid " + std::string(to_string(kind)) + " key");
  }

  KeyKind kind;
  unsigned bits;
  std::string der;
  std::string key;
  base::Digest fingerprint;
  // mbedTLS caches inside the key context while it verifies, so one at a time.
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

Result<void> PublicKey::verify(Scheme scheme, std::string_view message, std::string_view signature) const {
  if (!supports(scheme)) {
    return Error::refused("sig.alg_mismatch", "a key of kind " + std::string(to_string(kind())) +
                                                  " does not sign as " + std::string(to_string(scheme)));
  }
  if (kind() == KeyKind::ed25519) {
    if (signature.size() != crypto_sign_BYTES)
      return malformed_signature("an Ed25519 signature has 64 bytes");
    const bool good = scheme == Scheme::ed25519 ? verify_ed25519(state_->key, message, signature)
                                                : verify_ed25519ph(state_->key, message, signature);
    if (good) return {};
    return invalid_signature();
  }
  if (kind() == KeyKind::rsa) {
    if (signature.size() != (bits() + 7) / 8)
      return malformed_signature("its length is not that of the RSA key");
  } else if (auto encoding = check_ecdsa_encoding(signature, bits()); !encoding) {
    return encoding;
  }
  const Hash hash = *hash_for(scheme);
  const std::string value = hash_of(hash, message);
  const std::lock_guard lock(state_->mutex);
  const int result = mbedtls_pk_verify(state_->context.get(), md_type(hash), octets(value), value.size(),
                                       octets(signature), signature.size());
  if (result == 0) return {};
  return invalid_signature();
}

}  // namespace gridseal::crypto
