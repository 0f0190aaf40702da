#include "notation/verify.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/timestamp.hpp"
#include "notation/payload.hpp"
#include "notation/revocation.hpp"
#include "notation/signer_chain.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;

// ETSI's baseline time-stamp policy (RFC 3628 section 5.2): one second, where a token states no accuracy.
constexpr std::string_view kBaselinePolicy = "0.4.0.2023.1.1";

Error timestamp_error(const std::string& what) {
  return Error::refused("notary.timestamp", what);
}

// One verification: the steps of the specification in their order, each leaving its trace in `result`.
class Verification {
 public:
  Verification(const Request& request, const TrustPolicy& policy, const TrustStore& store, base::Time now)
      : request_(request), policy_(policy), store_(store), now_(now) {}

  Result<Verified> run(std::string_view media_type, std::string_view bytes) {
    if (auto fine = check_all(media_type, bytes); !fine) return std::move(fine).error();
    return std::move(result_);
  }
  // Up to the one that failed, until the result is given away.
  const std::vector<Check>& checks() const { return result_.checks; }

 private:
  Result<void> check_all(std::string_view media_type, std::string_view bytes) {
    result_.policy = policy_.name;
    result_.level = policy_.level;
    passed("policy", "'" + policy_.name + "', level " + std::string(to_string(policy_.level)));
    if (auto fine = check_integrity(media_type, bytes); !fine) return fine;
    if (auto fine = check_artifact(); !fine) return fine;
    if (auto fine = check_authenticity(); !fine) return fine;
    for (const auto& [name, action, check] :
         {Step{"expiry", policy_.expiry, &Verification::check_expiry},
          Step{"authenticTimestamp", policy_.authentic_timestamp, &Verification::check_timestamp},
          Step{"revocation", policy_.revocation, &Verification::check_revoked}}) {
      if (auto fine = judge(name, action, (this->*check)()); !fine) return fine;
    }
    return check_annotations();
  }

  // What the check found out, to be listed.
  using Found = Result<std::string>;
  struct Step {
    const char* name;
    Action action;
    Found (Verification::*check)();
  };

  void passed(std::string name, std::string detail) {
    result_.checks.push_back({std::move(name), std::move(detail)});
  }

  Result<void> judge(const char* name, Action action, Found found) {
    if (found) {
      passed(name, std::move(*found));
      return {};
    }
    if (action == Action::enforce) return std::move(found).error();
    result_.logged.push_back({name, std::move(found).error()});
    return {};
  }

  Result<void> check_integrity(std::string_view media_type, std::string_view bytes) {
    auto envelope = parse_envelope(media_type, bytes);
    if (!envelope) return std::move(envelope).error();
    envelope_ = std::move(*envelope);
    auto chain = parse_chain(envelope_);
    if (!chain) return std::move(chain).error();
    chain_ = std::move(*chain);
    const auto algorithm = algorithm_of(chain_.front());
    if (!algorithm) return algorithm.error();
    if (*algorithm != envelope_.algorithm) {
      return Error::refused("notary.alg",
                            "the signature says " + std::string(to_string(envelope_.algorithm)) +
                                ", but its key signs with " + std::string(to_string(*algorithm)));
    }
    if (auto fine = check_signature(chain_.front(), *algorithm, envelope_); !fine) return fine;
    result_.algorithm = *algorithm;
    result_.scheme = envelope_.scheme;
    result_.signing_time = envelope_.signing_time;
    result_.expiry = envelope_.expiry;
    result_.signing_agent = base::printable(envelope_.signing_agent);
    for (const crypto::Certificate& certificate : chain_)
      result_.chain.push_back({certificate.subject_text(), certificate.fingerprint().to_string()});
    passed("integrity", std::string(to_string(*algorithm)) + " by '" + result_.chain.front().subject + "'");
    return {};
  }

  Result<void> check_artifact() {
    auto target = parse_payload(envelope_.payload);
    if (!target) return std::move(target).error();
    const Descriptor& artifact = request_.artifact;
    if (target->digest != artifact.digest.to_string())
      return Error::refused("notary.descriptor", "the signature is for " +
                                                     base::printable(target->digest, 80) + ", not for " +
                                                     artifact.digest.to_string());
    if (target->media_type != artifact.media_type || target->size != artifact.size) {
      return Error::refused("notary.descriptor", "the signature is for " + std::to_string(target->size) +
                                                     " bytes of " + base::printable(target->media_type, 120) +
                                                     ", but the artifact is " +
                                                     std::to_string(artifact.size) + " bytes of " +
                                                     base::printable(artifact.media_type, 120));
    }
    result_.annotations = std::move(target->annotations);
    passed("artifact", artifact.digest.to_string());
    return {};
  }

  Result<void> check_authenticity() {
    if (auto fine = check_links(chain_); !fine) return fine;
    if (auto fine = check_requirements(chain_); !fine) return fine;
    const auto reference = find_in_stores(chain_, envelope_.scheme, policy_, store_);
    if (!reference) return reference.error();
    result_.store = to_string(*reference);
    passed("authenticity",
           "chain of " + std::to_string(chain_.size()) + " certificates, in trust store " + result_.store);
    const auto identity = match_identity(chain_.front(), policy_);
    if (!identity) return identity.error();
    passed("identity", *identity);
    return {};
  }

  Found check_expiry() {
    if (!envelope_.expiry) return std::string("none");
    if (now_ < *envelope_.expiry) return "until " + base::format_rfc3339(*envelope_.expiry);
    return Error::refused("notary.expired",
                          "the signature expired on " + base::format_rfc3339(*envelope_.expiry));
  }

