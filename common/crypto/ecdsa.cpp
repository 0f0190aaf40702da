#include "crypto/ecdsa.hpp"

#include <gmp.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>

#include "crypto/der.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

class Number {
 public:
  explicit Number(std::string_view magnitude) {
    mpz_init(value_);
    mpz_import(value_, magnitude.size(), 1, 1, 1, 0, magnitude.data());
  }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { mpz_clear(value_); }
  const __mpz_struct* get() const { return value_; }

 private:
  mpz_t value_;
};

const ecc_curve* curve_of(KeyKind kind) {
  if (kind == KeyKind::ecdsa_p384) return nettle_get_secp_384r1();
  if (kind == KeyKind::ecdsa_p521) return nettle_get_secp_521r1();
  return nettle_get_secp_256r1();
}

Error malformed(const std::string& why) {
  return Error::refused("sig.invalid", "the signature is malformed: " + why);
}

Result<void> check_number(const std::string& name, std::string_view magnitude, unsigned bits) {
  if (magnitude.find_first_not_of('\0') == std::string_view::npos) return malformed(name + " is zero");
  if (magnitude.size() > (bits + 7) / 8) return malformed(name + " is too large");
  return {};
}

}  // namespace

struct EcdsaKey::Point {
  explicit Point(KeyKind curve) { ecc_point_init(&value, curve_of(curve)); }
  Point(const Point&) = delete;
  Point& operator=(const Point&) = delete;
  ~Point() { ecc_point_clear(&value); }
  ecc_point value{};
};

EcdsaKey::EcdsaKey(std::unique_ptr<Point> point) : point_(std::move(point)) {}
EcdsaKey::~EcdsaKey() = default;

std::shared_ptr<const EcdsaKey> EcdsaKey::from_point(KeyKind curve, std::string_view point) {
  const size_t width = (point.size() - 1) / 2;
  const Number x(point.substr(1, width));
  const Number y(point.substr(1 + width));
  auto made = std::make_unique<Point>(curve);
  if (ecc_point_set(&made->value, x.get(), y.get()) != 1) return nullptr;
  return std::shared_ptr<const EcdsaKey>(new EcdsaKey(std::move(made)));
}

bool EcdsaKey::verify(std::string_view digest, std::string_view r, std::string_view s) const {
  dsa_signature signature;
  dsa_signature_init(&signature);
  mpz_import(signature.r, r.size(), 1, 1, 1, 0, r.data());
  mpz_import(signature.s, s.size(), 1, 1, 1, 0, s.data());
  const auto* const bytes = reinterpret_cast<const uint8_t*>(digest.data());
  const int good = ecdsa_verify(&point_->value, digest.size(), bytes, &signature);
  dsa_signature_clear(&signature);
  return good == 1;
}

Result<EcdsaSignature> parse_ecdsa_der(std::string_view signature, unsigned bits) {
  der::Reader outer(signature);
  auto pair = outer.enter(der::kSequence);
  if (!pair) return malformed("not a DER sequence of two integers");
  EcdsaSignature parsed;
  for (auto [name, number] : {std::pair("r", &parsed.r), std::pair("s", &parsed.s)}) {
    const auto magnitude = pair->unsigned_integer();
    if (!magnitude) return malformed(std::string(name) + " is not a minimal positive DER integer");
    if (auto fits = check_number(name, *magnitude, bits); !fits) return std::move(fits).error();
    *number = *magnitude;
  }
  if (!pair->end() || !outer.end()) return malformed("bytes after the two integers");
  return parsed;
}

Result<EcdsaSignature> parse_ecdsa_p1363(std::string_view signature, unsigned bits) {
  const size_t width = (bits + 7) / 8;
  if (signature.size() != 2 * width)
    return malformed("r and s of this curve have " + std::to_string(2 * width) + " bytes together");
  const EcdsaSignature parsed{signature.substr(0, width), signature.substr(width)};
  if (auto fits = check_number("r", parsed.r, bits); !fits) return std::move(fits).error();
  if (auto fits = check_number("s", parsed.s, bits); !fits) return std::move(fits).error();
  return parsed;
}

}  // namespace gridseal::crypto
