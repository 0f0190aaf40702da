// Which certificate identities count. Patterns are OR'ed; within one pattern everything must agree. Exact
// values are compared byte by byte; expressions have RE2's syntax and are searched, not anchored, as Flux's
// matchOIDCIdentity and cosign's --certificate-identity-regexp do.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "sigstore/certificate_identity.hpp"

namespace gridseal::sigstore {

// Exactly one of each pair is set (not empty).
struct IdentityPattern {
  std::string issuer;
  std::string issuer_regexp;
  std::string subject;
  std::string subject_regexp;
  std::map<std::string, std::string> extensions;  // exact, by extension_names()
};

// Immutable, cheap to copy. Thread safe.
class IdentityMatcher {
 public:
  // Errors (refused): identity.none_configured (no pattern: nobody would count, or everybody),
  // identity.pattern (neither or both of a pair, an expression that does not compile or is larger than
  // 1024 bytes or 256 KiB compiled, an unknown extension, an empty value, more than 64 patterns).
  static base::Result<IdentityMatcher> make(const std::vector<IdentityPattern>& patterns);

  // The index of the first pattern that matches. Errors (refused), of the pattern that came closest:
  // identity.issuer, identity.san, identity.extension.
  base::Result<size_t> match(const CertificateIdentity& identity) const;

  // What an operator should know: expressions that are not anchored with ^ and $, and dots that stand for any
  // character. One sentence each.
  const std::vector<std::string>& warnings() const;

 private:
  struct State;
  explicit IdentityMatcher(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

// The same about one expression that is searched for; `field` names it.
std::vector<std::string> expression_warnings(const std::string& field, const std::string& expression);

}  // namespace gridseal::sigstore
