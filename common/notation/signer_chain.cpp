#include "notation/signer_chain.hpp"

#include <algorithm>
#include <array>

#include "crypto/certificate_path.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;
using crypto::Certificate;
using crypto::KeyKind;

constexpr unsigned kRsa2048 = 2048;
constexpr unsigned kRsa3072 = 3072;
constexpr unsigned kRsa4096 = 4096;

Error chain_error(const std::string& what) {
  return Error::refused("notary.chain", "the signer's certificate chain is refused: " + what);
}

Error requirement_error(const Certificate& certificate, const std::string& what) {
  return Error::refused("notary.cert_requirements",
                        "the certificate '" + certificate.subject_text() + "' is refused: " + what);
}

crypto::Hash hash_of(Algorithm algorithm) {
  if (algorithm == Algorithm::es256 || algorithm == Algorithm::ps256) return crypto::Hash::sha256;
  if (algorithm == Algorithm::es384 || algorithm == Algorithm::ps384) return crypto::Hash::sha384;
  return crypto::Hash::sha512;
}

bool is_ecdsa(Algorithm algorithm) {
  return algorithm == Algorithm::es256 || algorithm == Algorithm::es384 || algorithm == Algorithm::es512;
}

bool is_self_signed(const Certificate& certificate) {
  return certificate.self_issued() && certificate.check_signed_by(certificate).has_value();
}

Result<void> check_ca(const Certificate& certificate, size_t cas_below) {
  const auto& constraints = certificate.basic_constraints();
  if (!constraints || !constraints->critical || !constraints->ca)
    return requirement_error(certificate, "a CA needs critical basic constraints with CA:TRUE");
  const auto& usage = certificate.key_usage();
  if (!usage || !usage->critical || !usage->key_cert_sign)
    return requirement_error(certificate, "a CA needs critical key usage with keyCertSign");
  if (constraints->path_length && static_cast<uint64_t>(*constraints->path_length) < cas_below)
    return requirement_error(certificate, "there are more CAs below it than its path length allows");
  return {};
}

Result<void> check_leaf_usage(const Certificate& leaf) {
  const auto& usage = leaf.key_usage();
  if (!usage || !usage->critical || !usage->digital_signature)
    return requirement_error(leaf, "a signing certificate needs critical key usage with digitalSignature");
  if (usage->key_encipherment || usage->data_encipherment || usage->key_agreement || usage->key_cert_sign ||
      usage->crl_sign || usage->encipher_only || usage->decipher_only)
    return requirement_error(leaf, "a signing certificate's key must not be for anything but signatures");
  return {};
}

Result<void> check_leaf(const Certificate& leaf) {
  if (leaf.is_ca()) return requirement_error(leaf, "a CA must not sign artifacts");
  if (auto fine = check_leaf_usage(leaf); !fine) return fine;
  const auto& purposes = leaf.extended_key_usage();
  if (!purposes) return {};
  constexpr std::array kForbidden = {crypto::oid::kAnyExtendedKeyUsage, crypto::oid::kServerAuth,
                                     crypto::oid::kClientAuth,          crypto::oid::kEmailProtection,
                                     crypto::oid::kTimeStamping,        crypto::oid::kOcspSigning};
  for (const std::string_view forbidden : kForbidden) {
    if (purposes->contains(forbidden))
      return requirement_error(leaf, "its extended key usage " + std::string(forbidden) +
                                         " is not allowed for a signing certificate");
  }
  return {};
}

std::string subjects_of(const TrustPolicy& policy) {
  std::string all;
  for (const SubjectPattern& identity : policy.identities) all += (all.empty() ? "" : "; ") + identity.text;
  return all;
}

}  // namespace

