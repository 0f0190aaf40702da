// What is trusted on this host: the pinned keys, and the policies that say which of them an artifact needs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "config/settings.hpp"
#include "crypto/public_key.hpp"
#include "trust/denial.hpp"

namespace gridseal::trust {

struct PinnedKey {
  std::string name;  // the file's name, shown to people
  crypto::PublicKey key;
};

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

// A policy with its keys. Only make_policy makes one, so it never has an empty key list.
class Policy {
 public:
  const std::string& name() const { return name_; }
  const std::vector<PinnedKey>& keys() const { return keys_; }
  const std::map<std::string, std::string>& annotations() const { return annotations_; }

 private:
  friend base::Result<Policy> make_policy(const TrustState& state, const PolicySettings& settings);
  Policy() = default;

  std::string name_;
  std::vector<PinnedKey> keys_;
  std::map<std::string, std::string> annotations_;
};

// Errors (refused): trust.policy_empty (no key: nothing could ever verify), trust.key_unknown (names the key
// and those that are pinned).
base::Result<Policy> make_policy(const TrustState& state, const PolicySettings& settings);

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
