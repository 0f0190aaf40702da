// What a verification leaves behind: the proof that downstream code asks for, and the evidence for the
// history.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/semver.hpp"
#include "base/time.hpp"
#include "trust/evidence.hpp"
#include "trust/policy.hpp"

namespace gridseal::trust {

using Annotations = std::map<std::string, std::string>;

// One check that passed, in the order it was made.
struct Check {
  std::string name;    // "signature"
  std::string detail;  // "ecdsa-p256-sha256 by the pinned key ci.pub"
};

// Who signed with a certificate of a Sigstore authority, and what the certificate says of the run.
struct CertificateEvidence {
  std::string trusted_root;                              // name
  sigstore::CertificateSigner signer;                    // identity, serial, validity, issuers
  const std::string& extension(const char* name) const;  // empty when absent
};

// Who signed with a certificate of a Notary Project store.
struct NotationEvidence {
  std::string policy;                        // of trustpolicy.json
  std::string level;                         // "strict", "permissive"
  std::string store;                         // "ca:acme"
  std::vector<std::string> subjects;         // of the chain, leaf first
  std::vector<std::string> fingerprints;     // of the chain, "sha256:<hex>"
  std::optional<base::Time> signing_time{};  // the signer's own word
  std::optional<base::Time> expiry{};
  std::vector<std::string> logged{};  // what failed and is only logged at this level
};

// Who signed, how, and where the signature lay. Complete enough to be judged again years later.
struct SignatureEvidence {
  std::string scheme;     // "cosign-simplesigning", "sigstore-bundle", "dsse-envelope", "notary"
  std::string policy;     // name
  std::string authority;  // of the policy, that it was counted for
  // One of the three:
  std::string key_name;  // file name of the pinned key
  std::string key_id;    // "sha256:<hex>" of its SubjectPublicKeyInfo
  std::optional<CertificateEvidence> certificate;
  std::optional<NotationEvidence> notation;

  std::string algorithm;  // "ecdsa-p256-sha256"
  std::string artifact;   // digest
  Place place = Place::legacy_tag;
  std::string signature_manifest;  // digest of the manifest the signature lay in
  std::string signature_blob;      // digest of payload, bundle or envelope
  std::string reference;           // docker-reference the signer wrote: shown, never judged
  Annotations annotations;         // signed ones: `optional` of the payload, annotations of the subject
  int64_t generation = 0;          // of the trust state it was judged under
  int64_t bundle_version = 0;      // of the trust bundle in force then; 0: none
  std::vector<sigstore::VerifiedTime> times;            // proven, or said by who vouches for it
  std::vector<sigstore::VerifiedLogEntry> log_entries;  // verified
  std::vector<Check> checks;
  std::vector<std::string> ignored;  // present in it and not counted, with the reason

  // "ci.pub", "https://github.com/acme/… (issuer …)", "CN=acme,O=…": for people.
  std::string signer() const;
};

// A required attestation that is there and says what is asked for.
struct AttestationEvidence {
  std::string name;                     // in the policy
  std::string predicate_type;           // URI
  std::string statement;                // digest of the signed statement, "sha256:<hex>"
  SignatureEvidence signature;          // its own
  std::vector<std::string> conditions;  // in words, all hold
};

// What satisfied a policy.
struct Satisfied {
  std::vector<SignatureEvidence> signatures;      // one for each counted authority, at least the threshold
  std::vector<AttestationEvidence> attestations;  // in the policy's order
  std::vector<std::string> others;                // what lay beside them and did not count, with the reason

  // Times that logs and timestamp authorities prove; never what a signer claims.
  std::optional<base::Time> latest_proven_time() const;
};

// "signed by ci.pub", "signed by ci.pub and https://…; attested: provenance".
std::string sentence(const Satisfied& satisfied);

base::Json to_json(const SignatureEvidence& evidence);
base::Json to_json(const AttestationEvidence& evidence);
base::Json to_json(const Satisfied& satisfied);

// A content descriptor of the verified manifest (OCI image spec 1.1, descriptor.md).
struct Content {
  std::string media_type;
  base::Digest digest;
  uint64_t size = 0;
  Annotations annotations;
};

// What a verification depends on beside bytes and trust.
struct Circumstances {
  // The later of clock and floor at admission; the time of the admission when what runs is judged again, so
  // that an expiry does not take away what was admitted. Looked at by Notary Project signatures, and at
  // admission by times that have not come yet. The epoch: not known.
  base::Time now{};
  std::string repository{};   // "registry/repository" that the artifact came from
  std::string environment{};  // of the site
  Occasion occasion = Occasion::admission;
  // So far may what a log or timestamp authority proves lie after `now`.
  base::milliseconds skew = std::chrono::hours(24);
};

// An artifact that verified. Only verify() makes one; everything in it comes from bytes under the signature.
class Verified {
 public:
  const base::Digest& digest() const { return digest_; }
  const std::string& manifest() const { return manifest_; }  // the bytes that hash to digest()

  const std::string& component() const { return component_; }
  const std::string& version() const { return version_; }
  const std::optional<base::Semver>& semver() const { return semver_; }  // of version(), when it is one
  base::Time created() const { return created_; }
  const std::string& revision() const { return revision_; }  // may be empty
  const std::string& source() const { return source_; }      // may be empty
  const std::optional<std::string>& environment() const { return environment_; }
  const Annotations& annotations() const { return annotations_; }  // of the manifest

  const std::string& artifact_type() const { return artifact_type_; }  // may be empty
  const Content& config() const { return config_; }
  const std::vector<Content>& layers() const { return layers_; }

  // Of the trust state it was judged under.
  int64_t generation() const { return generation_; }
  const Satisfied& satisfied() const { return satisfied_; }
  const std::vector<SignatureEvidence>& signatures() const { return satisfied_.signatures; }  // never empty
  const std::vector<AttestationEvidence>& attestations() const { return satisfied_.attestations; }
  // The latest time that a log or timestamp authority proves; what the floor of time may move to.
  std::optional<base::Time> proven_time() const { return satisfied_.latest_proven_time(); }

 private:
  friend base::Result<Verified> verify(const TrustState& state, const Policy& policy,
                                       const Identity& identity, const Evidence& evidence,
                                       const Circumstances& circumstances);
  Verified(const base::Digest& digest, Content config) : digest_(digest), config_(std::move(config)) {}

  base::Digest digest_;
  std::string manifest_;
  std::string component_;
  std::string version_;
  std::optional<base::Semver> semver_;
  base::Time created_{};
  std::string revision_;
  std::string source_;
  std::optional<std::string> environment_;
  Annotations annotations_;
  std::string artifact_type_;
  Content config_;
  std::vector<Content> layers_;
  int64_t generation_ = 0;
  Satisfied satisfied_;
};

base::Json to_json(const Verified& verified);

}  // namespace gridseal::trust
