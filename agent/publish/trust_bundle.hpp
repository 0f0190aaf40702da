// Trust bundles on the publishing side: a file that is drafted, signed by one person after the other, and
// pushed. A change to a signed file begins the next version and drops its signatures.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "crypto/private_key.hpp"
#include "oci/push.hpp"
#include "trust/trust_bundle_sign.hpp"

namespace gridseal::publish {

// What a key may do: "root", "deny", "endorse", "artifact".
using Roles = std::set<std::string>;

// Errors of the editing functions (refused): bundle.name (no such key, or one of that name already),
// bundle.role (no such role), bundle.value (a field that no bundle may carry; says which).
class TrustBundleFile {
 public:
  // The first bundle: these people are root, `threshold` of them must sign.
  static base::Result<TrustBundleFile> first(const std::map<std::string, crypto::PublicKey>& root,
                                             size_t threshold, int64_t version, base::Time now);
  // Errors: those of Files and parse_trust_bundle.
  static base::Result<TrustBundleFile> read(base::Files& files, const std::string& path);

  const trust::TrustBundleContent& content() const { return content_; }
  bool is_draft() const { return signatures_.empty(); }
  std::string envelope() const;

  // Before any change: a signed bundle becomes the draft of the next version, created `now`.
  void begin_change(base::Time now);

  base::Result<void> add_key(const std::string& name, const crypto::PublicKey& key, const Roles& roles);
  // Out of all roles; the key itself stays known while something names it.
  base::Result<void> remove_key(const std::string& name);
  base::Result<void> set_threshold(const std::string& role, size_t threshold);
  // The text of a trusted_root.json; of PEM certificates. One of that name is replaced.
  base::Result<void> add_sigstore_root(const std::string& name, const std::string& text);
  base::Result<void> add_notation_store(const std::string& name, const std::string& pem);
  void set_expiry(std::optional<base::Time> expires) { content_.expires = expires; }
  // Denied, retired and endorsed things and minimum releases are added to what is there.
  void add(const trust::DenialEntries& entries);

  // "sha256:<hex>" or the name of a key in the bundle. Error: bundle.name.
  base::Result<trust::SignerId> key_id(const std::string& text) const;

  // Adds a signature (again by the same key: replaces it). Returns the key's name in this bundle; empty when
  // it is none of it, as when a root of the version before signs. Errors: bundle.value, those of
  // PrivateKey::sign.
  base::Result<std::string> sign(const crypto::PrivateKey& key);

  // The draft, or the signed bundle, would be read by a host. Errors: those of parse_trust_bundle_content.
  base::Result<void> check() const;
  base::Result<void> write(base::Files& files, const std::string& path) const;

 private:
  TrustBundleFile() = default;
  base::Result<trust::BundleRole*> role(const std::string& name);

  trust::TrustBundleContent content_;
  std::vector<trust::BundleSignature> signatures_;
};

// As an OCI artifact (artifactType = layer = application/vnd.gridseal.trust-bundle.v1+json) under the tags
// v<N> and, last, "latest". `previous` is what "latest" holds now: a bundle that may not follow it is not
// pushed. Returns the manifest's digest. Errors: those of check_first and check_succession, of Publisher.
base::Result<base::Digest> push_trust_bundle(oci::Publisher& publisher, const oci::Repository& repository,
                                             const trust::TrustBundle& bundle,
                                             const std::optional<trust::TrustBundle>& previous,
                                             const std::stop_token& stop);

}  // namespace gridseal::publish
