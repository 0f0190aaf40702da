#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "trust/policy.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

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

Result<std::vector<std::shared_ptr<const SigstoreRoot>>> parse_roots(const std::vector<Document>& documents) {
  std::vector<std::shared_ptr<const SigstoreRoot>> roots;
  for (const Document& document : documents) {
    if (!roots.empty() && roots.back()->name == document.name)
      return Error::refused("trust.root_duplicate", "two trusted roots are called " + document.name);
    auto root = sigstore::parse_trusted_root(document.text);
    if (!root) {
      return Error::refused("trust.root_file", "the trusted root " + document.name +
                                                   " cannot be used: " + root.error().describe() + " [" +
                                                   root.error().code() + "]");
    }
    roots.push_back(std::make_shared<const SigstoreRoot>(SigstoreRoot{document.name, std::move(*root)}));
  }
  return roots;
}

Result<notation::Trust> make_notation(const TrustContent& content) {
  notation::Trust trust;
  for (const Document& document : content.notation_stores) {
    const auto reference = notation::parse_store_reference(document.name);
    if (!reference)
      return Error::refused("notary.store", "'" + base::printable(document.name, 80) +
                                                "' names no trust store; write ca:NAME or tsa:NAME");
    if (auto added = trust.store.add_certificates(*reference, document.text, document.name); !added)
      return std::move(added).error();
  }
  for (const Document& document : content.revocation_lists) {
    if (auto added = trust.store.add_revocation_lists(document.text, document.name); !added)
      return std::move(added).error();
  }
  if (!content.notation_policy) return trust;
  auto policy = notation::TrustPolicyDocument::parse(*content.notation_policy);
  if (!policy) return std::move(policy).error();
  trust.policy = std::move(*policy);
  if (auto complete = notation::check_stores(trust.policy, trust.store); !complete)
    return std::move(complete).error();
  return trust;
}

}  // namespace

struct TrustState::Parts {
  TrustContent content;
  base::Digest fingerprint;
  std::vector<std::shared_ptr<const SigstoreRoot>> roots;
  notation::Trust notation;
};

Result<TrustState> TrustState::make(TrustContent content) {
  std::ranges::sort(content.keys, {}, &PinnedKey::name);
  std::ranges::sort(content.sigstore_roots, {}, &Document::name);
  if (auto distinct = check_duplicates(content.keys); !distinct) return std::move(distinct).error();
  auto roots = parse_roots(content.sigstore_roots);
  if (!roots) return std::move(roots).error();
  auto notation = make_notation(content);
  if (!notation) return std::move(notation).error();
  const base::Digest fingerprint = fingerprint_of(content);
  return TrustState(std::make_shared<const Parts>(
      Parts{std::move(content), fingerprint, std::move(*roots), std::move(*notation)}));
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

const std::vector<std::shared_ptr<const SigstoreRoot>>& TrustState::sigstore_roots() const {
  return parts_->roots;
}

const notation::Trust& TrustState::notation() const {
  return parts_->notation;
}

const PinnedKey* TrustState::find_key(std::string_view name) const {
  const auto found = std::ranges::find(keys(), name, &PinnedKey::name);
  return found == keys().end() ? nullptr : &*found;
}

std::shared_ptr<const SigstoreRoot> TrustState::find_root(std::string_view name) const {
  for (const auto& root : sigstore_roots()) {
    if (root->name == name) return root;
  }
  return nullptr;
}

int64_t TrustState::generation() const {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = (value << 8U) | fingerprint().raw()[i];
  return static_cast<int64_t>(value >> 1U);
}

}  // namespace gridseal::trust
