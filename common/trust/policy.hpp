// What is trusted on this host: the pinned keys, and the policies that say which of them an artifact needs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "config/settings.hpp"
#include "crypto/public_key.hpp"
#include "notation/trust_store.hpp"
#include "sigstore/identity_matcher.hpp"
#include "sigstore/trusted_root.hpp"
#include "sigstore/verified_signature.hpp"
#include "trust/condition.hpp"
#include "trust/denial.hpp"

namespace gridseal::trust {

using PinnedKey = sigstore::NamedKey;  // its name is the file's name, shown to people

struct Document {
  std::string name;
  std::string text;
};

// What is pinned, as it was read. Trust bundles add to it.
struct TrustContent {
  std::vector<PinnedKey> keys{};
  std::vector<Document> sigstore_roots{};        // name without ".json", text of a trusted_root.json
  std::optional<std::string> notation_policy{};  // text of a trustpolicy.json
  // Name "ca:STORE", "signingAuthority:STORE" or "tsa:STORE", PEM CERTIFICATE blocks or one DER certificate;
  // a store may come in several pieces.
  std::vector<Document> notation_stores{};
  std::vector<Document> revocation_lists{};  // file name, X509 CRL blocks or one DER list
  Denials denials{};
  int64_t bundle_version = 0;  // of the trust bundle in force, which evidence names; 0: none
};

struct SigstoreRoot {
  std::string name;
  sigstore::TrustedRoot root;
};

// Everything trusted at one moment. Immutable; thread safe; a copy is cheap.
class TrustState {
 public:
  // Errors (refused): trust.key_duplicate (keys of one name, or the same key under two names),
  //   trust.root_duplicate, trust.root_file (a trusted root that cannot be used; names it), notary.policy,
  //   notary.store.
  static base::Result<TrustState> make(TrustContent content);
  static base::Result<TrustState> from_keys(std::vector<PinnedKey> keys);

  const TrustContent& content() const;
  const std::vector<PinnedKey>& keys() const { return content().keys; }
  const PinnedKey* find_key(std::string_view name) const;
  const Denials& denials() const { return content().denials; }
  const std::vector<std::shared_ptr<const SigstoreRoot>>& sigstore_roots() const;
  std::shared_ptr<const SigstoreRoot> find_root(std::string_view name) const;  // nullptr when absent
  // Stores and revocation lists; without a trustpolicy.json the policies are none.
  const notation::Trust& notation() const;

  // Changes whenever anything trusted, denied, retired or endorsed changes: names and content.
  const base::Digest& fingerprint() const;
  // The same as a positive number, for a database column.
  int64_t generation() const;

 private:
  struct Parts;
  explicit TrustState(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// Reads what is pinned below `directory`:
//   keys/*.pub               each one PUBLIC KEY block
//   sigstore/*.json          trusted roots
//   notation/trustpolicy.json
//   notation/truststore/x509/{ca,signingAuthority,tsa}/<store>/*.{crt,pem,cer}
//   notation/crl/*.{crl,pem}
// Directories and files must belong to root or to the user of this process, must not be writable by group or
// others, and must not be links. What is absent is empty.
// Errors (refused): trust.permissions, trust.key_file (unreadable as a key; names the file),
// files.too_large; (blocked): those of Files.
base::Result<TrustContent> read_trust(base::Files& files, const std::string& directory);

// read_trust and TrustState::make.
base::Result<TrustState> load_trust(base::Files& files, const std::string& directory);

// A policy as the settings write it.
using PolicySettings = config::TrustPolicy;

// Any one of these keys.
struct KeyAuthority {
  std::vector<PinnedKey> keys;                 // never empty
  std::shared_ptr<const SigstoreRoot> root{};  // nullptr: no log and no timestamp is asked for or judged
  sigstore::KeyRules rules{};
};

// Any one of these identities, in a certificate of this root.
struct IdentityAuthority {
  std::shared_ptr<const SigstoreRoot> root;
  sigstore::IdentityMatcher identities;
  sigstore::CertificateRules rules{};
};

// The policy of trustpolicy.json that the repository selects must be this one.
struct NotationAuthority {
  std::string policy;
  std::string store{};  // "ca:acme"; empty: as the policy says
};

struct Authority {
  std::string name;  // "keys" of the short form
  std::variant<KeyAuthority, IdentityAuthority, NotationAuthority> rule;
};

// "keys ci.pub, release.pub", "identities under public", "notation policy acme".
std::string describe(const Authority& authority);

struct AttestationRule {
  std::string name;
  std::string type;                 // predicate type, a URI
  std::vector<size_t> authorities;  // indices in Policy::authorities, never empty
  std::vector<Condition> conditions;
};

// Only make_policy makes one, so it always asks for somebody's signature.
class Policy {
 public:
  const std::string& name() const { return settings_.name; }
  const std::vector<Authority>& authorities() const { return authorities_; }
  size_t threshold() const { return threshold_; }  // 1 to authorities().size()
  const std::vector<AttestationRule>& attestations() const { return attestations_; }
  // What the conditions of all attestations look at.
  const sigstore::StatementFields& statement_fields() const { return statement_fields_; }
  const std::map<std::string, std::string>& annotations() const { return settings_.annotations; }
  base::milliseconds max_age() const { return settings_.max_age; }  // 0: any
  const PolicySettings& settings() const { return settings_; }
  // What an operator should know: identity expressions that match more than it seems.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  friend class PolicyMaker;
  Policy() = default;

  PolicySettings settings_;
  std::vector<Authority> authorities_;
  size_t threshold_ = 1;
  std::vector<AttestationRule> attestations_;
  sigstore::StatementFields statement_fields_;
  std::vector<std::string> warnings_;
};

// Errors (refused): trust.policy_empty (no authority, no key, no identity: nothing could ever verify),
// trust.policy_authority (not exactly one kind, a kind's key with another, short form and authorities, a name
// twice), trust.policy_threshold (not said with several authorities, more than there are),
// trust.key_unknown and trust.root_unknown (name what is asked for and what is pinned),
// trust.notation_unknown, identity.none_configured, identity.pattern, trust.policy_attestation,
// trust.policy_condition.
base::Result<Policy> make_policy(const TrustState& state, const PolicySettings& settings);

// That enough authorities have a key left which is not denied: with fewer nothing could ever verify, and the
// policy must name others. Error (refused): trust.denied_key.
base::Result<void> check_not_denied(const Policy& policy, const Denials& denials);

// The URI of a predicate type that is written as one of cosign's short names; a URI is itself; empty:
// neither.
std::string predicate_type_uri(std::string_view name);

// `repository` is "registry/repository"; patterns are for all of it or for the part after the registry.
// A policy that is bound is not for what is not known. Errors (refused): policy.not_for_repository,
// policy.not_for_environment.
base::Result<void> check_binding(const Policy& policy, std::string_view repository,
                                 std::string_view environment);

// '*' is any text without '/', '**' any text.
bool matches_pattern(std::string_view pattern, std::string_view text);

// What the signed bytes of a component must say; what is empty or absent is not asked for.
struct Identity {
  std::string component{};
  // An artifact that names an environment must name this one; one that names none fits every environment,
  // unless it is required.
  std::optional<std::string> environment{};
  bool environment_required = false;
  std::map<std::string, std::string> annotations{};
};

}  // namespace gridseal::trust
