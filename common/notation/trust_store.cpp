#include "notation/trust_store.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "crypto/pem.hpp"

namespace gridseal::notation {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxPolicyFile = uint64_t{64} << 10U;
constexpr uint64_t kMaxCertificateFile = uint64_t{1} << 20U;
constexpr uint64_t kMaxListFile = uint64_t{32} << 20U;
constexpr size_t kMaxPerStore = 64;
constexpr size_t kMaxLists = 64;

Error store_error(std::string_view origin, const std::string& what) {
  return Error::refused("notary.store", std::string(origin) + " " + what);
}

std::string because(const Error& error) {
  return error.describe() + " [" + error.code() + "]";
}

// The DER of a file that holds either that or PEM blocks of `label`.
Result<std::vector<std::string>> der_of(std::string_view bytes, std::string_view label,
                                        std::string_view origin, size_t max) {
  if (bytes.starts_with('\x30')) return std::vector<std::string>{std::string(bytes)};
  auto blocks = crypto::parse_pem(bytes, max);
  if (!blocks) return store_error(origin, "is neither DER nor PEM: " + because(blocks.error()));
  std::vector<std::string> all;
  for (crypto::PemBlock& block : *blocks) {
    if (block.label != label)
      return store_error(origin, "holds a PEM block that is no " + std::string(label));
    all.push_back(std::move(block.bytes));
  }
  return all;
}

// trust-store-trust-policy.md, "Trust Store": roots; a certificate that could not end any chain is a mistake.
Result<void> check_anchor(const crypto::Certificate& certificate, StoreType type, std::string_view origin) {
  const auto self_signed = certificate.check_signed_by(certificate);
  if (type == StoreType::tsa) {
    if (certificate.is_ca() && self_signed) return {};
    return store_error(origin, "is not a self-signed CA certificate, as a timestamping root must be");
  }
  if (certificate.is_ca() || self_signed) return {};
  return store_error(origin, "is neither a CA certificate nor a self-signed signing certificate");
}

// Who may change a pin may install anything, so nobody else must be able to.
Result<void> check_permissions(base::Files& files, const std::string& path, base::EntryKind kind) {
  const auto info = files.stat(path);
  if (!info) return info.error();
  if (info->kind != kind) {
    return Error::refused("trust.permissions",
                          path + " is not a " +
                              (kind == base::EntryKind::directory ? "directory" : "regular file") +
                              " (links are not followed)");
  }
  if (info->owner != 0 && info->owner != ::geteuid())
    return Error::refused("trust.permissions", path + " belongs to another user; run: chown root " + path);
  if ((info->mode & 022U) != 0)
    return Error::refused("trust.permissions",
                          path + " can be changed by others than its owner; run: chmod go-w " + path);
  return {};
}

Result<std::string> read_pinned(base::Files& files, const std::string& path, uint64_t limit) {
  if (auto safe = check_permissions(files, path, base::EntryKind::file); !safe)
    return std::move(safe).error();
  return base::read_file(files, path, limit);
}

bool has_suffix(const std::string& name, const std::vector<std::string_view>& suffixes) {
  return std::ranges::any_of(suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

// Calls `take(bytes, path)` for every file of the directory with one of the suffixes; subdirectories are
// passed over, as the specification says.
template <class Take>
Result<void> for_each_file(base::Files& files, const std::string& directory,
                           const std::vector<std::string_view>& suffixes, uint64_t limit, Take take) {
  if (auto safe = check_permissions(files, directory, base::EntryKind::directory); !safe) return safe;
  const auto entries = files.list(directory);
  if (!entries) return entries.error();
  for (const base::Entry& entry : *entries) {
    if (entry.kind == base::EntryKind::directory || !has_suffix(entry.name, suffixes)) continue;
    const std::string path = directory + "/" + entry.name;
    const auto bytes = read_pinned(files, path, limit);
    if (!bytes) return bytes.error();
    if (auto taken = take(*bytes, path); !taken) return taken;
  }
  return {};
}

Result<void> load_store(base::Files& files, const std::string& root, const StoreReference& reference,
                        TrustStore& store) {
  const std::string types = root + "/" + std::string(to_string(reference.type));
  const std::string directory = types + "/" + reference.name;
  const auto there = files.stat(directory);
  if (!there && base::is_not_found(there.error())) {
    return store_error("the trust store " + to_string(reference),
                       "that the trust policy names is not there; put its certificates below " + directory);
  }
  if (auto safe = check_permissions(files, types, base::EntryKind::directory); !safe) return safe;
  return for_each_file(files, directory, {".crt", ".pem", ".cer"}, kMaxCertificateFile,
                       [&](const std::string& bytes, const std::string& path) {
                         return store.add_certificates(reference, bytes, path);
                       });
}

Result<void> load_stores(base::Files& files, const std::string& directory, Trust& trust) {
  const std::string outer = directory + "/truststore";
  const std::string root = outer + "/x509";
  for (const std::string& path : {outer, root}) {
    const auto there = files.stat(path);
    if (!there && base::is_not_found(there.error())) break;  // reported with the store that is missing
    if (auto safe = check_permissions(files, path, base::EntryKind::directory); !safe) return safe;
  }
  for (const TrustPolicy& policy : trust.policy.policies()) {
    for (const StoreReference& reference : policy.stores) {
      if (trust.store.find(reference) != nullptr) continue;
      if (auto loaded = load_store(files, root, reference, trust.store); !loaded) return loaded;
    }
  }
  return check_stores(trust.policy, trust.store);
}

Result<void> load_lists(base::Files& files, const std::string& directory, TrustStore& store) {
  const auto there = files.stat(directory);
  if (!there && base::is_not_found(there.error())) return {};
  return for_each_file(files, directory, {".crl", ".pem"}, kMaxListFile,
                       [&](const std::string& bytes, const std::string& path) {
                         return store.add_revocation_lists(bytes, path);
                       });
}

}  // namespace

Result<void> TrustStore::add_certificates(const StoreReference& store, std::string_view bytes,
                                          std::string_view origin) {
  const auto all = der_of(bytes, "CERTIFICATE", origin, kMaxPerStore);
  if (!all) return all.error();
  auto named = std::ranges::find(stores_, store, &NamedStore::reference);
  std::vector<crypto::Certificate> certificates;
  for (const std::string& der : *all) {
    auto certificate = crypto::Certificate::from_der(der);
    if (!certificate)
      return store_error(origin, "is not a usable certificate: " + because(certificate.error()));
    if (auto fit = check_anchor(*certificate, store.type, origin); !fit) return fit;
    certificates.push_back(std::move(*certificate));
  }
  if (named == stores_.end()) named = stores_.insert(stores_.end(), NamedStore{store, {}});
  if (named->certificates.size() + certificates.size() > kMaxPerStore)
    return store_error(to_string(store), "has more than " + std::to_string(kMaxPerStore) + " certificates");
  std::ranges::move(certificates, std::back_inserter(named->certificates));
  return {};
}

Result<void> TrustStore::add_revocation_lists(std::string_view bytes, std::string_view origin) {
  const auto all = der_of(bytes, "X509 CRL", origin, kMaxLists);
  if (!all) return all.error();
  std::vector<crypto::RevocationList> lists;
  for (const std::string& der : *all) {
    auto list = crypto::RevocationList::from_der(der);
    if (!list) return store_error(origin, "is not a usable revocation list: " + because(list.error()));
    lists.push_back(std::move(*list));
  }
  if (revocation_lists_.size() + lists.size() > kMaxLists)
    return store_error(origin, "is one revocation list too many; the limit is " + std::to_string(kMaxLists));
  std::ranges::move(lists, std::back_inserter(revocation_lists_));
  return {};
}

const std::vector<crypto::Certificate>* TrustStore::find(const StoreReference& store) const {
  const auto found = std::ranges::find(stores_, store, &NamedStore::reference);
  return found == stores_.end() ? nullptr : &found->certificates;
}

Result<void> check_stores(const TrustPolicyDocument& policy, const TrustStore& store) {
  for (const TrustPolicy& one : policy.policies()) {
    for (const StoreReference& reference : one.stores) {
      if (store.find(reference) == nullptr)
        return store_error("the trust store " + to_string(reference),
                           "that the trust policy names holds no certificate");
    }
  }
  return {};
}

Result<Trust> load_trust(base::Files& files, const std::string& directory) {
  if (auto safe = check_permissions(files, directory, base::EntryKind::directory); !safe)
    return std::move(safe).error();
  const auto text = read_pinned(files, directory + "/trustpolicy.json", kMaxPolicyFile);
  if (!text) return text.error();
  auto policy = TrustPolicyDocument::parse(*text);
  if (!policy) return std::move(policy).error();
  Trust trust{std::move(*policy), {}};
  if (auto loaded = load_stores(files, directory, trust); !loaded) return std::move(loaded).error();
  if (auto loaded = load_lists(files, directory + "/crl", trust.store); !loaded)
    return std::move(loaded).error();
  return trust;
}

}  // namespace gridseal::notation