  Result<void> check_validity(base::Time from, base::Time to, const std::string& what) const {
    for (const crypto::Certificate& certificate : chain_) {
      if (certificate.valid_at(from) && certificate.valid_at(to)) continue;
      return timestamp_error("the certificate '" + certificate.subject_text() + "' (valid from " +
                             base::format_rfc3339(certificate.not_before()) + " to " +
                             base::format_rfc3339(certificate.not_after()) + ") is not valid at " + what +
                             ", " + base::format_rfc3339(from));
    }
    return {};
  }

  Found check_timestamp() {
    if (envelope_.scheme == SigningScheme::signing_authority) {
      const base::Time time = *envelope_.authentic_signing_time;
      if (auto fine = check_validity(time, time, "the authentic signing time"); !fine)
        return std::move(fine).error();
      result_.authentic_time = signed_before_ = time;
      return "signing authority, " + base::format_rfc3339(time);
    }
    if (timestamp_needed()) return check_token();
    if (auto fine = check_validity(now_, now_, "the time of this verification"); !fine)
      return std::move(fine).error();
    return std::string("all certificates are valid now");
  }

  bool timestamp_needed() const {
    const bool configured =
        std::ranges::find(policy_.stores, StoreType::tsa, &StoreReference::type) != policy_.stores.end();
    if (!configured) return false;
    return policy_.verify_timestamp == VerifyTimestamp::always ||
           std::ranges::any_of(chain_,
                               [&](const auto& certificate) { return certificate.not_after() < now_; });
  }

  Result<Chain> timestamp_anchors() const {
    Chain anchors;
    for (const StoreReference& reference : policy_.stores) {
      if (reference.type != StoreType::tsa) continue;
      const Chain* trusted = store_.find(reference);
      if (trusted == nullptr)
        return timestamp_error("the trust store " + to_string(reference) + " is not there");
      anchors.insert(anchors.end(), trusted->begin(), trusted->end());
    }
    return anchors;
  }

  Found check_token() {
    if (!envelope_.timestamp)
      return timestamp_error("the signature carries no timestamp, which the trust policy asks for");
    const auto anchors = timestamp_anchors();
    if (!anchors) return anchors.error();
    const auto token = crypto::parse_timestamp_token(*envelope_.timestamp);
    if (!token)
      return timestamp_error("the signature's timestamp is refused: " + token.error().describe_with_code());
    auto verified = crypto::verify_timestamp_with_anchors(*token, envelope_.signature, *anchors);
    if (!verified)
      return timestamp_error("the signature's timestamp is refused: " +
                             verified.error().describe_with_code());
    base::milliseconds accuracy = verified->accuracy;
    if (accuracy.count() == 0 && token->policy == kBaselinePolicy) accuracy = base::seconds(1);
    const base::Time latest = verified->time + accuracy;
    if (auto fine = check_validity(verified->time - accuracy, latest, "the time of the timestamp"); !fine)
      return std::move(fine).error();
    result_.authentic_time = verified->time;
    signed_before_ = latest;
    timestamp_chain_ = std::move(verified->path);
    return "timestamp of '" + timestamp_chain_.front().subject_text() + "', " +
           base::format_rfc3339(verified->time);
  }

  Found check_revoked() {
    if (policy_.revocation == Action::skip) return std::string("skipped by the trust policy");
    const auto& lists = store_.revocation_lists();
    const auto signers = check_revocation(chain_, lists, signed_before_, now_);
    if (!signers) return signers.error();
    const auto stampers = check_revocation(timestamp_chain_, lists, signed_before_, now_);
    if (!stampers) return stampers.error();
    const size_t count = *signers + *stampers;
    return count == 0 ? std::string("no certificate names a place to ask")
                      : std::to_string(count) + " certificates are not revoked";
  }

  Result<void> check_annotations() {
    for (const auto& [name, value] : request_.annotations) {
      const auto found = result_.annotations.find(name);
      if (found != result_.annotations.end() && found->second == value) continue;
      return Error::refused("notary.metadata", "the signed annotation '" + base::printable(name, 80) +
                                                   "' must be '" + base::printable(value, 80) + "', but is " +
                                                   (found == result_.annotations.end()
                                                        ? std::string("absent")
                                                        : "'" + base::printable(found->second, 80) + "'"));
    }
    if (!request_.annotations.empty())
      passed("annotations", std::to_string(request_.annotations.size()) + " asked for");
    return {};
  }

  const Request& request_;
  const TrustPolicy& policy_;
  const TrustStore& store_;
  base::Time now_;
  Envelope envelope_;
  Chain chain_;
  Chain timestamp_chain_;
  std::optional<base::Time> signed_before_;
  Verified result_;
};

}  // namespace

Result<Verified> verify(std::string_view media_type, std::string_view envelope, const Request& request,
                        const TrustPolicyDocument& policy, const TrustStore& store, base::Time now,
                        std::vector<Check>* passed) {
  const auto selected = policy.select(request.repository);
  if (!selected) return selected.error();
  return verify(media_type, envelope, request, *selected, store, now, passed);
}

Result<Verified> verify(std::string_view media_type, std::string_view envelope, const Request& request,
                        const TrustPolicy& policy, const TrustStore& store, base::Time now,
                        std::vector<Check>* passed) {
  Verification verification(request, policy, store, now);
  auto verified = verification.run(media_type, envelope);
  if (passed != nullptr) *passed = verified ? verified->checks : verification.checks();
  return verified;
}

}  // namespace gridseal::notation
