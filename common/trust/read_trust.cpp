// What is pinned, out of its directory.
#include <algorithm>

#include "trust/pinned_file.hpp"
#include "trust/policy.hpp"

namespace gridseal::trust {
namespace {

using base::Error;
using base::Result;

constexpr uint64_t kMaxKeyFile = uint64_t{64} << 10U;
constexpr uint64_t kMaxDocument = uint64_t{4} << 20U;
constexpr uint64_t kMaxRevocationList = uint64_t{16} << 20U;
constexpr size_t kMaxDocuments = 1000;

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
      if (auto safe = check_pinned(files_, folder, base::EntryKind::directory); !safe)
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

  // All files of one folder with these endings.
  Result<std::vector<Document>> documents(const std::string& path, std::vector<std::string_view> suffixes,
                                          uint64_t limit) {
    const auto list = names(path, std::move(suffixes));
    if (!list) return list.error();
    std::vector<Document> found;
    for (const std::string& name : *list) {
      auto read = read_pinned_file(files_, path + "/" + name, limit);
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
        for (Document& file : *files) {
          if (auto usable = check_store(type, store, path + "/" + store + "/" + file.name, file.text);
              !usable)
            return usable;
          content_.notation_stores.push_back({std::string(type) + ":" + store, std::move(file.text)});
        }
      }
    }
    return {};
  }

  // Later only the store's name is known, not the file's.
  static Result<void> check_store(const char* type, const std::string& store, const std::string& path,
                                  const std::string& text) {
    const auto reference = notation::parse_store_reference(std::string(type) + ":" + store);
    if (!reference)
      return Error::refused("notary.store", path + ": its folder's name cannot be that of a trust store");
    return notation::TrustStore().add_certificates(*reference, text, path);
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

Result<TrustContent> read_trust(base::Files& files, const std::string& directory) {
  return TrustReader(files, directory).run();
}

Result<TrustState> load_trust(base::Files& files, const std::string& directory) {
  auto content = read_trust(files, directory);
  if (!content) return std::move(content).error();
  return TrustState::make(std::move(*content));
}

}  // namespace gridseal::trust
