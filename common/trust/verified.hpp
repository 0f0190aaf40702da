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
  std::string detail;  // "ecdsa-p256 over sha256 by key ci.pub"
};

// Who signed, how, and where the signature lay. Complete enough to be judged again years later.
struct SignatureEvidence {
  std::string scheme;     // "cosign-simplesigning" or "sigstore-bundle"
  std::string policy;     // name
  std::string key_name;   // file name of the pinned key
  std::string key_id;     // "sha256:<hex>" of its SubjectPublicKeyInfo
  std::string algorithm;  // "ecdsa-p256-sha256"
  std::string artifact;   // digest
  Place place = Place::legacy_tag;
  std::string signature_manifest;  // digest of the manifest the signature lay in
  std::string signature_blob;      // digest of payload or bundle
  std::string reference;           // docker-reference the signer wrote: shown, never judged
  Annotations annotations;         // signed ones: `optional` of the payload, annotations of the subject
  int64_t generation = 0;          // of the trust state it was judged under
  bool log_entries = false;        // present, not judged: the key decides
  bool timestamps = false;         // the same
  std::vector<Check> checks;
  std::vector<std::string> others;  // what lay beside it and did not count, with the reason
};

base::Json to_json(const SignatureEvidence& evidence);

// A content descriptor of the verified manifest (OCI image spec 1.1, descriptor.md).
struct Content {
  std::string media_type;
  base::Digest digest;
  uint64_t size = 0;
  Annotations annotations;
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
  const SignatureEvidence& evidence() const { return evidence_; }

 private:
  friend base::Result<Verified> verify(const TrustState& state, const Policy& policy,
                                       const Identity& identity, const Evidence& evidence);
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
  SignatureEvidence evidence_;
};

base::Json to_json(const Verified& verified);

}  // namespace gridseal::trust
