#include <unistd.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "trust/policy.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxKeyFile = uint64_t{64} << 10U;
constexpr uint64_t kMaxDocument = uint64_t{4} << 20U;
constexpr uint64_t kMaxRevocationList = uint64_t{16} << 20U;
constexpr size_t kMaxDocuments = 1000;

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

// "ca:acme".
std::optional<notation::StoreReference> store_reference(const std::string& text) {
  for (const auto type :
       {notation::StoreType::ca, notation::StoreType::signing_authority, notation::StoreType::tsa}) {
    const std::string prefix = std::string(notation::to_string(type)) + ":";
    if (text.starts_with(prefix) && text.size() > prefix.size())
      return notation::StoreReference{type, text.substr(prefix.size())};
  }
  return std::nullopt;
}

Result<notation::Trust> make_notation(const TrustContent& content) {
  notation::Trust trust;
  for (const Document& document : content.notation_stores) {
    const auto reference = store_reference(document.name);
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

// Reads the pinned files; what is absent is empty.
class TrustReader {
 public:
  TrustReader(base::Files& files, const std::string& directory) : files_(files), directory_(directory) {}

  Result<TrustContent> run() {
    for (const auto& step : {&TrustReader::keys, &TrustReader::roots, &TrustReader::notation_policy,
                             &TrustReader::stores, &TrustReader::lists, &TrustReader::policies}) {
      if (auto done = (this->*step)(); !done) return std::move(done).error();
    }
    return std::move(content_);
  }

 private:
  // Names below `path` that end with one of `suffixes`; empty when there is no such directory. Directories
  // when `suffixes` is empty.
  Result<std::vector<std::string>> names(const std::string& path, std::vector<std::string_view> suffixes) {
    std::vector<std::string> found;
    const auto there = files_.stat(path);
    if (!there && base::is_not_found(there.error())) return found;
    for (const std::string& folder : {directory_, path}) {
      if (auto safe = check_permissions(files_, folder, base::EntryKind::directory); !safe)
        return std::move(safe).error();
    }
    const auto entries = files_.list(path);
    if (!entries) return entries.error();
    for (const base::Entry& entry : *entries) {
      const bool wanted =
          suffixes.empty() ? entry.kind == base::EntryKind::directory
                           : std::ranges::any_of(suffixes, [&](auto s) { return entry.name.ends_with(s); });
      if (wanted) found.push_back(entry.name);
    }
    if (found.size() > kMaxDocuments)
      return Error::refused("files.too_large", path + " holds more than 1000 files");
    return found;
  }

  Result<std::string> text(const std::string& path, uint64_t limit) {
    if (auto safe = check_permissions(files_, path, base::EntryKind::file); !safe)
      return std::move(safe).error();
    return base::read_file(files_, path, limit);
  }

  // All files of one folder with these endings.
  Result<std::vector<Document>> documents(const std::string& path, std::vector<std::string_view> suffixes,
                                          uint64_t limit) {
    const auto list = names(path, std::move(suffixes));
    if (!list) return list.error();
    std::vector<Document> found;
    for (const std::string& name : *list) {
      auto read = text(path + "/" + name, limit);
      if (!read) return std::move(read).error();
      found.push_back({name, std::move(*read)});
    }
    return found;
  }

  Result<void> keys() {
    const auto files = documents(directory_ + "/keys", {".pub"}, kMaxKeyFile);
    if (!files) return files.error();
    for (const Document& file : *files) {
      auto key = crypto::PublicKey::from_pem(file.text);
      if (!key) {
        return Error::refused("trust.key_file", directory_ + "/keys/" + file.name +
                                                    " is not a usable public key: " + key.error().describe() +
                                                    " [" + key.error().code() + "]");
      }
      content_.keys.push_back({file.name, std::move(*key)});
    }
    return {};
  }

  Result<void> roots() {
    auto files = documents(directory_ + "/sigstore", {".json"}, kMaxDocument);
    if (!files) return std::move(files).error();
    for (Document& file : *files)
      content_.sigstore_roots.push_back({file.name.substr(0, file.name.size() - 5), std::move(file.text)});
    return {};
  }

  Result<void> notation_policy() {
    auto files = documents(directory_ + "/notation", {"trustpolicy.json"}, kMaxKeyFile);
    if (!files) return std::move(files).error();
    for (Document& file : *files) {
      if (file.name == "trustpolicy.json") content_.notation_policy = std::move(file.text);
    }
    return {};
  }

  Result<void> stores() {
    for (const char* parent : {"/notation/truststore", "/notation/truststore/x509"}) {
      if (auto safe = names(directory_ + parent, {}); !safe) return std::move(safe).error();
    }
    for (const char* type : {"ca", "signingAuthority", "tsa"}) {
      const std::string path = directory_ + "/notation/truststore/x509/" + type;
      const auto stores = names(path, {});
      if (!stores) return stores.error();
      for (const std::string& store : *stores) {
        auto files = documents(path + "/" + store, {".crt", ".pem", ".cer"}, kMaxDocument);
        if (!files) return std::move(files).error();
        for (Document& file : *files)
          content_.notation_stores.push_back({std::string(type) + ":" + store, std::move(file.text)});
      }
    }
    return {};
  }

  Result<void> lists() {
    auto files = documents(directory_ + "/notation/crl", {".crl", ".pem"}, kMaxRevocationList);
    if (!files) return std::move(files).error();
    content_.revocation_lists = std::move(*files);
    return {};
  }

  // Read as settings; who may change them may say who counts.
  Result<void> policies() {
    auto files = documents(directory_ + "/policies", {".toml"}, kMaxDocument);
    if (!files) return std::move(files).error();
    return {};
  }

  base::Files& files_;
  std::string directory_;
  TrustContent content_;
};

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

Result<TrustContent> read_trust(base::Files& files, const std::string& directory) {
  return TrustReader(files, directory).run();
}

Result<TrustState> load_trust(base::Files& files, const std::string& directory) {
  auto content = read_trust(files, directory);
  if (!content) return std::move(content).error();
  return TrustState::make(std::move(*content));
}

}  // namespace gridseal::trust
