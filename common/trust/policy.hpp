// What is trusted on this host: the pinned keys, and the policies that say which of them an artifact needs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "crypto/public_key.hpp"

namespace gridseal::trust {

struct PinnedKey {
  std::string name;  // the file's name, shown to people
  crypto::PublicKey key;
};

// Everything pinned, as read at one moment. Immutable; thread safe.
class TrustState {
 public:
  // Keys of one name, or the same key under two names, are an error (refused): trust.key_duplicate.
  static base::Result<TrustState> from_keys(std::vector<PinnedKey> keys);

  const std::vector<PinnedKey>& keys() const { return keys_; }
  const PinnedKey* find_key(std::string_view name) const;

  // Changes whenever anything pinned changes: names and content.
  const base::Digest& fingerprint() const { return fingerprint_; }
  // The same as a positive number, for a database column.
  int64_t generation() const;

 private:
  TrustState(std::vector<PinnedKey> keys, const base::Digest& fingerprint)
      : keys_(std::move(keys)), fingerprint_(fingerprint) {}

  std::vector<PinnedKey> keys_;
  base::Digest fingerprint_;
};

// Reads <directory>/keys/*.pub, each one PUBLIC KEY block. Directory and files must belong to root or to the
// user of this process, must not be writable by group or others, and must not be links.
// Errors (refused): trust.permissions, trust.key_file (unreadable as a key; names the file),
// trust.key_duplicate, files.too_large; (blocked): those of Files. A missing keys directory is an empty
// state.
base::Result<TrustState> load_trust(base::Files& files, const std::string& directory);

// A policy as the settings write it.
struct PolicySettings {
  std::string name;
  std::vector<std::string> keys;                   // names in TrustState; one good signature by any suffices
  std::map<std::string, std::string> annotations;  // that the signature must carry, equal
};

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
