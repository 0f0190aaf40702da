#include "trust/candidate.hpp"

#include <functional>

#include "base/encoding.hpp"
#include "sigstore/bundle.hpp"
#include "sigstore/verify_bundle.hpp"
#include "sigstore/verify_legacy.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;
using sigstore::VerifiedSignature;

using Passed = std::vector<sigstore::VerificationCheck>;

// The two ways of verifying one candidate, whatever its form.
struct Verifier {
  bool certificate = false;
  bool key_beside = false;  // a certificate is there, and a pinned key may have signed all the same
  std::string scheme;
  std::function<Result<VerifiedSignature>(const IdentityAuthority&, Passed&)> by_certificate;
  std::function<Result<VerifiedSignature>(const KeyAuthority&, Passed&)> by_keys;
};

// After the order in which sigstore's verification makes its checks.
Stage stage_of(const std::string& code) {
  // sig.invalid: its certificate or hint says whose it should be.
  if (is_among(code, {"intoto.", "simplesigning.", "sig.invalid"})) return Stage::signed_by;
  if (is_among(code, {"identity.", "key.expected"})) return Stage::stranger;
  if (is_among(code, {"parse.", "bundle.", "registry.", "tlog.duplicate", "dsse.", "sig.alg_unsupported"}))
    return Stage::parsed;
  return Stage::formed;
}

SignerIds ids_of(const VerifiedSignature& signature) {
  SignerIds ids;
  if (const auto* key = std::get_if<sigstore::KeySigner>(&signature.signer)) {
    if (const auto digest = base::Digest::parse(key->key_id)) ids.denied.push_back(*digest);
    ids.same.push_back("key:" + key->key_id);
    return ids;
  }
  const auto& signer = std::get<sigstore::CertificateSigner>(signature.signer);
  ids.identity.emplace(signer.identity.issuer, signer.identity.subject);
  ids.same.push_back("identity:" + signer.identity.issuer + '\0' + signer.identity.subject);
  ids.add_certificate(signer.certificate, true);
  for (const std::string& issuer : signer.issuers) ids.add_certificate(issuer, false);
  return ids;
}

void record(SignatureEvidence& evidence, const VerifiedSignature& signature, const std::string& root) {
  if (const auto* key = std::get_if<sigstore::KeySigner>(&signature.signer)) {
    evidence.key_name = key->name;
    evidence.key_id = key->key_id;
  } else {
    evidence.certificate = CertificateEvidence{root, std::get<sigstore::CertificateSigner>(signature.signer)};
  }
  evidence.algorithm = signature.algorithm;
  evidence.times = signature.times;
  evidence.log_entries = signature.log_entries;
  evidence.ignored = signature.ignored;
  for (const auto& check : signature.checks) evidence.checks.push_back({check.name, check.detail});
}

// The signed annotations, and the statement of an attestation.
Result<void> record_content(const Question& question, const VerifiedSignature& signature, Proof& proof) {
  if (const auto* simple = std::get_if<sigstore::SimpleSigning>(&signature.content)) {
    proof.evidence.annotations = simple->annotations;
    proof.evidence.reference = simple->reference;
  } else if (const auto* statement = std::get_if<sigstore::SignedStatement>(&signature.content)) {
    const auto subject = sigstore::check_statement_subject(*statement->statement, question.evidence.digest);
    if (!subject) return subject.error();
    proof.evidence.annotations = (*subject)->annotations;
    proof.statement = *statement;
  }
  return {};
}

Result<void> check_annotations(const Policy& policy, SignatureEvidence& evidence) {
  const char* code =
      evidence.scheme == "cosign-simplesigning" ? "simplesigning.annotation" : "intoto.annotation";
  for (const auto& [name, wanted] : policy.annotations()) {
    const auto found = evidence.annotations.find(name);
    if (found != evidence.annotations.end() && found->second == wanted) continue;
    std::string why = "policy " + policy.name() + " asks for the annotation " + name + "=" + wanted;
    why += found == evidence.annotations.end()
               ? "; the signature does not carry it"
               : "; the signature says '" + base::printable(found->second, 80) + "'";
    return Error::refused(code, std::move(why));
  }
  if (!policy.annotations().empty())
    evidence.checks.push_back({"annotations", "all that the policy asks for are signed"});
  return {};
}

std::string names_of(const Policy& policy) {
  std::string names;
  for (const Authority& authority : policy.authorities())
    names += (names.empty() ? "" : ", ") + authority.name + " (" + describe(authority) + ")";
  return names;
}

// Holds one candidate against every authority of its kind.
class Judge {
 public:
  Judge(const Question& question, const Candidate& candidate, const Verifier& verifier, Role role)
      : question_(question), candidate_(candidate), verifier_(verifier), role_(role) {}

