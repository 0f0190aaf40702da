#include "notation/revocation.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;
using crypto::Certificate;

struct Answer {
  bool asked = false;    // a list of the issuer is pinned
  bool current = false;  // and one of them is current
};

Error revoked_error(const Certificate& certificate, const crypto::Revocation& revocation) {
  return Error::refused("notary.revoked", "the certificate '" + certificate.subject_text() +
                                              "' was revoked on " +
                                              base::format_rfc3339(revocation.revoked_at) + " (" +
                                              std::string(to_string(revocation.reason)) + ")");
}

// A revocation counts even in a list that is out of date: it is not taken back by time.
Result<Answer> look_up(const Certificate& certificate, const Certificate& issuer,
                       const std::vector<crypto::RevocationList>& lists,
                       std::optional<base::Time> signed_before, base::Time now) {
  Answer answer;
  for (const crypto::RevocationList& list : lists) {
    if (list.issuer_der() != certificate.issuer_der() || !list.check_signed_by(issuer)) continue;
    answer.asked = true;
    answer.current = answer.current || list.check_current(now).has_value();
    const auto revocation = list.find(certificate.serial());
    if (!revocation) continue;
    const bool later =
        signed_before && revocation->invalid_since && *signed_before < *revocation->invalid_since;
    if (!later) return revoked_error(certificate, *revocation);
  }
  return answer;
}

}  // namespace

Result<size_t> check_revocation(const std::vector<Certificate>& chain,
                                const std::vector<crypto::RevocationList>& lists,
                                std::optional<base::Time> signed_before, base::Time now) {
  size_t looked_up = 0;
  std::optional<Error> unavailable;
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    const auto answer = look_up(chain[i], chain[i + 1], lists, signed_before, now);
    if (!answer) return answer.error();
    const bool needed = answer->asked || chain[i].has_crl_distribution_points() || chain[i].has_ocsp();
    if (needed && !answer->current && !unavailable) {
      unavailable = Error::refused(
          "notary.revocation_unavailable",
          "whether the certificate '" + chain[i].subject_text() + "' is revoked cannot be told: " +
              (answer->asked ? "the pinned revocation list of its issuer is out of date"
                             : "no revocation list of its issuer is pinned") +
              "; pin a current list or override revocation in the trust policy");
    }
    looked_up += needed ? 1 : 0;
  }
  if (unavailable) return std::move(*unavailable);
  return looked_up;
}

}  // namespace gridseal::notation
