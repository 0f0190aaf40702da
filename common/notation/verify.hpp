// Verification of Notary Project signatures, from bytes alone: no clock, no file, no network
// (trust-store-trust-policy.md, "Signature Verification"). Revocation is judged by pinned lists.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "notation/envelope.hpp"
#include "notation/trust_policy.hpp"
#include "notation/trust_store.hpp"

namespace gridseal::notation {

// The manifest that was resolved.
struct Descriptor {
  std::string media_type;
  base::Digest digest;
  uint64_t size = 0;
};

struct Request {
  Descriptor artifact;
  std::string repository;                          // "registry/repository", without tag and digest
  std::map<std::string, std::string> annotations;  // that the signed artifact must carry, equal
};

// One check that passed, in the order it was made.
struct Check {
  std::string name;  // "policy", "integrity", "artifact", "authenticity", "identity", "expiry", ...
  std::string detail;
};

// A validation that failed and that the policy only logs.
struct Finding {
  std::string validation;  // "expiry", "authenticTimestamp", "revocation"
  base::Error error;
};

struct SignerCertificate {
  std::string subject;      // RFC 4514 text
  std::string fingerprint;  // "sha256:<hex>" of the DER
};

struct Verified {
  std::string policy;  // name
  Level level = Level::strict;
  Algorithm algorithm = Algorithm::es256;
  SigningScheme scheme = SigningScheme::x509;
  std::string store;                         // "ca:acme", where the trusted certificate was found
  std::vector<SignerCertificate> chain;      // leaf first
  std::optional<base::Time> signing_time;    // what the signer's clock said; shown only
  std::optional<base::Time> authentic_time;  // of the signing authority or of the verified timestamp
  std::optional<base::Time> expiry;
  std::map<std::string, std::string> annotations;  // of targetArtifact, signed
  std::string signing_agent;                       // not signed; shown only
  std::vector<Finding> logged;                     // only where the policy does not enforce all
  std::vector<Check> checks;

  const std::string& signer() const { return chain.front().subject; }
};

// Judges one envelope under the policy of its repository. `media_type` is that of the layer it lay in.
// Errors, all refused, in the order of the checks: notary.policy_none; those of parse_envelope; cert.parse,
//   parse.der, parse.limit of the certificates; notary.alg (header and leaf key differ, or a key of no use);
//   sig.invalid; notary.payload, parse.json, parse.duplicate_key of the payload;
//   notary.descriptor; notary.chain; notary.cert_requirements; notary.store; notary.identity;
//   notary.expired; notary.timestamp (also: a certificate of the chain is not valid at the time that counts);
//   notary.revoked, notary.revocation_unavailable; notary.metadata.
// `passed`, where given, gets the checks that passed before the one that did not.
base::Result<Verified> verify(std::string_view media_type, std::string_view envelope, const Request& request,
                              const TrustPolicyDocument& policy, const TrustStore& store, base::Time now,
                              std::vector<Check>* passed = nullptr);

// The same under a policy that was chosen by name, whatever its scopes say.
base::Result<Verified> verify(std::string_view media_type, std::string_view envelope, const Request& request,
                              const TrustPolicy& policy, const TrustStore& store, base::Time now,
                              std::vector<Check>* passed = nullptr);

}  // namespace gridseal::notation
