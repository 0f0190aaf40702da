#include "trust/policy.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxKeyFile = uint64_t{64} << 10U;
constexpr std::string_view kKeySuffix = ".pub";

// Who may change a pin may install anything, so nobody else must be able to.
Result<void> check_permissions(base::Files& files, const std::string& path, base::EntryKind kind) {
  const auto info = files.stat(path);
  if (!info) return info.error();
  const bool directory = kind == base::EntryKind::directory;
  if (info->kind != kind) {
    return Error::refused("trust.permissions",
                          path + " is not a " + (directory ? "directory" : "regular file") +
                              " (links are not followed); put the pinned keys themselves there");
  }
  if (info->owner != 0 && info->owner != ::geteuid())
    return Error::refused("trust.permissions", path + " belongs to another user; run: chown root " + path);
  if ((info->mode & 022U) != 0)
    return Error::refused("trust.permissions",
                          path + " can be changed by others than its owner; run: chmod go-w " + path);
  return {};
}

Result<PinnedKey> load_key(base::Files& files, const std::string& directory, const std::string& name) {
  const std::string path = directory + "/" + name;
  if (auto safe = check_permissions(files, path, base::EntryKind::file); !safe)
    return std::move(safe).error();
  const auto text = base::read_file(files, path, kMaxKeyFile);
  if (!text) return text.error();
  auto key = crypto::PublicKey::from_pem(*text);
  if (key) return PinnedKey{name, std::move(*key)};
  return Error::refused("trust.key_file", path + " is not a usable public key: " + key.error().describe() +
                                              " [" + key.error().code() + "]");
}

Result<void> check_duplicates(const std::vector<PinnedKey>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t k = i + 1; k < keys.size(); ++k) {
      const bool same_name = keys[i].name == keys[k].name;
      if (!same_name && !(keys[i].key == keys[k].key)) continue;
      return Error::refused("trust.key_duplicate", same_name ? "two pinned keys are called " + keys[i].name
                                                             : "the pinned keys " + keys[i].name + " and " +
                                                                   keys[k].name + " are the same key");
    }
  }
  return {};
}

void add(crypto::Sha256& hash, std::string_view kind, const Document& document) {
  hash.update(std::string(kind) + '\0' + document.name + '\0' + crypto::sha256(document.text).hex() + '\n');
}

base::Digest fingerprint_of(const TrustContent& content) {
  crypto::Sha256 hash;
  for (const PinnedKey& key : content.keys)
    hash.update("key" + ('\0' + key.name) + '\0' + key.key.key_id() + '\n');
  for (const Document& root : content.sigstore_roots) add(hash, "sigstore", root);
  if (content.notation_policy) add(hash, "notation", {"trustpolicy.json", *content.notation_policy});
  for (const Document& store : content.notation_stores) add(hash, "store", store);
  for (const Document& list : content.revocation_lists) add(hash, "crl", list);
  if (!content.denials.empty()) add(hash, "denials", {"", content.denials.canonical()});
  return hash.finish();
}

}  // namespace

struct TrustState::Parts {
  TrustContent content;
  base::Digest fingerprint;
};

Result<TrustState> TrustState::make(TrustContent content) {
  std::ranges::sort(content.keys, {}, &PinnedKey::name);
  std::ranges::sort(content.sigstore_roots, {}, &Document::name);
  if (auto distinct = check_duplicates(content.keys); !distinct) return std::move(distinct).error();
  const base::Digest fingerprint = fingerprint_of(content);
  return TrustState(std::make_shared<const Parts>(Parts{std::move(content), fingerprint}));
}

Result<TrustState> TrustState::from_keys(std::vector<PinnedKey> keys) {
  TrustContent content;
  content.keys = std::move(keys);
  return make(std::move(content));
}

const TrustContent& TrustState::content() const {
  return parts_->content;
}

const base::Digest& TrustState::fingerprint() const {
  return parts_->fingerprint;
}

const PinnedKey* TrustState::find_key(std::string_view name) const {
  const auto found = std::ranges::find(keys(), name, &PinnedKey::name);
  return found == keys().end() ? nullptr : &*found;
}

int64_t TrustState::generation() const {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = (value << 8U) | fingerprint().raw()[i];
  return static_cast<int64_t>(value >> 1U);
}

Result<TrustContent> read_trust(base::Files& files, const std::string& directory) {
  TrustContent content;
  const std::string keys_directory = directory + "/keys";
  const auto there = files.stat(keys_directory);
  if (!there && base::is_not_found(there.error())) return content;
  for (const std::string& path : {directory, keys_directory}) {
    if (auto safe = check_permissions(files, path, base::EntryKind::directory); !safe)
      return std::move(safe).error();
  }
  const auto entries = files.list(keys_directory);
  if (!entries) return entries.error();
  for (const base::Entry& entry : *entries) {
    if (!entry.name.ends_with(kKeySuffix)) continue;
    auto key = load_key(files, keys_directory, entry.name);
    if (!key) return std::move(key).error();
    content.keys.push_back(std::move(*key));
  }
  return content;
}

Result<TrustState> load_trust(base::Files& files, const std::string& directory) {
  auto content = read_trust(files, directory);
  if (!content) return std::move(content).error();
  return TrustState::make(std::move(*content));
}

Result<Policy> make_policy(const TrustState& state, const PolicySettings& settings) {
  if (settings.keys.empty()) {
    return Error::refused("trust.policy_empty", "trust policy " + settings.name +
                                                    " names no key, so nothing could ever satisfy it");
  }
  Policy policy;
  policy.name_ = settings.name;
  policy.annotations_ = settings.annotations;
  for (const std::string& name : settings.keys) {
    const PinnedKey* key = state.find_key(name);
    if (key == nullptr) {
      std::string pinned;
      for (const PinnedKey& known : state.keys()) pinned += (pinned.empty() ? "" : ", ") + known.name;
      return Error::refused("trust.key_unknown",
                            "trust policy " + settings.name + " names the key '" + base::printable(name, 80) +
                                "', which is not pinned; pinned are: " + (pinned.empty() ? "none" : pinned));
    }
    const bool again = std::ranges::find(policy.keys_, name, &PinnedKey::name) != policy.keys_.end();
    if (!again) policy.keys_.push_back(*key);
  }
  return policy;
}

}  // namespace gridseal::trust