Result<Chain> parse_chain(const Envelope& envelope) {
  Chain chain;
  for (const std::string& der : envelope.certificate_chain) {
    auto certificate = Certificate::from_der(der);
    if (!certificate)
      return std::move(certificate)
          .error()
          .with_context("certificate " + std::to_string(chain.size() + 1) + " of the signature envelope");
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

Result<Algorithm> algorithm_of(const Certificate& leaf) {
  const auto& key = leaf.public_key();
  if (!key)
    return Error::refused("notary.alg",
                          "the signing certificate's key is refused: " + key.error().describe_with_code());
  switch (key->kind()) {
    case KeyKind::ecdsa_p256:
      return Algorithm::es256;
    case KeyKind::ecdsa_p384:
      return Algorithm::es384;
    case KeyKind::ecdsa_p521:
      return Algorithm::es512;
    case KeyKind::rsa:
      if (key->bits() == kRsa2048) return Algorithm::ps256;
      if (key->bits() == kRsa3072) return Algorithm::ps384;
      if (key->bits() == kRsa4096) return Algorithm::ps512;
      break;
    case KeyKind::ed25519:
      break;
  }
  return Error::refused("notary.alg", "the signing certificate's key (" +
                                          std::string(to_string(key->kind())) + ", " +
                                          std::to_string(key->bits()) +
                                          " bits) is none that Notary Project signatures may use");
}

Result<void> check_signature(const Certificate& leaf, Algorithm algorithm, const Envelope& envelope) {
  const crypto::PublicKey& key = *leaf.public_key();
  const crypto::Hash hash = hash_of(algorithm);
  auto verified = is_ecdsa(algorithm) ? key.verify_p1363(hash, envelope.signed_bytes, envelope.signature)
                                      : key.verify_pss(hash, envelope.signed_bytes, envelope.signature);
  if (verified) return {};
  return std::move(verified).error().with_context("the envelope's signature");
}

Result<void> check_links(const Chain& chain) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (is_self_signed(chain[i]))
      return chain_error("certificate " + std::to_string(i + 1) + " is self-signed, yet others follow it");
    if (auto issued = crypto::check_issued_by(chain[i], chain[i + 1]); !issued)
      return chain_error("certificate " + std::to_string(i + 1) +
                         " is not issued by the one that follows it: " + issued.error().describe_with_code());
  }
  if (!is_self_signed(chain.back()))
    return chain_error("it does not end with a self-signed root certificate");
  return {};
}

Result<void> check_requirements(const Chain& chain) {
  for (const Certificate& certificate : chain) {
    if (auto understood = crypto::check_critical_extensions(certificate); !understood)
      return requirement_error(certificate, understood.error().describe_with_code());
  }
  if (auto fine = check_leaf(chain.front()); !fine) return fine;
  size_t cas_below = 0;
  for (size_t i = 1; i < chain.size(); ++i) {
    if (auto fine = check_ca(chain[i], cas_below); !fine) return fine;
    ++cas_below;
  }
  return {};
}

Result<StoreReference> find_in_stores(const Chain& chain, SigningScheme scheme, const TrustPolicy& policy,
                                      const TrustStore& store) {
  const StoreType wanted = scheme == SigningScheme::x509 ? StoreType::ca : StoreType::signing_authority;
  std::string tried;
  for (const StoreReference& reference : policy.stores) {
    if (reference.type != wanted) continue;
    const Chain* trusted = store.find(reference);
    if (trusted == nullptr)
      return Error::refused("notary.store", "the trust store " + to_string(reference) + " is not there");
    for (const Certificate& certificate : chain)
      if (std::ranges::find(*trusted, certificate) != trusted->end()) return reference;
    tried += (tried.empty() ? "" : ", ") + to_string(reference);
  }
  return Error::refused(
      "notary.store", tried.empty() ? "the trust policy '" + policy.name + "' names no trust store of type " +
                                          std::string(to_string(wanted)) + ", which signatures of scheme " +
                                          std::string(to_string(scheme)) + " need"
                                    : "no certificate of the signer's chain, which ends with '" +
                                          chain.back().subject_text() + "', is in the trust store " + tried);
}

Result<std::string> match_identity(const Certificate& leaf, const TrustPolicy& policy) {
  if (policy.any_identity) return std::string("*");
  std::vector<SubjectAttribute> subject;
  for (const crypto::NameAttribute& attribute : leaf.subject())
    subject.push_back({attribute.oid, attribute.value});
  for (const SubjectPattern& identity : policy.identities)
    if (matches(identity, subject)) return identity.text;
  return Error::refused("notary.identity", "the signer '" + leaf.subject_text() +
                                               "' is none of the trusted identities: " + subjects_of(policy));
}

}  // namespace gridseal::notation
