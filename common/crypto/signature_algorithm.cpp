// AlgorithmIdentifiers of signatures: RFC 5758 (ECDSA), RFC 4055 (RSA), RFC 8410 (Ed25519).
#include <array>

#include "crypto/certificate.hpp"
#include "crypto/der.hpp"
#include "crypto/der_values.hpp"

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;
using Form = SignatureAlgorithm::Form;

struct Known {
  std::string_view oid;
  Form form;
  Hash hash;
};

constexpr std::array kKnown = {
    Known{"1.2.840.10045.4.3.2", Form::ecdsa, Hash::sha256},
    Known{"1.2.840.10045.4.3.3", Form::ecdsa, Hash::sha384},
    Known{"1.2.840.10045.4.3.4", Form::ecdsa, Hash::sha512},
    Known{"1.2.840.113549.1.1.11", Form::rsa_pkcs1, Hash::sha256},
    Known{"1.2.840.113549.1.1.12", Form::rsa_pkcs1, Hash::sha384},
    Known{"1.2.840.113549.1.1.13", Form::rsa_pkcs1, Hash::sha512},
    Known{"1.3.101.112", Form::ed25519, Hash::sha512},
};
constexpr std::string_view kPss = "1.2.840.113549.1.1.10";
constexpr std::string_view kMgf1 = "1.2.840.113549.1.1.8";

Error unsupported(const std::string& what) {
  return Error::refused("sig.alg_unsupported",
                        what + " is not accepted; use ECDSA or RSA with SHA-256, 384 or 512, or Ed25519");
}

Error unknown(const std::string& oid) {
  if (oid == "1.2.840.113549.1.1.5" || oid == "1.2.840.10045.4.1") return unsupported("a SHA-1 signature");
  if (oid == "1.2.840.113549.1.1.4") return unsupported("an MD5 signature");
  return unsupported("the signature algorithm " + oid);
}

// MaskGenAlgorithm: MGF1 with a hash.
Result<Hash> read_mask(der::Reader& reader) {
  auto mask = reader.enter(der::kSequence);
  if (!mask) return mask.error();
  const auto id = mask->oid();
  if (!id) return id.error();
  if (*id != kMgf1) return unsupported("the RSA-PSS mask function " + *id);
  const auto hash = der::read_digest_algorithm(*mask);
  if (!hash) return hash.error();
  if (auto end = mask->end(); !end) return std::move(end).error();
  return *hash;
}

// RSASSA-PSS-params; every default is SHA-1, so hash, mask and salt must be there.
Result<SignatureAlgorithm> read_pss(der::Reader& algorithm) {
  auto parameters = algorithm.enter(der::kSequence);
  if (!parameters) return parameters.error();
  if (parameters->peek() != der::context(0)) return unsupported("RSA-PSS with SHA-1");
  auto wrapped = parameters->enter(der::context(0));
  if (!wrapped) return wrapped.error();
  const auto hash = der::read_digest_algorithm(*wrapped);
  if (!hash) return hash.error();
  if (auto end = wrapped->end(); !end) return std::move(end).error();
  if (parameters->peek() != der::context(1)) return unsupported("RSA-PSS with a SHA-1 mask");
  wrapped = parameters->enter(der::context(1));
  if (!wrapped) return wrapped.error();
  const auto mask = read_mask(*wrapped);
  if (!mask) return mask.error();
  if (auto end = wrapped->end(); !end) return std::move(end).error();
  wrapped = parameters->enter(der::context(2));
  if (!wrapped) return unsupported("RSA-PSS with a salt of 20 bytes");
  const auto salt = wrapped->small_integer();
  if (!salt) return salt.error();
  if (auto end = wrapped->end(); !end) return std::move(end).error();
  if (auto end = parameters->end(); !end) return std::move(end).error();
  const int64_t size = *hash == Hash::sha384 ? 48 : *hash == Hash::sha512 ? 64 : 32;
  if (*mask != *hash || *salt != size)
    return unsupported("RSA-PSS with a mask of another hash or a salt of another length than the hash's");
  return SignatureAlgorithm{Form::rsa_pss, *hash};
}

Result<void> check_parameters(der::Reader& algorithm, Form form) {
  if (algorithm.at_end()) return {};  // RFC 4055 section 5 wants absent RSA parameters accepted
  if (form != Form::rsa_pkcs1) return algorithm.end();
  if (auto null = algorithm.null(); !null) return null;
  return algorithm.end();
}

bool fits(Form form, KeyKind kind) {
  if (form == Form::ed25519) return kind == KeyKind::ed25519;
  if (form == Form::ecdsa) return kind != KeyKind::rsa && kind != KeyKind::ed25519;
  return kind == KeyKind::rsa;
}

}  // namespace

Result<SignatureAlgorithm> SignatureAlgorithm::from_der(std::string_view algorithm_identifier) {
  auto algorithm = der::enter_whole(algorithm_identifier, der::kSequence);
  if (!algorithm) return algorithm.error();
  const auto id = algorithm->oid();
  if (!id) return id.error();
  if (*id == kPss) {
    auto pss = read_pss(*algorithm);
    if (!pss) return pss;
    if (auto end = algorithm->end(); !end) return std::move(end).error();
    return *pss;
  }
  for (const Known& known : kKnown) {
    if (*id != known.oid) continue;
    if (auto checked = check_parameters(*algorithm, known.form); !checked) return std::move(checked).error();
    return SignatureAlgorithm{known.form, known.hash};
  }
  return unknown(*id);
}

Result<void> SignatureAlgorithm::verify(const PublicKey& key, std::string_view message,
                                        std::string_view signature) const {
  if (!fits(form, key.kind()))
    return Error::refused("sig.alg_mismatch", "the stated signature algorithm does not fit a key of kind " +
                                                  std::string(to_string(key.kind())));
  if (form == Form::rsa_pss) return key.verify_pss(hash, message, signature);
  if (form == Form::ed25519) return key.verify(Scheme::ed25519, message, signature);
  return key.verify_digest(hash, hash_of(hash, message), signature);
}

}  // namespace gridseal::crypto
