#include "trust/candidate.hpp"

#include <algorithm>

#include "crypto/certificate.hpp"
#include "crypto/sha256.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

using Times = std::vector<sigstore::VerifiedTime>;

// The earliest proof that the signature existed.
std::optional<base::Time> earliest(const Times& times) {
  std::optional<base::Time> first;
  for (const auto& time : times) {
    if (!sigstore::is_proof(time.source)) continue;
    if (!first || time.time < *first) first = time.time;
  }
  return first;
}

// At admission only: a clock that was lost must not condemn what runs.
Result<void> check_future(const Circumstances& circumstances, const Times& times) {
  if (circumstances.occasion != Occasion::admission || circumstances.now == base::Time{}) return {};
  for (const auto& time : times) {
    if (time.source == sigstore::TimeSource::caller || time.time <= circumstances.now + circumstances.skew)
      continue;
    return Error::blocked("time.in_future", "signed " + base::format_rfc3339(time.time) + ", says the " +
                                                std::string(sigstore::to_string(time.source)) + " " +
                                                time.authority + "; this host is at " +
                                                base::format_rfc3339(circumstances.now) +
                                                ": set its clock, or find out what is wrong there");
  }
  return {};
}

}  // namespace

bool is_among(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::ranges::any_of(codes, [&](std::string_view prefix) { return code.starts_with(prefix); });
}

void SignerIds::add_certificate(std::string_view der, bool leaf) {
  denied.push_back(crypto::sha256(der));
  const auto certificate = crypto::Certificate::from_der(der);
  if (!certificate) return;
  denied.push_back(crypto::sha256(certificate->spki_der()));
  if (!leaf) return;
  same.push_back("key:" + denied.back().to_string());
  if (!identity) identity.emplace(certificate->issuer_text(), certificate->subject_text());
}

SignatureEvidence begin_evidence(const Question& question, const Candidate& candidate, std::string scheme,
                                 size_t authority) {
  SignatureEvidence evidence;
  evidence.scheme = std::move(scheme);
  evidence.policy = question.policy.name();
  evidence.authority = question.policy.authorities()[authority].name;
  evidence.generation = question.state.generation();
  evidence.bundle_version = question.state.content().bundle_version;
  evidence.artifact = question.evidence.digest.to_string();
  evidence.place = candidate.manifest.place;
  evidence.signature_manifest = candidate.manifest_digest.to_string();
  evidence.signature_blob = candidate.layer.digest.to_string();
  evidence.checks.push_back(
      {"content", "manifest, signature manifest and signature have their digests and sizes"});
  return evidence;
}

Result<void> check_signer(const Question& question, const SignerIds& ids, const Times& times) {
  if (auto past = check_future(question.circumstances, times); !past) return past;
  const Denials& denials = question.state.denials();
  if (ids.identity) {
    if (auto good = denials.check_identity(ids.identity->first, ids.identity->second, earliest(times)); !good)
      return good;
  }
  return denials.check_signer(ids.denied, question.evidence.digest, earliest(times),
                              question.circumstances.occasion);
}

}  // namespace gridseal::trust
