#include "sigstore/signature_material.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "crypto/ecdsa.hpp"
#include "sigstore/sct.hpp"

namespace gridseal::sigstore {
namespace {

using base::Error;
using base::Result;
using crypto::Certificate;
using crypto::Hash;
using crypto::PublicKey;
using crypto::Scheme;

std::vector<Scheme> schemes_of(const PublicKey& key, SignerHabit habit) {
  if (habit == SignerHabit::simple_signing)
    return {key.kind() == crypto::KeyKind::ed25519 ? Scheme::ed25519 : Scheme::sha256};
  switch (key.kind()) {
    case crypto::KeyKind::ecdsa_p384:
    case crypto::KeyKind::ecdsa_p521:
      return {key.natural_scheme(), Scheme::sha256};
    case crypto::KeyKind::ed25519:
      return {Scheme::ed25519ph, Scheme::ed25519};
    default:
      return {Scheme::sha256};
  }
}

// nullopt: pure Ed25519, which needs the message itself.
std::optional<Hash> hash_of(Scheme scheme) {
  switch (scheme) {
    case Scheme::sha256:
      return Hash::sha256;
    case Scheme::sha384:
      return Hash::sha384;
    case Scheme::sha512:
    case Scheme::ed25519ph:
      return Hash::sha512;
    default:
      return std::nullopt;
  }
}

Result<void> verify_as(Scheme scheme, const SignatureMaterial& material, const PublicKey& key) {
  if (const auto bytes = material.message.bytes()) return key.verify(scheme, *bytes, material.signature);
  const auto hash = hash_of(scheme);
  const auto digest = hash ? material.message.digest(*hash) : std::nullopt;
  if (digest) return key.verify_digest(*hash, *digest, material.signature);
  return Error::refused("sig.alg_mismatch",
                        "of what is signed only a digest is at hand, and not the one that a key of kind " +
                            std::string(crypto::to_string(key.kind())) + " signs" +
                            (hash ? "" : "; pure Ed25519 needs all of it, at most 1 MiB"));
}

// A log without times of its own still has a key that was in use for some time only.
Result<void> check_log_lifetimes(const SignatureMaterial& material, const TrustedRoot& root,
                                 const VerifiedSignature& verified) {
  for (const LogEntry& entry : material.log_entries) {
    const Log* log = find_log(root.transparency_logs, entry.log_id);
    if (log == nullptr || !log->key || entry.integrated_time != 0) continue;
    for (const VerifiedTime& time : verified.times) {
      if (log->validity.contains(time.time)) continue;
      return Error::refused(
          "tlog.log_key_expired",
          "the key of the log " + log->host + " was not in use at " + base::format_rfc3339(time.time));
    }
  }
  return {};
}

// Also where nobody vouches for the time: a wrong claim is no ground to believe the rest.
Result<void> check_integrated_times(const SignatureMaterial& material, const Certificate& leaf) {
  constexpr int64_t kLastSecond = 253'402'300'799;
  for (const LogEntry& entry : material.log_entries) {
    if (entry.integrated_time == 0) continue;
    const bool inside = entry.integrated_time > 0 && entry.integrated_time <= kLastSecond &&
                        leaf.valid_at(base::Time(base::seconds(entry.integrated_time)));
    if (!inside)
      return Error::refused("time.integrated_outside_cert",
                            "the log entry was made while the signing certificate was not valid");
  }
  return {};
}

CertificateSigner make_signer(CertificateIdentity identity, const Certificate& leaf,
                              const std::vector<Certificate>& issuers) {
  CertificateSigner signer;
  signer.identity = std::move(identity);
  signer.certificate = leaf.der();
  signer.fingerprint = leaf.fingerprint().to_string();
  signer.serial = base::encode_hex(leaf.serial());
  signer.not_before = leaf.not_before();
  signer.not_after = leaf.not_after();
  for (const Certificate& issuer : issuers) {
    signer.chain.push_back(issuer.subject_text());
    signer.issuers.push_back(issuer.der());
  }
  return signer;
}

Result<void> collect_times(const SignatureMaterial& material, const TrustedRoot& root,
                           const CertificateRules& rules, VerifiedSignature& verified) {
  if (verified.times.empty()) {
    if (!rules.otherwise_at)
      return Error::refused("time.none",
                            "nothing proves when the signature was made: neither a log's promise "
                            "nor a known authority's timestamp");
    verified.times.push_back({*rules.otherwise_at, TimeSource::caller, {}});
  }
  return check_log_lifetimes(material, root, verified);
}

Result<void> check_scts(const Certificate& leaf, const Certificate& issuer, const TrustedRoot& root,
                        const CertificateRules& rules, VerifiedSignature& verified) {
  if (!rules.scts) {
    verified.ignored.emplace_back("timestamps of certificate transparency: not asked for");
    return {};
  }
  const auto scts = verify_scts(leaf, issuer, root);
  if (!scts) return scts.error();
  for (const VerifiedSct& sct : *scts)
    verified.checks.push_back(
        {"sct", "the certificate was logged at " + sct.log + " at " + base::format_rfc3339(sct.time)});
  return {};
}

// cosign's hint is the hash of the key.
bool hint_names(std::string_view hint, const PublicKey& key) {
  const auto& raw = key.fingerprint().raw();
  return hint == base::encode_base64({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

// By a pinned key, but with r and s side by side, which Sigstore does not know.
bool is_p1363(const SignatureMaterial& material, const NamedKey& key) {
  const auto digest = material.message.digest(Hash::sha256);
  return digest && key.key.verify_p1363_digest(Hash::sha256, *digest, material.signature);
}

// Whether keys of any kind make signatures of this form: if not, it is nobody's.
bool has_known_form(const SignatureMaterial& material, const std::vector<NamedKey>& keys) {
  constexpr unsigned kLargestCurve = 521;
  constexpr size_t kEd25519Size = 64;
  const size_t size = material.signature.size();
  if (crypto::parse_ecdsa_der(material.signature, kLargestCurve)) return true;
  if (size == 256 || size == 384 || size == 512) return true;  // RSA
  return size == kEd25519Size &&
         std::ranges::none_of(keys, [&](const NamedKey& key) { return is_p1363(material, key); });
}

struct FoundKey {
  const NamedKey* key;
  Scheme scheme;
};

std::string names_of(const std::vector<NamedKey>& keys) {
  std::string names;
  for (const NamedKey& key : keys) names += (names.empty() ? "" : ", ") + key.name;
  return names;
}

Result<FoundKey> find_key(const SignatureMaterial& material, std::string_view hint,
                          const std::vector<NamedKey>& keys) {
  std::optional<Error> not_judged;
  bool judged = false;
  const NamedKey* named = nullptr;
  for (const NamedKey& candidate : keys) {
    if (hint_names(hint, candidate.key)) named = &candidate;
    auto scheme = check_signature(material, candidate.key);
    if (scheme) return FoundKey{&candidate, *scheme};
    if (scheme.error().code() == "sig.alg_mismatch")
      not_judged = std::move(scheme).error();
    else
      judged = true;
  }
  if (not_judged && !judged) return *not_judged;
  if (!has_known_form(material, keys))
    return Error::refused("sig.invalid", "the signature is malformed: no key makes one of this form");
  if (named != nullptr)
    return Error::refused("sig.invalid", "the signature names the pinned key " + named->name +
                                             " and is not by it over these bytes");
  return Error::refused("key.wrong",
                        "not a signature over these bytes by any pinned key (" + names_of(keys) + ")");
}

// Without a root nothing beside the signature can be judged.
Result<void> check_without_root(const SignatureMaterial& material, const KeyRules& rules,
                                VerifiedSignature& verified) {
  if (rules.log_entries > 0)
    return Error::refused("tlog.missing",
                          "a log entry is asked for, and there is no trusted root to judge one");
  if (rules.timestamps > 0)
    return Error::refused("tsa.missing",
                          "a timestamp is asked for, and there is no trusted root to judge one");
  if (!material.log_entries.empty())
    verified.ignored.emplace_back("log entries: not asked for, and no trusted root to judge them");
  if (!material.timestamps.empty())
    verified.ignored.emplace_back("timestamps: not asked for, and no trusted root to judge them");
  return {};
}

}  // namespace

std::string algorithm_name(const PublicKey& key, Scheme scheme) {
  const std::string how(crypto::to_string(scheme));
  if (key.kind() == crypto::KeyKind::ed25519) return how;
  return std::string(crypto::to_string(key.kind())) + "-" + how;
}

Result<Scheme> check_signature(const SignatureMaterial& material, const PublicKey& key) {
  std::optional<Error> first;
  for (const Scheme scheme : schemes_of(key, material.habit)) {
    auto good = verify_as(scheme, material, key);
    if (good) return scheme;
    // That the bytes are wrong tells more than that one way was not open.
    if (!first || first->code() == "sig.alg_mismatch") first = std::move(good).error();
  }
  return *first;
}

Result<void> verify_certificate_material(const SignatureMaterial& material, const Certificate& leaf,
                                         const TrustedRoot& root, const CertificateRules& rules,
                                         VerifiedSignature& verified) {
  const auto& key = leaf.public_key();
  if (!key) return key.error();
  if (auto logs = check_log_entries(material, root, *key, leaf.der(), rules.log_entries, verified); !logs)
    return std::move(logs).error();
  auto unknown = check_timestamps(material, root, rules.timestamps, verified);
  if (!unknown) return std::move(unknown).error();
  // Of an unknown authority and the only time: that tells more than that there is none.
  if (*unknown && verified.times.empty() && !rules.otherwise_at) return std::move(**unknown);
  if (auto times = collect_times(material, root, rules, verified); !times) return std::move(times).error();
  if (auto inside = check_integrated_times(material, leaf); !inside) return std::move(inside).error();
  const auto issuers = check_path(leaf, root, verified.times);
  if (!issuers) return issuers.error();
  if (issuers->empty()) return Error::refused("cert.untrusted_chain", "the certificate is its own authority");
  verified.checks.push_back(
      {"chain", "issued by " + issuers->front().subject_text() + ", valid at every time"});
  if (auto scts = check_scts(leaf, issuers->front(), root, rules, verified); !scts)
    return std::move(scts).error();
  const auto scheme = check_signature(material, *key);
  if (!scheme) return scheme.error();
  auto identity = read_identity(leaf);
  if (!identity) return std::move(identity).error();
  verified.algorithm = algorithm_name(*key, *scheme);
  verified.checks.push_back({"signature", verified.algorithm + " by " + describe(*identity)});
  verified.signer = make_signer(std::move(*identity), leaf, *issuers);
  return {};
}

Result<void> verify_key_material(const SignatureMaterial& material, std::string_view hint,
                                 const std::vector<NamedKey>& keys, const TrustedRoot* root,
                                 const KeyRules& rules, VerifiedSignature& verified) {
  if (keys.empty()) return Error::refused("key.wrong", "signed with a key, and no key is pinned");
  const auto found = find_key(material, hint, keys);
  if (!found) return found.error();
  const PublicKey& key = found->key->key;
  verified.algorithm = algorithm_name(key, found->scheme);
  verified.signer = KeySigner{found->key->name, key.key_id()};
  verified.checks.push_back({"signature", verified.algorithm + " by the pinned key " + found->key->name});
  if (root == nullptr) {
    if (auto ignored = check_without_root(material, rules, verified); !ignored)
      return std::move(ignored).error();
    return {};
  }
  if (auto logs = check_log_entries(material, *root, key, {}, rules.log_entries, verified); !logs)
    return std::move(logs).error();
  if (auto stamps = check_timestamps(material, *root, rules.timestamps, verified); !stamps)
    return std::move(stamps).error();
  if (auto lifetimes = check_log_lifetimes(material, *root, verified); !lifetimes)
    return std::move(lifetimes).error();
  return {};
}

Result<void> check_payload_type(std::string_view payload_type) {
  if (payload_type == kInTotoPayloadType) return {};
  return Error::refused("dsse.payload_type",
                        "the envelope's payload is of type '" + base::printable(payload_type, 80) + "'");
}

Result<void> bind_statement(const Envelope& envelope, const base::Digest& artifact,
                            VerifiedSignature& verified) {
  if (!envelope.statement) return envelope.statement.error();
  if (auto subject = check_statement_subject(**envelope.statement, artifact); !subject)
    return std::move(subject).error();
  verified.content = SignedStatement{envelope.payload_type, envelope.payload, *envelope.statement};
  verified.checks.push_back({"artifact", "the signed statement names the artifact's digest"});
  return {};
}

}  // namespace gridseal::sigstore
