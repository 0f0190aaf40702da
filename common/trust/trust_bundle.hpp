// A trust bundle: trust that can change. Signed JSON in a DSSE envelope
// (github.com/secure-systems-lab/dsse, protocol 1.0), with a version that only goes up; each bundle is bound
// to the one before it as the root role of The Update Framework is (TUF specification 1.0, section 5.3).
// The format is written down in docs/formats/trust-bundle.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/public_key.hpp"
#include "trust/denial.hpp"

namespace gridseal::trust {

inline constexpr std::string_view kTrustBundlePayloadType = "application/vnd.gridseal.trust-bundle.v1+json";
inline constexpr uint64_t kMaxTrustBundleBytes = uint64_t{4} << 20U;  // of an envelope
inline constexpr int64_t kMaxTrustBundleVersion = 1'000'000'000;

struct BundleKey {
  std::string name;  // unique in the bundle; what policies, roles and people call it
  crypto::PublicKey key;
};

struct BundleRole {
  std::vector<std::string> keys;  // names, sorted
  size_t threshold = 0;           // so many different ones of them must have signed
};

struct BundleDocument {
  std::string name;
  std::string text;
};

// What a bundle says.
struct TrustBundleContent {
  int64_t version = 0;
  base::Time created{};
  std::optional<base::Time> expires{};  // warns only
  std::vector<BundleKey> keys{};        // sorted by name
  BundleRole root{};                    // may change everything
  std::optional<BundleRole> deny{};     // may add denials, retirements and minimum releases, nothing else
  std::optional<BundleRole> endorse{};  // may add endorsements by keys that signed, nothing else
  std::vector<std::string> artifact_keys{};      // names of keys that trust policies may name; sorted
  std::vector<BundleDocument> sigstore_roots{};  // name, text of a trusted_root.json
  // Name "ca:STORE", "signingAuthority:STORE" or "tsa:STORE", text of PEM CERTIFICATE blocks.
  std::vector<BundleDocument> notation_stores{};
  DenialEntries denials{};
};

// The one text of a content that is accepted: compact JSON with sorted names.
std::string canonical_text(const TrustBundleContent& content);

struct BundleSignature {
  SignerId key;
  std::string signature;
};

// A well-formed bundle. Whether its signatures count is said by check_first and check_succession. Immutable;
// thread safe.
class TrustBundle {
 public:
  const TrustBundleContent& content() const { return content_; }
  int64_t version() const { return content_.version; }
  const base::Digest& fingerprint() const { return fingerprint_; }  // of the payload
  const std::string& payload() const { return payload_; }
  const std::string& envelope() const { return envelope_; }  // the bytes it was read from
  const std::vector<BundleSignature>& signatures() const { return signatures_; }
  const crypto::PublicKey* find_key(std::string_view name) const;

 private:
  friend base::Result<TrustBundle> parse_trust_bundle(std::string_view envelope);
  TrustBundle(TrustBundleContent content, const base::Digest& fingerprint)
      : content_(std::move(content)), fingerprint_(fingerprint) {}

  TrustBundleContent content_;
  base::Digest fingerprint_;
  std::string payload_;
  std::string envelope_;
  std::vector<BundleSignature> signatures_;
};

// Form and fields; no signature is looked at. Errors (refused): parse.json, parse.duplicate_key, parse.limit,
// parse.base64, trust.bundle_form (envelope, payload type, not the canonical text), trust.bundle_field.
base::Result<TrustBundle> parse_trust_bundle(std::string_view envelope);

// The content out of a payload, for the side that makes bundles. Errors: as above.
base::Result<TrustBundleContent> parse_trust_bundle_content(std::string_view payload);

// Names of the keys of `role`, as `judge` defines them, that signed `bundle`; keys that `denied` denies do
// not count. A signature that names a key of `judge` and is not good is an error (refused):
// trust.bundle_signature.
base::Result<std::set<std::string>> signers(const TrustBundle& judge, const BundleRole& role,
                                            const TrustBundle& bundle, const Denials& denied = {});

// A first bundle, pinned: the root threshold of its own. Errors (refused): trust.bundle_signature,
// trust.bundle_threshold (says how many of whom are missing).
base::Result<void> check_first(const TrustBundle& bundle);

// `next` may follow `current`: the root thresholds of both, or what changed is only what the deny or endorse
// role of `current` may change and the threshold of that role is reached.
// Errors (refused): trust.bundle_rollback (an older version), trust.bundle_fork (the same version, other
//   content), trust.bundle_time (created before the one it follows), trust.bundle_signature,
//   trust.bundle_threshold, trust.bundle_role (signed by a role that may not change what was changed);
// (pending): trust.bundle_gap (versions between the two are missing; names them).
// `denied`: what this host denies of its own; bundles that were accepted before are judged without it.
base::Result<void> check_succession(const TrustBundle& current, const TrustBundle& next,
                                    const Denials& denied = {});

}  // namespace gridseal::trust