  Judgement run() {
    const auto& authorities = question_.policy.authorities();
    for (size_t i = 0; i < authorities.size(); ++i) {
      Passed passed;
      if (const auto* keys = std::get_if<KeyAuthority>(&authorities[i].rule);
          keys && (!verifier_.certificate || verifier_.key_beside)) {
        auto verified = verifier_.by_keys(*keys, passed);
        consider(i, std::move(verified), passed, keys->root ? keys->root->name : "");
      }
      const auto* identities = std::get_if<IdentityAuthority>(&authorities[i].rule);
      if (identities != nullptr && verifier_.certificate) {
        auto verified = verifier_.by_certificate(*identities, passed);
        if (verified) verified = match(*identities, std::move(*verified));
        consider(i, std::move(verified), passed, identities->root->name);
      }
    }
    if (!proofs_.empty()) return std::move(proofs_);
    if (refusal_) return tl::unexpected<Refusal>(std::move(*refusal_));
    return refuse(Stage::stranger, other_material());
  }

 private:
  static Result<VerifiedSignature> match(const IdentityAuthority& authority, VerifiedSignature verified) {
    const auto& signer = std::get<sigstore::CertificateSigner>(verified.signer);
    if (auto matched = authority.identities.match(signer.identity); !matched)
      return std::move(matched).error();
    verified.checks.push_back({"identity", sigstore::describe(signer.identity)});
    return verified;
  }

  void consider(size_t authority, Result<VerifiedSignature> verified, const Passed& passed,
                const std::string& root) {
    if (!verified) {
      const Stage stage = stage_of(verified.error().code());
      Refusal refusal{stage, std::move(verified).error()};
      for (const auto& check : passed) refusal.passed.push_back({check.name, check.detail});
      return keep(std::move(refusal));
    }
    Proof proof;
    proof.authority = authority;
    proof.evidence = begin_evidence(question_, candidate_, verifier_.scheme, authority);
    record(proof.evidence, *verified, root);
    SignerIds ids = ids_of(*verified);
    proof.signer = std::move(ids.same);
    if (auto recorded = record_content(question_, *verified, proof); !recorded)
      return keep({Stage::signed_by, std::move(recorded).error(), proof.evidence.checks});
    if (auto trusted = check_signer(question_, ids, verified->times); !trusted)
      return keep({Stage::signed_by, std::move(trusted).error(), proof.evidence.checks});
    if (role_ == Role::signature) {
      if (auto carried = check_annotations(question_.policy, proof.evidence); !carried)
        return keep({Stage::signed_by, std::move(carried).error(), proof.evidence.checks});
    }
    proofs_.push_back(std::move(proof));
  }

  void keep(Refusal refusal) {
    if (!refusal_ || refusal.stage > refusal_->stage) refusal_ = std::move(refusal);
  }

  Error other_material() const {
    if (verifier_.certificate) {
      return Error::refused("key.expected_key_got_cert", "signed with a certificate; policy " +
                                                             question_.policy.name() + " asks for " +
                                                             names_of(question_.policy));
    }
    return Error::refused(
        "key.expected_cert_got_key",
        "signed with a key; policy " + question_.policy.name() + " asks for " + names_of(question_.policy));
  }

  const Question& question_;
  const Candidate& candidate_;
  const Verifier& verifier_;
  Role role_;
  std::vector<Proof> proofs_;
  std::optional<Refusal> refusal_;
};

}  // namespace

Judgement judge_bundle(const Question& question, const Candidate& candidate, const sigstore::Bundle& bundle,
                       Role role) {
  const auto artifact = sigstore::Artifact::of_bytes(question.evidence.manifest);
  Verifier verifier;
  verifier.scheme = "sigstore-bundle";
  verifier.certificate = std::holds_alternative<sigstore::Certificates>(bundle.material);
  verifier.by_certificate = [&](const IdentityAuthority& authority, Passed& passed) {
    return sigstore::verify_with_certificate(bundle, artifact, authority.root->root, authority.rules,
                                             &passed);
  };
  verifier.by_keys = [&](const KeyAuthority& authority, Passed& passed) {
    return sigstore::verify_with_keys(bundle, artifact, authority.keys,
                                      authority.root ? &authority.root->root : nullptr, authority.rules,
                                      &passed);
  };
  return Judge(question, candidate, verifier, role).run();
}

Judgement judge_legacy(const Question& question, const Candidate& candidate, Role role) {
  const sigstore::LegacyLayer layer{candidate.layer.media_type, candidate.blob, candidate.layer.annotations,
                                    candidate.layer.digest, question.policy.statement_fields()};
  Verifier verifier;
  verifier.scheme = role == Role::signature ? "cosign-simplesigning" : "dsse-envelope";
  verifier.certificate = verifier.key_beside = sigstore::has_certificate(layer);
  verifier.by_certificate = [&](const IdentityAuthority& authority, Passed& passed) {
    return sigstore::verify_legacy_with_certificate(layer, question.evidence.digest, authority.root->root,
                                                    authority.rules, &passed);
  };
  verifier.by_keys = [&](const KeyAuthority& authority, Passed& passed) {
    return sigstore::verify_legacy_with_keys(layer, question.evidence.digest, authority.keys,
                                             authority.root ? &authority.root->root : nullptr,
                                             authority.rules, &passed);
  };
  return Judge(question, candidate, verifier, role).run();
}

}  // namespace gridseal::trust
