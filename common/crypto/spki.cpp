#include "crypto/spki.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "base/encoding.hpp"
#include "crypto/der.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

struct Curve {
  std::string_view oid;
  KeyKind kind;
  unsigned bits;
  size_t coordinate;  // bytes
};

constexpr std::array kCurves = {
    Curve{"1.2.840.10045.3.1.7", KeyKind::ecdsa_p256, 256, 32},
    Curve{"1.3.132.0.34", KeyKind::ecdsa_p384, 384, 48},
    Curve{"1.3.132.0.35", KeyKind::ecdsa_p521, 521, 66},
};

constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 4096;

Error unsupported_key(const std::string& what) {
  return Error::refused(
      "sig.alg_unsupported",
      what + " is not accepted; use ECDSA P-256, P-384 or P-521, RSA with 2048 to 4096 bits, or Ed25519");
}

unsigned bit_length(std::string_view magnitude) {
  if (magnitude.empty()) return 0;
  return static_cast<unsigned>(magnitude.size() - 1) * 8 +
         static_cast<unsigned>(std::bit_width(static_cast<uint8_t>(magnitude.front())));
}

Result<Spki> ec_key(der::Reader& parameters, std::string_view point) {
  const auto curve_id = parameters.oid();
  if (!curve_id) return curve_id.error();
  for (const Curve& curve : kCurves) {
    if (*curve_id != curve.oid) continue;
    if (point.size() != 1 + 2 * curve.coordinate || point.front() != '\x04')
      return Error::refused("key.invalid", "the EC point is not an uncompressed point of the curve's size");
    return Spki{curve.kind, curve.bits, point};
  }
  const bool koblitz = *curve_id == "1.3.132.0.10";
  return unsupported_key(koblitz ? "the curve secp256k1" : "the curve with identifier " + *curve_id);
}

Result<Spki> rsa_key(der::Reader& parameters, std::string_view key) {
  if (auto null = parameters.null(); !null) return null.error();
  der::Reader outer(key);
  auto numbers = outer.enter(der::kSequence);
  if (!numbers) return numbers.error();
  const auto modulus = numbers->unsigned_integer();
  if (!modulus) return modulus.error();
  const auto exponent = numbers->unsigned_integer();
  if (!exponent) return exponent.error();
  if (auto end = numbers->end(); !end) return end.error();
  if (auto end = outer.end(); !end) return end.error();
  const unsigned bits = bit_length(*modulus);
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return unsupported_key("an RSA key of " + std::to_string(bits) + " bits");
  const auto odd = [](std::string_view n) { return (static_cast<uint8_t>(n.back()) & 1U) != 0; };
  // A huge exponent only serves to make verification slow; every signer in use has 65537.
  const bool exponent_fits = bit_length(*exponent) >= 2 && bit_length(*exponent) <= 32 && odd(*exponent);
  if (!odd(*modulus) || !exponent_fits) return Error::refused("key.invalid", "not a usable RSA key");
  return Spki{KeyKind::rsa, bits, key};
}

Result<Spki> ed25519_key(std::string_view key) {
  if (key.size() != 32) return Error::refused("key.invalid", "an Ed25519 key has 32 bytes");
  return Spki{KeyKind::ed25519, 256, key};
}

Result<Spki> by_algorithm(der::Reader& algorithm, std::string_view key) {
  const auto id = algorithm.oid();
  if (!id) return id.error();
  if (*id == oid::kEcPublicKey) return ec_key(algorithm, key);
  if (*id == oid::kRsa) return rsa_key(algorithm, key);
  if (*id == oid::kEd25519) return ed25519_key(key);
  return unsupported_key("a key with algorithm identifier " + *id);
}

std::string algorithm_identifier(KeyKind kind) {
  std::string content;
  switch (kind) {
    case KeyKind::rsa:
      content = der::encode_oid(oid::kRsa) + der::encode(der::kNull, "");
      break;
    case KeyKind::ed25519:
      content = der::encode_oid(oid::kEd25519);
      break;
    default:
      content = der::encode_oid(oid::kEcPublicKey) + der::encode_oid(curve_oid(kind));
  }
  return der::encode(der::kSequence, content);
}

}  // namespace

Result<Spki> parse_spki(std::string_view der) {
  der::Reader outer(der);
  auto spki = outer.enter(der::kSequence);
  if (!spki) return spki.error();
  if (auto end = outer.end(); !end) return end.error();
  auto algorithm = spki->enter(der::kSequence);
  if (!algorithm) return algorithm.error();
  const auto key = spki->bit_string();
  if (!key) return key.error();
  if (auto end = spki->end(); !end) return end.error();
  auto parsed = by_algorithm(*algorithm, *key);
  if (!parsed) return parsed;
  if (auto end = algorithm->end(); !end) return end.error();
  return parsed;
}

std::string_view curve_oid(KeyKind kind) {
  for (const Curve& curve : kCurves) {
    if (curve.kind == kind) return curve.oid;
  }
  return {};
}

std::string encode_spki(KeyKind kind, std::string_view key) {
  return der::encode(der::kSequence, algorithm_identifier(kind) + der::encode_bit_string(key));
}

std::string encode_pkcs8(KeyKind kind, std::string_view key) {
  const std::string version = der::encode_unsigned_integer("");
  return der::encode(der::kSequence,
                     version + algorithm_identifier(kind) + der::encode(der::kOctetString, key));
}

}  // namespace gridseal::crypto
