#include "crypto/certificate_path.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace gridseal::crypto {
namespace {

using base::Error;
using base::Result;

std::string_view purpose_oid(Purpose purpose) {
  return purpose == Purpose::code_signing ? oid::kCodeSigning : oid::kTimeStamping;
}

Error untrusted(const std::string& why) {
  return Error::refused("cert.untrusted_chain", why);
}

std::string quoted(const Certificate& certificate) {
  const std::string text = certificate.subject_text();
  return text.empty() ? "the certificate without a subject" : "the certificate '" + text + "'";
}

std::string validity(const Certificate& certificate) {
  return base::format_rfc3339(certificate.not_before()) + " to " +
         base::format_rfc3339(certificate.not_after());
}

bool names_match(const Certificate& certificate, const Certificate& issuer) {
  if (certificate.issuer_der() != issuer.subject_der()) return false;
  const auto& wanted = certificate.authority_key_identifier();
  const auto& found = issuer.subject_key_identifier();
  return !wanted || !found || *wanted == *found;
}

Result<void> check_code_signing_usage(const Certificate& leaf) {
  const auto& usage = leaf.extended_key_usage();
  if (!usage || !usage->contains(oid::kCodeSigning) || usage->contains(oid::kAnyExtendedKeyUsage))
    return Error::refused("cert.eku", quoted(leaf) +
                                          " is not for code signing: its extended key usage must "
                                          "name codeSigning and must not allow everything");
  const auto& keys = leaf.key_usage();
  if (!keys || !keys->digital_signature)
    return Error::refused("cert.key_usage", quoted(leaf) + " lacks the key usage digitalSignature");
  return {};
}

Result<void> check_time_stamping_usage(const Certificate& leaf) {
  const auto& usage = leaf.extended_key_usage();
  if (!usage || !usage->critical || usage->purposes.size() != 1 || !usage->contains(oid::kTimeStamping))
    return Error::refused("cert.eku", quoted(leaf) +
                                          " is not a time-stamping certificate: its extended key "
                                          "usage must be critical and timeStamping alone");
  const auto& keys = leaf.key_usage();
  if (keys && !keys->digital_signature && !keys->content_commitment)
    return Error::refused("cert.key_usage", quoted(leaf) + " may not sign: its key usage says so");
  return {};
}

Result<void> check_leaf(const Certificate& leaf, Purpose purpose, base::Time at) {
  if (!leaf.valid_at(at))
    return Error::refused(
        "cert.not_valid_at_signing_time",
        quoted(leaf) + " is valid from " + validity(leaf) + ", not at " + base::format_rfc3339(at));
  if (auto critical = check_critical_extensions(leaf); !critical) return critical;
  if (leaf.is_ca())
    return Error::refused("cert.key_usage", quoted(leaf) + " is a CA; a CA does not sign content itself");
  return purpose == Purpose::code_signing ? check_code_signing_usage(leaf) : check_time_stamping_usage(leaf);
}

// What an issuer whose signature is good must fulfil besides.
Result<void> check_issuer(const Certificate& issuer, size_t cas_below, Purpose purpose, base::Time at) {
  if (auto may = check_may_issue(issuer, cas_below); !may) return may;
  if (auto critical = check_critical_extensions(issuer); !critical) return critical;
  const auto& usage = issuer.extended_key_usage();
  if (usage && !usage->contains(purpose_oid(purpose)) && !usage->contains(oid::kAnyExtendedKeyUsage))
    return Error::refused("cert.eku",
                          "the extended key usage of " + quoted(issuer) + " excludes what it issued");
  if (issuer.valid_at(at)) return {};
  return Error::refused(
      "cert.ca_not_valid_at_signing_time",
      quoted(issuer) + " is valid from " + validity(issuer) + ", not at " + base::format_rfc3339(at));
}

// Breadth first, each candidate taken once: the first way to a certificate is the shortest, and a longer one
// could only fail where the shorter one does.
class Search {
 public:
  Search(const std::vector<Certificate>& intermediates, const std::vector<Certificate>& anchors,
         Purpose purpose, base::Time at)
      : intermediates_(intermediates),
        anchors_(anchors),
        purpose_(purpose),
        at_(at),
        taken_(intermediates.size(), false) {}

