#include "crypto/ed25519.hpp"

#include <sodium.h>

#include <array>
#include <string>

#include "crypto/hash.hpp"
#include "crypto/octets.hpp"
#include "crypto/sodium_ready.hpp"

namespace gridseal::crypto {
namespace {

using Bytes32 = std::array<unsigned char, 32>;

// A number of up to 64 bytes, little endian, modulo the order of the group.
Bytes32 reduce(std::string_view number) {
  std::string wide(number);
  wide.resize(crypto_core_ed25519_NONREDUCEDSCALARBYTES, '\0');
  Bytes32 scalar{};
  crypto_core_ed25519_scalar_reduce(scalar.data(), octets(wide));
  return scalar;
}

std::string_view text(const Bytes32& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool is_ed25519_key(std::string_view key) {
  sodium_ready();
  return key.size() == crypto_sign_PUBLICKEYBYTES && crypto_core_ed25519_is_valid_point(octets(key)) == 1;
}

bool verify_ed25519(std::string_view key, std::string_view message, std::string_view signature) {
  return crypto_sign_verify_detached(octets(signature), octets(message), message.size(), octets(key)) == 0;
}

bool verify_ed25519ph(std::string_view key, std::string_view message, std::string_view signature) {
  crypto_sign_state state;
  crypto_sign_init(&state);
  crypto_sign_update(&state, octets(message), message.size());
  return crypto_sign_final_verify(&state, octets(signature), octets(key)) == 0;
}

// RFC 8032 section 5.1.7 with dom2(1, ""): libsodium's multi-part interface cannot start from a digest. All
// values are public, so nothing here need be constant in time.
bool verify_ed25519ph_digest(std::string_view key, std::string_view digest, std::string_view signature) {
  constexpr std::string_view kDomain("SigEd25519 no Ed25519 collisions\x01\x00", 34);
  const std::string_view r = signature.substr(0, 32);
  const std::string_view s = signature.substr(32);
  if (crypto_core_ed25519_is_valid_point(octets(r)) != 1) return false;
  const Bytes32 scalar = reduce(s);
  if (text(scalar) != s) return false;  // not below the order
  const Bytes32 challenge = reduce(sha512(std::string(kDomain).append(r).append(key).append(digest)));
  Bytes32 left{};
  Bytes32 right{};
  Bytes32 expected{};
  return crypto_scalarmult_ed25519_base_noclamp(left.data(), scalar.data()) == 0 &&
         crypto_scalarmult_ed25519_noclamp(right.data(), challenge.data(), octets(key)) == 0 &&
         crypto_core_ed25519_sub(expected.data(), left.data(), right.data()) == 0 && text(expected) == r;
}

}  // namespace gridseal::crypto