  Result<std::vector<Certificate>> run(const Certificate& leaf) {
    nodes_.push_back({&leaf, kNone, 1, 0});
    for (size_t current = 0; current < nodes_.size(); ++current) {
      for (const Certificate& anchor : anchors_) {
        if (leads_to(current, anchor)) return path_to(current, anchor);
      }
      for (size_t i = 0; i < intermediates_.size(); ++i) {
        if (taken_[i] || !leads_to(current, intermediates_[i])) continue;
        taken_[i] = true;
        nodes_.push_back({&intermediates_[i], current, nodes_[current].length + 1, cas_below(current)});
      }
    }
    if (failure_) return *failure_;
    if (doubt_) return *doubt_;
    const Certificate& top = *nodes_.back().certificate;
    return untrusted("no trusted certificate issued " + quoted(top) + "; its issuer is '" +
                     top.issuer_text() + "'");
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  struct Node {
    const Certificate* certificate;
    size_t below;  // index
    size_t length;
    size_t cas_below;
  };

  // For the issuer of that node.
  size_t cas_below(size_t node) const {
    if (nodes_[node].below == kNone) return 0;
    return nodes_[node].cas_below + (nodes_[node].certificate->self_issued() ? 0 : 1);
  }

  bool leads_to(size_t node, const Certificate& issuer) {
    const Certificate& certificate = *nodes_[node].certificate;
    if (nodes_[node].length >= kMaxPathLength || !names_match(certificate, issuer)) return false;
    if (auto issued = check_issued_by(certificate, issuer); !issued) {
      if (!doubt_) doubt_ = std::move(issued).error();
      return false;
    }
    auto good = check_issuer(issuer, cas_below(node), purpose_, at_);
    if (good) return true;
    // What a real issuer lacks says more than a signature by somebody of the same name.
    if (!failure_) failure_ = std::move(good).error();
    return false;
  }

  std::vector<Certificate> path_to(size_t node, const Certificate& anchor) const {
    std::vector<Certificate> path{anchor};
    for (; node != kNone; node = nodes_[node].below) path.push_back(*nodes_[node].certificate);
    std::reverse(path.begin(), path.end());
    return path;
  }

  const std::vector<Certificate>& intermediates_;
  const std::vector<Certificate>& anchors_;
  Purpose purpose_;
  base::Time at_;
  std::vector<bool> taken_;
  std::vector<Node> nodes_;
  std::optional<Error> doubt_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::vector<Certificate>> validate_path(const Certificate& leaf,
                                               const std::vector<Certificate>& intermediates,
                                               const std::vector<Certificate>& anchors, Purpose purpose,
                                               base::Time at) {
  if (intermediates.size() > kMaxUntrustedCertificates)
    return Error::refused("parse.limit", "more than 16 certificates to choose from");
  auto path = Search(intermediates, anchors, purpose, at).run(leaf);
  // A stranger's certificate is a stranger's, whatever else is wrong with it.
  if (!path && path.error().code() == "cert.untrusted_chain") return path;
  if (auto good = check_leaf(leaf, purpose, at); !good) return std::move(good).error();
  return path;
}

Result<std::vector<Certificate>> validate_path(const Certificate& leaf,
                                               const std::vector<Certificate>& authority_chain,
                                               Purpose purpose, base::Time at) {
  if (authority_chain.empty()) return untrusted("the authority has no certificate");
  const std::vector<Certificate> intermediates(authority_chain.begin(), authority_chain.end() - 1);
  return validate_path(leaf, intermediates, {authority_chain.back()}, purpose, at);
}

Result<void> check_issued_by(const Certificate& certificate, const Certificate& issuer) {
  if (!names_match(certificate, issuer))
    return untrusted(quoted(certificate) + " names another issuer than " + quoted(issuer));
  if (auto good = certificate.check_signed_by(issuer); !good)
    return untrusted("the signature of " + quoted(issuer) + " on " + quoted(certificate) +
                     " is not good: " + good.error().message());
  return {};
}

Result<void> check_may_issue(const Certificate& issuer, size_t cas_below) {
  if (!issuer.is_ca()) return untrusted(quoted(issuer) + " is not a CA and may not issue certificates");
  const auto& keys = issuer.key_usage();
  if (!keys || !keys->key_cert_sign)
    return Error::refused("cert.key_usage", quoted(issuer) + " lacks the key usage keyCertSign");
  const auto& length = issuer.basic_constraints()->path_length;
  if (length && static_cast<uint64_t>(*length) < cas_below)
    return untrusted(quoted(issuer) + " allows fewer CAs below it than the path has");
  return {};
}

Result<void> check_ordered_chain(const std::vector<Certificate>& chain) {
  if (chain.empty()) return untrusted("the chain has no certificate");
  size_t cas_below = 0;
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (i > 0 || chain[i].is_ca()) cas_below += chain[i].self_issued() ? 0 : 1;
    if (auto issued = check_issued_by(chain[i], chain[i + 1]); !issued) return issued;
    if (auto may = check_may_issue(chain[i + 1], cas_below); !may) return may;
  }
  return {};
}

Result<void> check_critical_extensions(const Certificate& certificate) {
  // Policies bind only where a path must have one, which nothing here asks for.
  constexpr std::array kUnderstood = {oid::kBasicConstraints,       oid::kKeyUsage,
                                      oid::kExtendedKeyUsage,       oid::kSubjectAltName,
                                      oid::kAuthorityKeyIdentifier, oid::kSubjectKeyIdentifier,
                                      oid::kCertificatePolicies};
  for (const Extension& extension : certificate.extensions()) {
    if (!extension.critical) continue;
    if (std::find(kUnderstood.begin(), kUnderstood.end(), extension.oid) != kUnderstood.end()) continue;
    return Error::refused("cert.critical_ext", quoted(certificate) + " has the critical extension " +
                                                   extension.oid + ", which is not understood here");
  }
  return {};
}

}  // namespace gridseal::crypto
